"""The closing screen of `make demo`: one figure of 2022 as known at two moments, why it changed, and a commune's series on three maps."""

from __future__ import annotations

from psycopg import sql
from rich.box import SIMPLE_HEAD

from operations.asof import rebuild, sentences
from operations.console import out
from operations.demo_tables import shown, table_of, words
from warehouse.clock import LOCAL
from warehouse.database import Connection, connect
from warehouse.settings import Settings

YEAR = "2022"
"""The year that the late correction speaks of."""


def show_two_moments(settings: Settings, commune_code: str) -> None:
    """The figure before and after the correction of ``commune_code``: the marts are built again as known at the publication before it."""
    with connect(settings) as conn:
        before, after = _publications(conn)
    with out.status(words()["headings"]["twice"]):
        built = rebuild(publication=before, settings=settings)
    with connect(settings) as conn:
        _show_twice(conn, built.moment.schema, commune_code, (before, after))
        for sentence in sentences(built)[-1:]:
            out.print(sentence, soft_wrap=True, markup=False)
        _show_restated(conn, commune_code)
        _show_maps(conn)


def _publications(conn: Connection) -> tuple[int, int]:
    """The last publication that showed the old figure of Long An, and the newest one."""
    row = conn.execute(
        """
        select max(previous_publication_id), (select max(p.publication_id) from audit.publication as p)
        from audit.restatement
        where mart = 'fct_poverty' and key @> array['long_an', 'at_time', %s] and column_name = 'poor_households'
        """,
        (YEAR,),
    ).fetchone()
    assert row is not None and row[0] is not None, "the late correction restated no figure"
    return row[0], row[1]


def _show_twice(conn: Connection, schema: str, commune_code: str, publications: tuple[int, int]) -> None:
    table = table_of("twice", left=(0,), title=words()["headings"]["twice"], box=SIMPLE_HEAD)
    for column, publication in zip(table.columns[2:], publications, strict=True):
        row = conn.execute("select knowledge_at from audit.publication where publication_id = %s", (publication,)).fetchone()
        assert row is not None
        column.header = f"{column.header}\n{row[0].astimezone(LOCAL):%d/%m/%Y}"
    published = conn.execute(
        "select poor_households from reference.published_figure where area = 'Long An' and period_end = make_date(%s, 12, 31)", (int(YEAR),)
    ).fetchone()
    query = sql.SQL(
        """
        select n.area_name, n.area_level, o.poor_households, n.poor_households
        from marts.fct_poverty as n
        inner join {}.fct_poverty as o using (area_key, boundary, period_key)
        where n.boundary = 'at_time' and n.period_key = %s and (n.area_level = 'long_an' or n.area_code = %s)
        order by n.area_level desc
        """
    ).format(sql.Identifier(f"{schema}_marts"))
    for name, level, *figures in conn.execute(query, (YEAR, commune_code)):
        official = published[0] if published and level == "long_an" else None
        table.add_row(name, shown(official), *map(shown, figures))
    out.print(table)


def _show_restated(conn: Connection, commune_code: str) -> None:
    """The rows of the log of restatements that the correction made, of Long An and of the commune, on the map of the time."""
    table = table_of("restated", left=(0, 4), title=words()["headings"]["restated"], box=SIMPLE_HEAD)
    rows = conn.execute(
        """
        select r.key, r.column_name, r.old_value, r.new_value, r.previous_publication_id, r.publication_id, r.cause, s.version
        from audit.restatement as r
        left join audit.submission as s using (submission_id)
        where r.mart = 'fct_poverty' and r.key @> array['at_time', %s] and r.column_name in ('poor_households', 'poor_rate_pct')
            and (r.key @> array['long_an'] or r.key[1] like %s)
            and r.publication_id = (
                select max(x.publication_id) from audit.restatement as x
                where x.mart = 'fct_poverty' and x.key @> array['long_an', 'at_time', %s] and x.column_name = 'poor_households'
            )
        order by r.key, r.column_name
        """,
        (YEAR, f"{commune_code}@%", YEAR),
    )
    for key, column, old, new, before, after, cause, version in rows:
        table.add_row(f"{key[0]} {column}", old, new, f"{before} → {after}", f"{cause} v{version}" if version else cause)
    out.print(table)


def _show_maps(conn: Connection) -> None:
    """Poor households by year, a line an area of a map: the chosen codes, and the groups that they stand in."""
    rows = conn.execute(
        """
        with chosen as (
            select area_key, boundary, group_key from marts.fct_poverty
            where area_level = 'commune' and period_type = 'year' and area_code = any(%s)
        )

        select f.boundary, concat_ws(' ', f.area_key, case when f.area_level = 'commune' then f.area_name end),
            f.period_key, f.poor_households
        from marts.fct_poverty as f
        where f.period_type = 'year' and f.boundary = any(%s) and exists (
            select 1 from chosen as c where c.boundary = f.boundary and f.area_key in (c.area_key, c.group_key)
        )
        order by array_position(%s, f.boundary), f.area_level, f.area_key, f.period_key
        """,
        (words()["maps"], [*words()["boundaries"]], [*words()["boundaries"]]),
    ).fetchall()
    years = sorted({row[2] for row in rows})
    table = table_of("maps", left=(0, 1), title=words()["headings"]["maps"], box=SIMPLE_HEAD, padding=(0, 1))
    for year in years:
        table.add_column(year, justify="right")
    figures: dict[tuple[str, str], dict[str, str]] = {}
    for boundary, area, year, poor in rows:
        figures.setdefault((words()["boundaries"][boundary], area), {})[year] = shown(poor)
    for (boundary, area), found in figures.items():
        table.add_row(boundary, area, *(found.get(year, "") for year in years))
    out.print(table)
