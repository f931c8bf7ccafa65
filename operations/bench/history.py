"""What the past costs: a correction of an old year with one and ten years on file, a build as of a moment, three maps, the disk."""

from __future__ import annotations

from datetime import date
from statistics import median
from uuid import NAMESPACE_OID, uuid5

from operations.bench.floors import REVIEW_TABLES, stored_columns
from operations.bench.measure import timed
from warehouse.asof import build_as_of, moment_at
from warehouse.builds import build, idle_colour
from warehouse.clock import parse_now
from warehouse.database import Connection, connect
from warehouse.dbt_runner import run_dbt
from warehouse.events import Event, append_events
from warehouse.runs import Run, start_run
from warehouse.settings import Settings

FIRST, LATER = 2021, range(2022, 2031)
NIGHT = "2031-01-05T22:00+07:00"
"""After the reviews of ten years: the dates passed are the same with one year on file and with ten."""
AS_OF, PLAIN = "as of a moment", "plain"
THREE, AT_TIME = "three maps", "at_time only"

LEADS_TO = """
with recursive lead as (
    select s.commune_code as old_code, s.commune_code as code, s.commune_valid_from as since
    from intake.submission as s
    where s.period_key = %(first)s
    union
    select l.old_code, c.successor_code, c.effective_date
    from lead as l
    inner join reference.succession as c on l.code = c.predecessor_code and c.effective_date > l.since and c.effective_date <= %(day)s
)

select distinct on (l.old_code) l.old_code, u.code, u.valid_from, u.footprint_from
from lead as l
inner join reference.unit as u on l.code = u.code and u.unit_level = 'commune' and u.is_long_an
    and %(day)s between u.valid_from and coalesce(u.valid_to, 'infinity')
order by l.old_code, l.since desc, u.code
"""
"""Each commune of the first year -> one commune of the day that has ground of it."""


def put_ten_years_on_file(settings: Settings) -> None:
    """Copy the first year's lists to the nine after it, to the communes of each year's end, accepted."""
    run = start_run(settings, "bench", injected_now=parse_now(NIGHT))
    with connect(settings, run_id=run.run_id, kind="bench") as conn:
        for year in LATER:
            leads = conn.execute(LEADS_TO, {"first": str(FIRST), "day": date(year, 12, 31)}).fetchall()
            into: dict[str, list[str]] = {}
            units = {code: (valid_from, footprint) for _, code, valid_from, footprint in leads}
            for old, code, *_ in leads:
                into.setdefault(code, []).append(old)
            for code, parts in into.items():
                _copy(conn, run, parts, code, year, 1, ("received", "validated", "accepted"), units[code])
        for table in REVIEW_TABLES:
            conn.execute(f"analyze intake.{table}")


def correction_seconds(settings: Settings, repeat: int) -> float:
    """Validate, build, check and publish one more version of the first year's return of one commune; the first time is left out."""
    from operations import nightly

    seconds = []
    for _ in range(repeat + 1):
        run = start_run(settings, "nightly", injected_now=parse_now(NIGHT))
        token = nightly.token_of(run, injected=True)
        with connect(settings, run_id=run.run_id, kind="bench") as conn:
            code, version, *unit = conn.execute(
                "select commune_code, max(version) + 1, max(commune_valid_from), max(commune_footprint_from) from intake.submission "
                "where period_key = %s group by commune_code order by commune_code limit 1",
                (str(FIRST),),
            ).fetchone() or ("", 0)
            _copy(conn, run, [code], code, FIRST, version, ("received",), (unit[0], unit[1]))

        def night(token: nightly.Token = token) -> None:
            counts = nightly.validate(token, settings=settings)
            assert counts["accepted"] == 1, counts
            built = nightly.build(token, settings=settings)
            nightly.check(token, built, settings=settings)
            nightly.publish(token, built, settings=settings)

        seconds.append(timed(night))
        nightly.report(token, settings=settings)
    return median(seconds[1:])


def build_pairs(settings: Settings, repeat: int) -> dict[str, float]:
    """Median seconds of a build: plain and as of now, on three maps and on that of the time alone; first ones left out."""
    run = start_run(settings, "bench", injected_now=parse_now(NIGHT))
    with connect(settings) as conn:
        moment, colour = moment_at(conn, run.now), idle_colour(conn)
    what = {
        PLAIN: lambda: build(settings, run),
        AS_OF: lambda: build_as_of(settings, run, moment),
        THREE: lambda: run_dbt(settings, colour),
        AT_TIME: lambda: run_dbt(settings, colour, variables={"maps": []}),
    }
    return {name: median([timed(make) for _ in range(repeat + 1)][1:]) for name, make in what.items()}


def bytes_a_household_year(settings: Settings) -> float:
    """The database on disk, every version, event and mart in it, by the households on the lists of all years in force."""
    with connect(settings) as conn:
        row = conn.execute(
            "select pg_database_size(current_database())::numeric / (select count(*) from intake.household_list)"
        ).fetchone()  # fmt: skip
    assert row is not None
    return float(row[0])


def _copy(
    conn: Connection, run: Run, parts: list[str], code: str, year: int, version: int, events: tuple[str, ...], unit: tuple[date, date]
) -> None:  # fmt: skip
    """One submission of ``code`` from the first year's of ``parts``: the first part's whole, the lists of the others behind it."""
    sources = conn.execute(
        "select submission_id, sha256 from intake.submission where period_key = %s and version = 1 and commune_code = any(%s) "
        "order by commune_code = %s desc, commune_code",
        (str(FIRST), parts, code),
    ).fetchall()
    new = uuid5(NAMESPACE_OID, f"{code} {year} {version}")
    changed = {
        "submission_id": "%(new)s", "commune_code": "%(code)s", "period_key": "%(year)s::text", "version": "%(version)s",
        "period_start_date": "make_date(%(year)s, 1, 1)", "period_end_date": "make_date(%(year)s, 12, 31)",
        "commune_valid_from": "%(valid_from)s", "commune_footprint_from": "%(footprint_from)s", "recorded_at": "%(at)s",
        "row_number": "t.row_number + %(shift)s", "household_code": "t.household_code || %(suffix)s",
    }  # fmt: skip
    for number, (old, _) in enumerate(sources):
        values = {
            "new": new, "code": code, "year": year, "version": version, "valid_from": unit[0], "footprint_from": unit[1], "at": run.now,
            "old": old, "shift": 10_000 * number, "suffix": f"-{number}" if number else "",
        }  # fmt: skip
        for table in ("submission", *REVIEW_TABLES) if number == 0 else ("household_list", "member_list"):
            names = stored_columns(conn, table)
            picked = ", ".join(changed[name] if name in changed and _is_own(table, name) else f"t.{name}" for name in names)
            conn.execute(
                f"insert into intake.{table} ({', '.join(names)}) select {picked} from intake.{table} as t where t.submission_id = %(old)s",
                values,
            )
    append_events(conn, run.run_id, run.now, [Event(what, run.now, "bench", new, sources[0][1], {}) for what in events])
    conn.commit()


def _is_own(table: str, name: str) -> bool:
    """Whether the column says whose the row is; a cover's commune and period are those of its sheet, as it was read."""
    return table != "cover" or name in ("submission_id", "row_number")
