"""Content hashes of build tables: the same rows give the same hash, whatever the order in which they were written.

Columns go by name; moments (timestamptz) and publication_id are left out, because they say when a figure was made and
not what it is. Marts hold no float, so the text of a value is exact.
"""

from __future__ import annotations

from psycopg import sql

from warehouse.database import Connection

LEFT_OUT = ("publication_id",)


def content_hash(conn: Connection, schema: str, table: str) -> str:
    """SHA-256 over the names of the columns and the hash of each row, in the order of these hashes."""
    columns = [
        row[0]
        for row in conn.execute(
            """
            select attname::text
            from pg_attribute
            where attrelid = format('%%I.%%I', %s::text, %s::text)::regclass and attnum > 0 and not attisdropped
                and atttypid <> 'timestamptz'::regtype and attname <> all(%s)
            order by attname::text collate "C"
            """,
            (schema, table, list(LEFT_OUT)),
        )
    ]
    # A row's text tells null from empty, and quotes what would end a value.
    statement = sql.SQL(
        """
        select encode(sha256(convert_to({}, 'UTF8') || coalesce(string_agg(row_hash, ''::bytea order by row_hash), ''::bytea)), 'hex')
        from (select sha256(convert_to(row({})::text, 'UTF8')) as row_hash from {}.{} as t) as r
        """
    ).format(
        sql.Literal(",".join(columns)),
        sql.SQL(", ").join(sql.Identifier("t", name) for name in columns),
        sql.Identifier(schema),
        sql.Identifier(table),
    )
    conn.execute("set local datestyle = 'ISO, YMD'")
    row = conn.execute(statement).fetchone()
    assert row is not None
    return str(row[0])


def schema_hashes(conn: Connection, schema: str) -> dict[str, str]:
    """Content hash of every table of a schema, by its name."""
    tables = conn.execute("select tablename::text from pg_tables where schemaname = %s order by tablename", (schema,)).fetchall()
    return {row[0]: content_hash(conn, schema, row[0]) for row in tables}
