"""The blank workbook that a commune fills in, made from the form's contract.

What stands on it is what the reader looks for: sheet titles, labels, two-line headers, the numbering row. Codes and IDs are
text, so that Excel keeps their zeros. The same inputs give the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from ingestion.contracts import Form
from ingestion.periods import parse_key
from ingestion.template_sheets import Place, write_cover, write_guide, write_table
from ingestion.template_styles import Styles, texts
from warehouse.database import Connection, connect
from warehouse.reference_data import REFERENCE_DIR, current, read_table
from warehouse.reference_models import Unit
from warehouse.settings import Settings


class TemplateError(ValueError):
    """The workbook cannot be made: an unknown commune, period or version. The message says which."""


@cache
def _repository_units() -> tuple[Unit, ...]:
    return tuple(row for row in read_table("unit", REFERENCE_DIR).rows if isinstance(row, Unit))


def _units(conn: Connection | None) -> tuple[Unit, ...]:
    """Units of the reference load in force, or the repository's where there is no database."""
    if conn is None:
        return _repository_units()
    names = list(Unit.model_fields)
    return tuple(Unit.model_construct(**dict(zip(names, row, strict=True))) for row in current(conn, "unit", ", ".join(names)))


def find_place(units: tuple[Unit, ...], commune_code: str, period_key: str) -> Place:
    """Names in force at the period's end. Raises TemplateError for a commune that was not in force then."""
    period = parse_key(period_key)
    if period is None:
        raise TemplateError(f"'{period_key}' is not a period: write 2023, 2023-H1, 2023-Q3 or 2023-11.")
    end = period.end

    def in_force(level: str, code: str | None) -> Unit | None:
        found = [
            unit
            for unit in units
            if unit.unit_level == level and unit.code == code and unit.valid_from <= end and (unit.valid_to is None or end <= unit.valid_to)
        ]
        return max(found, key=lambda unit: (unit.valid_from, unit.footprint_from), default=None)

    commune = in_force("commune", commune_code)
    if commune is None:
        raise TemplateError(f"No commune {commune_code} in force on {end:%d/%m/%Y}.")
    district, province = in_force("district", commune.district_code), in_force("province", commune.province_code)
    if province is None:
        raise TemplateError(f"No province {commune.province_code} in force on {end:%d/%m/%Y}.")
    return Place(
        commune_code, commune.name_vi, district.name_vi if district else None, province.name_vi, period_key, period.type
    )  # fmt: skip


def write_template(
    settings: Settings | None, form: Form, *, commune_code: str, period_key: str, path: Path, conn: Connection | None = None
) -> Path:
    """Write the blank workbook of one commune and period to ``path`` and return it.

    Names come from ``conn``, else from the database of ``settings``, else (both None) from the repository's reference files.
    Raises TemplateError.
    """
    import xlsxwriter

    if conn is None and settings is not None:
        with connect(settings) as opened:
            return write_template(settings, form, commune_code=commune_code, period_key=period_key, path=path, conn=opened)
    place = find_place(_units(conn), commune_code, period_key)
    version = form.version_for(period_key)
    if version is None:
        raise TemplateError(f"The form {form.code} has no version for {period_key}.")
    if place.period_type not in form.cadence:
        raise TemplateError(f"The form {form.code} is not asked for by {place.period_type}: {', '.join(form.cadence)} only.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as workbook:
        workbook.set_properties(
            {"title": form.title, "author": texts()["author"], "created": datetime.combine(version.valid_from, datetime.min.time())}
        )
        styles = Styles(workbook)
        write_cover(workbook, styles, form, version.version, place)
        for sheet in form.tables:
            if sheet.is_asked(place.period_type):
                write_table(workbook, styles, form, sheet, version.version, place)
        write_guide(workbook, styles, form, version.version)
    return path


__all__ = ["TemplateError", "find_place", "write_template"]
