"""The expectation of every rule that is a query: Great Expectations' own, without fetching what it counts.

Great Expectations runs the query of an `UnexpectedRowsExpectation` twice, once for the number and once for rows that this product never
takes from it: its failing rows come whole from our own query.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation


class CountedRowsExpectation(UnexpectedRowsExpectation):
    """No row may come of a query; `observed_value` says how many did."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *args: Any, **options: Any) -> Any:
        return super()._validate({"unexpected_rows_query.table": None, **metrics}, *args, **options)
