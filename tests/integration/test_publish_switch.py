"""The switch: what the marts show, what is recorded, going back and going on."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.support.mart_builder import Return, people, send
from tests.support.mart_fixtures import at, build_and_publish
from warehouse.builds import build, needs_build
from warehouse.database import connect
from warehouse.events import GENESIS
from warehouse.mart_contracts import load_marts
from warehouse.publications import PUBLICATION_FIELDS, PublishRefused, create_empty_views, publication_hash, publish, resume, rollback
from warehouse.settings import Settings


def poor_2023(settings: Settings) -> tuple[object, ...]:
    with connect(settings) as conn:
        row = conn.execute(
            "select sum(poor_households), max(publication_id) from marts.fct_poverty_default where period_year = 2023"
        ).fetchone()
    assert row is not None
    return row


def correct(settings: Settings, version: int, poor: int) -> None:
    """A newer version of one commune's return: the others have 2 or 3 poor households."""
    with connect(settings) as conn:
        send(conn, at(settings), [Return("27694", 2023, people(poor, 2), version=version, total_households=1011)])


def test_every_mart_exists_empty_before_the_first_build(warehouse: Settings) -> None:
    with connect(warehouse) as conn:
        create_empty_views(conn, warehouse)
        for mart in load_marts():
            assert conn.execute(f"select count(*) from {mart.schema}.{mart.name}").fetchone() == (0,)
            names = [row.name for row in conn.execute(f"select * from {mart.schema}.{mart.name}").description or ()]
            assert names == [column.name for column in mart.columns]


def test_a_publication_says_from_what_it_was_made_and_continues_the_chain(published: Settings) -> None:
    correct(published, 2, 10)
    build_id, publication_id = build_and_publish(published, at(published))
    assert publication_id == 2
    with connect(published) as conn:
        cursor = conn.execute(f"select {', '.join(PUBLICATION_FIELDS)}, prev_hash, hash from audit.publication order by publication_id")
        names = [column.name for column in cursor.description or ()]
        first, second = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
        event = conn.execute(
            "select event_type, payload from audit.submission_event where event_type = 'published' order by event_id desc limit 1"
        ).fetchone()
        states: dict[str, str] = dict(conn.execute("select build_schema, state from audit.build where state <> 'replaced'").fetchall())
    assert first["prev_hash"] == GENESIS
    assert second["prev_hash"] == first["hash"]
    assert all(row["hash"] == publication_hash(row["prev_hash"], row) for row in (first, second))
    assert (second["build_id"], second["build_schema"], second["is_rollback"]) == (build_id, "green", False)
    assert event == ("published", {"publication_id": 2, "hash": second["hash"]})
    assert states == {"blue": "published", "green": "published"}


def test_the_switch_shows_the_new_build_in_every_mart(published: Settings) -> None:
    assert poor_2023(published) == (400, 1)
    correct(published, 2, 10)
    build_and_publish(published, at(published))
    assert poor_2023(published) == (407, 2)
    with connect(published) as conn:
        for mart in load_marts():
            if any(column.name == "publication_id" for column in mart.columns):
                assert conn.execute(f"select distinct publication_id from {mart.schema}.{mart.name}").fetchall() == [(2,)]
        assert conn.execute("select count(*) from marts_restricted.fct_household_status where period_key = '2023'").fetchone() == (783,)


def test_publishing_twice_is_one_publication(published: Settings) -> None:
    run = at(published)
    build_id, first = build_and_publish(published, run)
    assert publish(published, run, build_id) == first == 2


def test_a_build_that_the_gate_has_not_passed_is_not_published(published: Settings) -> None:
    run = at(published)
    made = build(published, run)
    with pytest.raises(PublishRefused, match="publish gate has not passed"):
        publish(published, run, made.build_id)
    with pytest.raises(PublishRefused, match="no build"):
        publish(published, run, uuid4())
    assert poor_2023(published) == (400, 1)


def test_rollback_pins_the_publication_before_until_resume(published: Settings) -> None:
    with pytest.raises(PublishRefused, match="no longer stands"):
        rollback(published, at(published))
    correct(published, 2, 10)
    build_and_publish(published, at(published))
    assert rollback(published, at(published)) == 3
    assert poor_2023(published) == (400, 3)
    with pytest.raises(PublishRefused, match="rolled back already"):
        rollback(published, at(published))
    correct(published, 3, 20)
    run = at(published)
    assert needs_build(published, run)[0]
    _, pinned = build_and_publish(published, run)
    assert pinned is None
    assert poor_2023(published) == (400, 3)
    assert needs_build(published, at(published)) == (
        False,
        "publication 3 pins the marts and the newest build waits for 'publish --resume'",
    )
    assert resume(published, at(published)) == 4
    assert poor_2023(published) == (417, 4)
    with pytest.raises(PublishRefused, match="nothing to resume"):
        resume(published, at(published))


def test_a_lost_column_or_a_changed_type_is_refused(published: Settings) -> None:
    run = at(published)
    made = build(published, run)
    with connect(published) as conn:
        conn.execute("update audit.build set state = 'checked' where build_id = %s", (made.build_id,))
        conn.execute("alter table green_marts.fct_poverty rename column relapsed to again_poor")
    with pytest.raises(PublishRefused, match=r"fct_poverty\.relapsed is no longer made; a breaking change"):
        publish(published, run, made.build_id)
    with connect(published) as conn:
        conn.execute("alter table green_marts.fct_poverty rename column again_poor to relapsed")
        conn.execute("alter table green_marts.fct_poverty alter column relapsed type integer")
    with pytest.raises(PublishRefused, match=r"fct_poverty\.relapsed was bigint and would become integer"):
        publish(published, run, made.build_id)
    assert poor_2023(published) == (400, 1)


def test_a_new_column_comes_last_and_an_older_build_shows_it_empty(published: Settings) -> None:
    run = at(published)
    made = build(published, run)
    with connect(published) as conn:
        conn.execute("update audit.build set state = 'checked' where build_id = %s", (made.build_id,))
        conn.execute("alter table green_marts.dim_period add column label_en text default 'x'")
        conn.execute("comment on column green_marts.dim_period.label_en is 'In words, English.'")
    publish(published, run, made.build_id)
    query = "select * from marts.dim_period limit 1"
    with connect(published) as conn:
        assert [column.name for column in conn.execute(query).description or ()][-2:] == ["label_vi", "label_en"]
        assert conn.execute(
            "select distinct label_en, col_description('marts.dim_period'::regclass, 7) from marts.dim_period"
        ).fetchall() == [("x", "In words, English.")]
    rollback(published, at(published))
    with connect(published) as conn:
        assert conn.execute("select distinct label_en from marts.dim_period").fetchall() == [(None,)]


def test_every_column_of_every_mart_is_described_in_the_database(published: Settings) -> None:
    with connect(published) as conn:
        bare = conn.execute(
            """
            select c.oid::regclass::text || '.' || a.attname
            from pg_class as c
            inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
            where c.relnamespace in ('marts'::regnamespace, 'marts_restricted'::regnamespace)
                and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)
            """
        ).fetchall()
    assert bare == []
