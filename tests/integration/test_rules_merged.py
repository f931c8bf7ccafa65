"""Rules on history where communes merged: equal household codes of two of them are told apart, and a code that came back is another's."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from expectations.validate import recheck, validate_pending
from ingestion.collect import collect
from reporting.evidence import verify
from tests.support.workbooks import RECEIVED, Return
from warehouse.reference_data import load_reference
from warehouse.runs import start_run
from warehouse.settings import Settings

HISTORY = {"HHR-25", "HHR-26B", "HHR-39", "HHR-39B"}
AREA = "NT"

# Successor of 1/7/2025 -> its two predecessors; one of them had the successor's code.
MERGERS = {"28138": ("28138", "28150"), "28144": ("28144", "28153"), "28066": ("28060", "28066"), "28003": ("28003", "28009")}
HEADS = {commune: f"0800600{commune}" for pair in MERGERS.values() for commune in pair}


def row(commune: str, **values: Any) -> dict[str, Any]:
    """Last year's household HN-001 of a commune, or what became of it."""
    return {"household_code": "HN-001", "head_citizen_id": HEADS[commune], "area_type": AREA, **values}


def a_return(settings: Settings, commune: str, year: int, *rows: dict[str, Any]) -> None:
    built = Return(
        commune_code=commune, period=str(year), as_of_date=date(year, 12, 14), signed_date=date(year, 12, 27), commune_name=f"Xã {commune}"
    )
    first, person = built.rows["household_list"][0], built.rows["member_list"][0]
    dates = {"review_date": date(year, 10, 3), "decision_date": date(year, 12, 22)}
    built.rows["household_list"] = [{**first, **dates, **values, "row_label": number} for number, values in enumerate(rows, start=1)]
    built.rows["member_list"] = [
        {**person, "household_code": values["household_code"], "citizen_id": values["head_citizen_id"]} for values in rows
    ]
    poor = len(rows)
    built.rows["summary_7_1"][0].update(
        commune_name=f"Xã {commune}", poor_households=poor, poor_persons=poor, poor_rate_pct=poor / 25, poor_persons_pct=poor / 90
    )
    column = "newly_poor" if any(values.get("movement") == "Nghèo phát sinh mới" for values in rows) else "opening_count"
    for number in range(2):
        built.rows["movement_7_2"][number].update({"opening_count": 0, column: poor, "closing_count": poor})
    for sheet in ("movement_7_2", "movement_7_3"):
        for line in built.rows[sheet]:
            line["commune_name"] = f"Xã {commune}"
    built.write(settings.inbox_dir, f"{commune}-{year}.xlsx", RECEIVED + timedelta(days=366 * (year - 2023)))


def fired(conn: psycopg.Connection) -> dict[str, set[tuple[str, int | None]]]:
    """Commune of 2025 -> (rule on history, place of the household in the list)."""
    found: dict[str, set[tuple[str, int | None]]] = {commune: set() for commune in MERGERS}
    for commune, code, number in conn.execute(
        "select s.commune_code, f.rule_code, f.row_number - 5 from audit.failing_row as f inner join intake.submission as s "
        "using (submission_id) where s.period_key = '2025' and f.rule_code = any(%s)",
        (sorted(HISTORY),),
    ):
        found[commune].add((code, number))
    return found


def test_equal_codes_of_merged_communes_are_told_apart(warehouse: Settings, conn: psycopg.Connection) -> None:
    for commune in HEADS:
        a_return(warehouse, commune, 2024, row(commune))
    # Both come on under the new unit, the second under a new code.
    a_return(
        warehouse, "28138", 2025,
        row("28138", previous_commune_code="28138"),
        row("28150", household_code="HN-900", previous_household_code="HN-001", previous_commune_code="28150"),
    )  # fmt: skip
    # The head under the code of 28144 is the one of 28153, whose own household is not on the list.
    a_return(warehouse, "28144", 2025, row("28153", previous_commune_code="28144"))
    # Whose code it was is not said: nobody can tell, so nothing is said of it.
    a_return(warehouse, "28066", 2025, row("28060"))
    # A new case under a code of the old unit: another household, unless previous_commune_code says it is that one.
    newly = {"opening_class": "Hộ không nghèo", "movement": "Nghèo phát sinh mới"}
    a_return(
        warehouse, "28003", 2025,
        row("28003", **newly, head_citizen_id="080060099999"),
        row("28009", **newly, household_code="HN-901", previous_household_code="HN-001", previous_commune_code="28009"),
    )  # fmt: skip
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)
    assert conn.execute("select distinct state from audit.submission where period_key = '2024'").fetchall() == [("accepted",)]
    assert fired(conn) == {
        "28138": set(),
        "28144": {("HHR-26B", 1), ("HHR-39", None)},
        "28066": set(),
        "28003": {("HHR-25", 2), ("HHR-39B", 2)},
    }


def test_the_failing_rows_of_a_recheck_are_covered_by_its_round(warehouse: Settings, conn: psycopg.Connection) -> None:
    built = Return()
    built.rows["household_list"][0]["cause_lack_labour"] = None  # HHR-22, a warning
    built.write(warehouse.inbox_dir)
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)
    assert recheck(warehouse, start_run(warehouse, "test"))["failing_rows"] == 1
    rounds = conn.execute("select payload ->> 'kind' from audit.submission_event where event_type = 'round' order by event_id").fetchall()
    assert rounds == [("accept",), ("recheck",)]
    assert verify(warehouse) == []


def openings(conn: psycopg.Connection, run_id: object) -> dict[str, tuple[int, int]]:
    """Commune of 2024 -> poor households at opening, and at last year's closing on its ground; none where it cannot be compared."""
    conn.execute(
        "select set_config('warehouse.run_id', run_id::text, false), set_config('warehouse.round', max(round)::text, false) "
        "from audit.validation_batch where run_id = %s group by run_id",
        (run_id,),
    )
    rows = conn.execute(
        "select s.commune_code, o.opening, o.last_closing from intake.batch_opening as o inner join intake.submission as s "
        "using (submission_id) where s.period_key = '2024' and o.class = 'poor'"
    ).fetchall()
    return {code: (opening, closing) for code, opening, closing in rows}


def test_an_opening_is_compared_with_the_closing_of_the_communes_before(
    warehouse: Settings, conn: psycopg.Connection, tmp_path: Path
) -> None:
    """On 1/12/2024 27688 went whole into 27694, and 28006 in parts into 28003, 28009 and 28012."""
    heads = {code: f"0800600{code}" for code in ("27694", "27688", "28009", "28003")}
    second, third = {"household_code": "HN-002", "head_citizen_id": "080060000002"}, {"household_code": "HN-003", "head_citizen_id": None}
    for code, head in heads.items():
        a_return(warehouse, code, 2023, {"household_code": "HN-001", "head_citizen_id": head, "area_type": "NT"})
    first_of_the_split = {"household_code": "HN-001", "head_citizen_id": "080060028006", "area_type": AREA}
    a_return(warehouse, "28006", 2023, {**first_of_the_split, "hamlet": "Ấp 1"}, {**first_of_the_split, **second, "hamlet": "Ấp  Hai"})
    moved = {"household_code": "HN-900", "previous_household_code": "HN-001", "area_type": AREA}
    own = {"household_code": "HN-001", "area_type": AREA}
    a_return(
        warehouse, "27694", 2024,
        {**own, "head_citizen_id": heads["27694"]},
        {**moved, "head_citizen_id": heads["27688"], "previous_commune_code": "27688"},
    )  # fmt: skip
    a_return(
        warehouse, "28009", 2024,
        {**own, "head_citizen_id": heads["28009"]},
        {**moved, "head_citizen_id": "080060028006", "previous_commune_code": "28006"},
    )  # fmt: skip
    a_return(warehouse, "28003", 2024, {**own, **third, "head_citizen_id": heads["28003"]})
    run = start_run(warehouse, "test")
    collect(warehouse, run)
    validate_pending(warehouse, run)
    assert openings(conn, run.run_id) == {"27694": (2, 2)}

    head = "predecessor_code,hamlet,successor_code,effective_date,legal_basis,note\n"
    table = tmp_path / "hamlet_succession.csv"
    table.write_text(f"{head}28006,ấp 1,28009,2024-12-01,,\n", encoding="utf-8")
    load_reference(warehouse, run, table)
    assert openings(conn, run.run_id) == {"27694": (2, 2)}, "the hamlet of HN-002 is not known"
    table.write_text(f"{head}28006,ấp 1,28009,2024-12-01,,\n28006,ấp hai,28003,2024-12-01,,\n", encoding="utf-8")
    load_reference(warehouse, run, table)
    assert openings(conn, run.run_id) == {"27694": (2, 2), "28009": (2, 2), "28003": (1, 2)}
    found = conn.execute(
        "select distinct s.commune_code, o.household_code from intake.batch_previous_household as o "
        "inner join intake.submission as s using (submission_id) where o.previous_commune_code = '28006' order by 1"
    ).fetchall()
    assert found == [("28003", "HN-002"), ("28009", "HN-001")]
