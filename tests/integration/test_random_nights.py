"""Thirteen nights in any order: each publication can be built again as of its moment, and the log of restatements leads to the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from operations import asof as command
from reporting.evidence import verify
from tests.support.mart_cells import cells_of, told_marts
from tests.support.mart_fixtures import LAST_NIGHT, Template, at, build_and_publish, copy_of_published
from tests.support.nights import ACTIONS, Province
from warehouse import builds
from warehouse.clock import parse_now
from warehouse.database import connect
from warehouse.restatements import replay

DAYS_BETWEEN = 9

Orders = Callable[..., Any]


def live(template: Template, server_url: str, folder: Path, order: tuple[str, ...], looked_at: frozenset[int]) -> None:
    """Live the nights in this order, then ask what was known at some of them, and play the log over the first publication."""
    in_force = defaultdict(list, {(item.commune, year): [item] for year, returns in template.returns.items() for item in returns})
    with copy_of_published(server_url, folder / "home") as warehouse:
        province = Province(warehouse, folder, in_force)
        with connect(warehouse) as conn:
            first = {mart.name: cells_of(conn, mart, "blue") for mart in told_marts()}
        for number, name in enumerate(order, start=1):
            night = at(warehouse, (parse_now(LAST_NIGHT) + timedelta(days=DAYS_BETWEEN * number)).isoformat())
            ACTIONS[name](province, night)
            if builds.needs_build(warehouse, night)[0]:
                build_and_publish(warehouse, night)

        with connect(warehouse) as conn:
            published = conn.execute("select publication_id, build_schema, mart_hashes from audit.publication order by 1").fetchall()
            last, schema, _ = published[-1]
            for mart in told_marts():
                assert replay(conn, mart, first[mart.name], 1, last) == cells_of(conn, mart, schema), (order, mart.name)
            assert conn.execute("select count(*) from audit.restated").fetchone() == (len(published) - 1,)
        for number, _, hashes in published:
            if number in looked_at:
                made = command.rebuild(publication=number, settings=warehouse)
                assert (made.marts_differ, made.cause, made.outcome.mart_hashes) == ((), None, hashes), (order, number)
        # these returns were written into the tables: no file of theirs lies in the archive
        assert [problem for problem in verify(warehouse) if problem.kind != "archive"] == []


def in_any_order(examples: int) -> Callable[[Orders], Orders]:
    """Some orders by chance; the order in which the actions are written down is none of them."""

    def given_orders(test: Orders) -> Orders:
        order = st.permutations(sorted(ACTIONS)).map(tuple)
        chosen: Orders = given(order=order, looked_at=st.sets(st.integers(2, len(ACTIONS) - 2), min_size=3, max_size=3).map(frozenset))(
            test
        )
        quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]
        return settings(
            max_examples=examples, deadline=None, phases=[Phase.generate], database=None, suppress_health_check=quiet, print_blob=False
        )(chosen)

    return given_orders


@in_any_order(examples=1)
def test_every_moment_can_be_built_again_and_the_log_leads_from_the_first_to_the_last(
    order: tuple[str, ...], looked_at: frozenset[int], server_url: str, small_province: Template, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(order != tuple(sorted(ACTIONS)))
    live(small_province, server_url, tmp_path_factory.mktemp("nights"), order, looked_at)


@pytest.mark.long
@in_any_order(examples=6)
def test_in_more_orders_and_at_every_moment(
    order: tuple[str, ...], looked_at: frozenset[int], server_url: str, small_province: Template, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(order != tuple(sorted(ACTIONS)))
    live(small_province, server_url, tmp_path_factory.mktemp("nights"), order, frozenset(range(1, len(ACTIONS) + 2)) | looked_at)
