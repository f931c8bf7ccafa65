"""The hash chain: canonical text, and that any change of any row is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.events import GENESIS, canonical_json, chain_hash, rows_digest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=10,
)
rows = st.lists(st.dictionaries(st.sampled_from(["event_type", "actor", "payload"]), json_values, min_size=1), min_size=1, max_size=6)


def chain(items: list[dict[str, object]]) -> list[str]:
    hashes, last = [], GENESIS
    for item in items:
        last = chain_hash(last, item)
        hashes.append(last)
    return hashes


def test_a_moment_is_written_in_utc_to_the_microsecond() -> None:
    hanoi = datetime(2024, 1, 10, 22, 0, tzinfo=timezone(timedelta(hours=7)))
    assert canonical_json({"at": hanoi}) == '{"at":"2024-01-10T15:00:00.000000Z"}'
    assert canonical_json(hanoi) == canonical_json(hanoi.astimezone(UTC))


def test_vietnamese_text_and_key_order_do_not_matter_for_equality() -> None:
    assert canonical_json({"b": 1, "a": "Hộ nghèo"}) == '{"a":"Hộ nghèo","b":1}'


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="not canonical"):
        canonical_json({"value": {1, 2}})


def test_ids_and_dates_are_text() -> None:
    identifier = UUID(int=1)
    assert canonical_json([identifier]) == f'["{identifier}"]'


@given(rows, st.data())
def test_any_change_changes_every_later_hash(items: list[dict[str, object]], data: st.DataObject) -> None:
    before = chain(items)
    at = data.draw(st.integers(0, len(items) - 1))
    changed = [dict(item) for item in items]
    changed[at]["actor"] = [changed[at].get("actor"), "changed"]
    after = chain(changed)
    assert before[:at] == after[:at]
    assert all(a != b for a, b in zip(before[at:], after[at:], strict=True))


@given(st.lists(st.tuples(st.text(), st.integers()), max_size=8))
def test_a_digest_counts_and_depends_on_order(items: list[tuple[str, int]]) -> None:
    count, digest = rows_digest(items)
    assert count == len(items)
    backwards = rows_digest(list(reversed(items)))
    assert (digest == backwards[1]) == (items == list(reversed(items)))
