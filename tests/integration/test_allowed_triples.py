"""The allowed triples (Circular 07/2021/TT-BLDTBXH, Annex VII): the table that rules and marts read is the one of the law."""

from __future__ import annotations

import psycopg

# opening, closing, movement, and the cell of 7.2 and of 7.3 that it feeds beside the stocks.
TRIPLES: set[tuple[str, str, str, str | None, str | None]] = {
    ("poor", "poor", "unchanged", None, None),
    ("poor", "near_poor", "poor_to_near_poor", "left_to_near_poor", "joined_from_poor"),
    ("poor", "not_poor", "escaped_poor", "left_above_near_poor", None),
    ("poor", "outside", "moved_out", "other_decrease", None),
    ("poor", "outside", "merged", "other_decrease", None),
    ("poor", "outside", "single_died", "other_decrease", None),
    ("poor", "outside", "other_decrease", "other_decrease", None),
    ("near_poor", "poor", "near_poor_to_poor", "joined_from_near_poor", "left_to_poor"),
    ("near_poor", "near_poor", "unchanged", None, None),
    ("near_poor", "not_poor", "escaped_near_poor", None, "left_above_near_poor"),
    ("near_poor", "outside", "moved_out", None, "other_decrease"),
    ("near_poor", "outside", "merged", None, "other_decrease"),
    ("near_poor", "outside", "single_died", None, "other_decrease"),
    ("near_poor", "outside", "other_decrease", None, "other_decrease"),
    ("not_poor", "poor", "relapsed_poor", "relapsed", None),
    ("not_poor", "poor", "newly_poor", "newly_poor", None),
    ("not_poor", "near_poor", "relapsed_near_poor", None, "relapsed"),
    ("not_poor", "near_poor", "newly_near_poor", None, "newly_near_poor"),
    ("not_poor", "not_poor", "unchanged", None, None),
    ("outside", "poor", "moved_in", "other_increase", None),
    ("outside", "poor", "split_off", "other_increase", None),
    ("outside", "poor", "other_increase", "other_increase", None),
    ("outside", "near_poor", "moved_in", None, "other_increase"),
    ("outside", "near_poor", "split_off", None, "other_increase"),
    ("outside", "near_poor", "other_increase", None, "other_increase"),
}


def test_the_allowed_triples_are_those_of_the_circular(conn: psycopg.Connection) -> None:
    found = conn.execute("select opening_class, closing_class, movement, field_7_2, field_7_3 from intake.allowed_triple").fetchall()
    assert len(found) == len(TRIPLES)
    assert set(found) == TRIPLES
