"""An export as parquet: every column under its own type, the publication and the meanings in the file itself.

pyarrow is imported where it is used: no other command pays for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from operations.console import CommandError
from operations.export_files import told_columns, told_source
from warehouse.mart_views import Column

if TYPE_CHECKING:
    import pyarrow

GROUP_ROWS = 50_000  # rows that are held at once; a row group of the file
NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")


def parquet_schema(columns: Sequence[Column], source: Mapping[str, Any]) -> pyarrow.Schema:
    """The columns under Arrow's types, nullable, each with its meaning; what is said of the file in the schema's metadata.

    numeric(p,s) is decimal128(p,s), timestamptz a timestamp in UTC, uuid text. Raises CommandError for a type that has no equal.
    The metadata is text, or JSON where it has parts; ``columns`` repeats the meanings for readers that do not see those of a field.
    """
    import pyarrow as pa

    told = told_source(source) | {"columns": told_columns(columns)}
    metadata = {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for name, value in told.items()}
    fields = [pa.field(c.name, _arrow_type(c), metadata={"type": c.data_type, "meaning": c.comment or ""}) for c in columns]
    return pa.schema(fields, metadata=metadata)


def _arrow_type(column: Column) -> pyarrow.DataType:
    import pyarrow as pa

    if found := NUMERIC.fullmatch(column.data_type):
        return pa.decimal128(int(found[1]), int(found[2]))
    same = {
        "text": pa.string(),
        "uuid": pa.string(),
        "boolean": pa.bool_(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "date": pa.date32(),
        "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    }
    if column.data_type not in same:
        raise CommandError(
            f"Cột '{column.name}' có kiểu {column.data_type} mà parquet không giữ nguyên được: hãy xuất csv · "
            f"Column '{column.name}' is {column.data_type}, which parquet cannot keep: export csv."
        )
    return same[column.data_type]


def write_parquet(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]], source: Mapping[str, Any]) -> int:
    """Write the rows group by group; text that starts like a formula stays as it is. Returns the rows."""
    import pyarrow as pa
    from pyarrow import parquet

    schema, waiting, count = parquet_schema(columns, source), iter(rows), 0
    with path.open("wb") as file, parquet.ParquetWriter(file, schema) as writer:  # opened here: its errors are the system's own
        while group := list(islice(waiting, GROUP_ROWS)):
            values = [[str(v) if isinstance(v, UUID) else v for v in column] for column in zip(*group, strict=True)]
            arrays = [pa.array(value, field.type) for value, field in zip(values, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count
