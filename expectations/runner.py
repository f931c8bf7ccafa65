"""Great Expectations over tonight's batch: one batch a sheet, one expectation a rule.

A one-column rule is a column expectation; any other a CountedRowsExpectation over the same SQL that lists its failing rows.
Results are matched by the rule code in meta. An exception inside an expectation fails the run: it is never "0 rows".
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from expectations.catalogue import Rule
from expectations.queries import SESSION, failing_sql
from expectations.results import keep_result
from warehouse.database import database_url, url_with
from warehouse.settings import Settings


class ValidationFailed(Exception):
    """Validation could not be done, or Great Expectations and our own query disagree. Nothing was accepted or returned."""


def quiet_great_expectations() -> Any:
    """Import Great Expectations without its chatter and without analytics."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import great_expectations

    for name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second sets a level of its own
        logging.getLogger(name).setLevel(logging.ERROR)
    return great_expectations


def run_rules(settings: Settings, run_id: UUID, number: int, rules: Sequence[Rule]) -> dict[str, int]:
    """Rule code -> failing rows, as Great Expectations counts them over the round's batch. Raises ValidationFailed."""
    gx = quiet_great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    session = {"timezone": "UTC", "warehouse.run_id": run_id, "warehouse.round": number, **SESSION}
    options = quote(" ".join(f"-c {name}={value}" for name, value in session.items()))
    url = f"{url_with(database_url(settings), scheme='postgresql+psycopg')}?options={options}"
    source = context.data_sources.add_or_update_postgres("intake", connection_string=url)
    counts: dict[str, int] = {}
    for sheet in dict.fromkeys(rule.sheet for rule in rules):
        outcome = _run_sheet(gx, context, source, sheet, [rule for rule in rules if rule.sheet == sheet])
        counts.update(_count(result) for result in outcome.results)
        keep_result(settings, run_id, f"{number:03}-{sheet}", outcome)
    return counts


def _run_sheet(gx: Any, context: Any, source: Any, sheet: str, rules: Iterable[Rule]) -> Any:
    asset = source.add_table_asset(name=sheet, table_name=f"batch_{sheet}", schema_name="intake")
    batch = asset.add_batch_definition_whole_table("tonight")
    suite = context.suites.add_or_update(gx.ExpectationSuite(name=sheet, expectations=[_expectation(gx, rule) for rule in rules]))
    definition = context.validation_definitions.add_or_update(gx.ValidationDefinition(name=sheet, data=batch, suite=suite))
    return definition.run(result_format={"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False})


def _expectation(gx: Any, rule: Rule) -> Any:
    from expectations.counted_rows import CountedRowsExpectation

    meta = {"rule_code": rule.code}
    severity: Any = {"error": "critical", "warning": "warning", "info": "info"}[rule.severity]
    if rule.between is not None and not rule.reads.get(rule.sheet, ())[1:]:
        # A refused cell is empty, and an empty cell is not this expectation's matter.
        return gx.expectations.ExpectColumnValuesToBeBetween(
            column=rule.field, min_value=rule.between.minimum, max_value=rule.between.maximum, meta=meta, severity=severity
        )
    query = failing_sql(rule).replace("{", "{{").replace("}", "}}")
    view = f"intake.batch_{rule.sheet} as"
    query = query.replace(view, "{batch} as")
    # Great Expectations puts an alias of its own behind {batch} in a query without a join, and wants to see its batch in every
    # query: a rule that reads its sheet through another view meets it here.
    seen = "" if "{batch}" in query else " where true or exists (select 1 from {batch} as b)"
    query = f"select f.* from ({query}) as f cross join (values (1)) as one (n){seen}"
    return CountedRowsExpectation(
        unexpected_rows_query=query, description=f"{rule.code}: {rule.fill(rule.text_en)}", meta=meta, severity=severity
    )


def _count(result: Any) -> tuple[str, int]:
    code = result.expectation_config.meta["rule_code"]
    if result.exception_info and (result.exception_info.get("raised_exception") or _nested(result.exception_info)):
        raise ValidationFailed(f"rule {code}: {_message(result.exception_info)}")
    if result.expectation_config.type.endswith("_rows_expectation"):
        observed = result.result.get("observed_value")
        if observed is None:
            raise ValidationFailed(f"rule {code}: no result")
        return code, int(observed)
    if result.result.get("element_count") == 0:  # nothing to test, and Great Expectations counts nothing
        return code, 0
    return code, int(result.result["unexpected_count"])


def _nested(info: dict[str, Any]) -> bool:
    return any(isinstance(part, dict) and part.get("raised_exception") for part in info.values())


def _message(info: dict[str, Any]) -> str:
    """The kind of the database's error, not its text: that may quote a row."""
    for part in (info, *info.values()):
        if isinstance(part, dict) and (kind := re.match(r"\(([\w.]+)\)", str(part.get("exception_message")))):
            return kind[1]
    return "an exception"
