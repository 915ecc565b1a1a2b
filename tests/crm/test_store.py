"""The store: what it keeps, in which order, and what it refuses to open."""

import sqlite3

import numpy as np
import pytest

from crm.folder import read_folder
from crm.importing import import_folder
from crm.store import Champion, Store
from leads.clock import parse_time
from leads.errors import StoreError, UnknownLeadError


def test_store_is_made_where_there_is_none(tmp_path):
    with Store.open(tmp_path / "new" / "store.db") as store:
        assert store.sequence() == 0
        assert store.pipelines() is None
        assert store.attribute_types() == {}
        assert store.newest_event_at() is None
        assert store.champion() is None
        assert len(store.timelines()) == 0
    with Store.open(f"sqlite:///{tmp_path}/new/store.db") as again:
        assert again.counts() == {"leads": 0, "events": 0}


def test_store_of_another_schema_is_refused(tmp_path):
    path = tmp_path / "store.db"
    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    connection.close()

    with pytest.raises(StoreError, match=r"has schema 99, this version of leadscore needs 1; use"):
        Store.open(path)


def test_database_of_something_else_is_refused(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (x)")
    connection.close()

    with pytest.raises(StoreError, match=r"mlflow.db is a database of something else; give"):
        Store.open(path)


def test_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "store.db").write_text("lead_id,created_at\n" * 100)

    with pytest.raises(StoreError, match=r"store.db: file is not a database; check that it is"):
        Store.open(tmp_path / "store.db")


def test_other_databases_are_not_supported_yet(tmp_path):
    with pytest.raises(StoreError, match=r"kind 'postgresql' is not supported yet; give a path"):
        Store.open("postgresql://localhost/leads")


def test_connections_are_durable_and_only_the_writer_checkpoints(store):
    def pragmas(connection):
        names = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "query_only")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    with store.database.reading() as reader:
        assert pragmas(reader) == ["wal", 2, 1, 0, 1]
    with store.database.writing() as writer:
        assert pragmas(writer) == ["wal", 2, 1, 1000, 0]


def test_one_command_writes_at_a_time(store):
    other = Store.open(store.database.path, lock_wait_seconds=0.05)
    with (
        store.writing("records", "test"),
        pytest.raises(StoreError, match=r"store.db is being written by another command; wait"),
    ):
        other.set_champion("1", "x")
    other.set_champion("1", "x")
    other.close()


def test_reading_goes_on_while_another_command_writes(store, make_folder):
    import_folder(store, make_folder(), home=store.database.path.parent)
    with store.writing("records", "test"), Store.open(store.database.path) as other:
        assert other.counts()["leads"] == 2


def test_failed_write_leaves_no_commit(store):
    with pytest.raises(ZeroDivisionError), store.writing("records", "test"):
        raise ZeroDivisionError
    assert store.sequence() == 0


def test_each_write_is_one_commit(store, make_folder):
    import_folder(store, make_folder(), home=store.database.path.parent)
    store.set_champion("1", "abc")
    store.replace_scores([])

    assert store.sequence() == 3
    assert store.records_sequence() == 1


def test_timelines_of_the_store_and_of_the_folder_are_the_same(
    store, make_folder, describe, attribute_changes
):
    folder = make_folder({"attribute_changes.csv": attribute_changes})
    import_folder(store, folder, home=store.database.path.parent)
    timelines = store.timelines()

    assert describe(timelines) == describe(read_folder(folder).timelines)
    assert timelines.lead_ids == read_folder(folder).timelines.lead_ids


def test_leads_are_in_order_of_creation_ties_by_id(store, make_folder):
    moments = {"a": "2026-01-03", "c": "2026-01-02", "b": "2026-01-02"}
    rows = "".join(f"{lead_id},{day}T00:00:00Z\n" for lead_id, day in moments.items())
    folder = make_folder({"leads.csv": f"lead_id,created_at\n{rows}"})
    import_folder(store, folder, home=store.database.path.parent)

    assert store.timelines().lead_ids == ("b", "c", "a")
    assert read_folder(folder).timelines.lead_ids == ("b", "c", "a")


def test_timelines_of_some_leads(store, make_folder, describe):
    import_folder(store, make_folder(), home=store.database.path.parent)
    everything = describe(store.timelines())

    assert describe(store.timelines(["b", "nobody"])) == {"b": everything["b"]}
    assert describe(store.timelines([])) == {}


def test_durations_come_back_bit_for_bit(store, make_folder):
    durations = ["0.1", "1e-320", "123456789.123456789", "5e299", "3"]
    rows = "".join(f"a,2026-01-03T10:00:00Z,call,{d}\n" for d in durations)
    folder = make_folder({"interactions.csv": f"lead_id,occurred_at,kind,duration_seconds\n{rows}"})
    import_folder(store, folder, home=store.database.path.parent)
    stored = store.timelines(["a"]).events.duration_seconds

    assert sorted(stored[~np.isnan(stored)]) == sorted(map(float, durations))


def test_events_of_a_lead_are_in_the_stated_order_with_their_texts(store, make_folder):
    moment = "2026-01-03T10:00:00Z"
    folder = make_folder(
        {
            "interactions.csv": "lead_id,occurred_at,kind,event_id,text,opens\n"
            f"a,{moment},mail,m2,Hello,\na,{moment},mail,m1,,2\n",
            "stage_changes.csv": "lead_id,occurred_at,stage,event_id,reason\n"
            f"a,{moment},Lost,s1,price\na,{moment},Qualified,s2,\n"
            "a,2026-01-02T00:00:00Z,Won,s3,\n",
            "attribute_changes.csv": "lead_id,occurred_at,attribute,value,event_id\n"
            f"a,{moment},amount,5,x1\n",
        }
    )
    import_folder(store, folder, home=store.database.path.parent)
    events = store.events("a")

    assert [event.event_id for event in events] == ["s3", "x1", "m1", "m2", "s2", "s1"]
    assert (events[3].text, events[2].details, events[5].reason) == (
        "Hello",
        {"opens": "2"},
        "price",
    )
    timelines = store.timelines(["a"])
    assert timelines.ids_of(timelines.events, range(len(timelines.events.type)))[-6:] == [
        event.event_id for event in events
    ]


def test_unknown_lead_is_named(store):
    with pytest.raises(UnknownLeadError, match=r"no lead 'nobody' is known; check the id"):
        store.lead("nobody")
    with pytest.raises(UnknownLeadError, match=r"no lead 'nobody' is known"):
        store.events("nobody")


def test_newest_event_counts_known_leads_and_both_clocks(store, make_folder):
    rows = (
        "lead_id,occurred_at,kind,recorded_at\n"
        "a,2026-01-03T10:00:00Z,call,2026-02-01T00:00:00Z\n"
        "unseen,2026-06-01T10:00:00Z,call,\n"
    )
    import_folder(store, make_folder({"interactions.csv": rows}), home=store.database.path.parent)

    assert store.newest_event_at() == parse_time("2026-02-01T00:00:00Z")
    assert store.newest_event_at() == store.timelines().newest_event_at()


def test_champion_is_the_one_promoted_last(store):
    store.set_champion("1", "abc")
    store.set_champion("2", "def")
    store.set_champion("1", "abc")
    champion = store.champion()

    assert isinstance(champion, Champion)
    assert (champion.version, champion.manifest_hash) == ("1", "abc")
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM champions").scalar() == 3


def test_readers_cannot_write(store):
    with (
        pytest.raises(StoreError, match="attempt to write a readonly database"),
        store.database.reading() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM leads")


def test_planned_event_is_not_the_newest_before_it_happens(store, make_folder):
    rows = (
        "lead_id,occurred_at,kind,recorded_at\n"
        "a,2026-01-05T00:00:00Z,call,2026-01-05T00:00:00Z\n"
        "a,2026-12-24T00:00:00Z,meeting,2026-01-06T00:00:00Z\n"
    )
    folder = make_folder({"interactions.csv": rows})
    import_folder(store, folder, home=store.database.path.parent)

    assert store.newest_event_at() == parse_time("2026-12-24T00:00:00Z")
    # The newest of the usual folder's own events.
    by = parse_time("2026-02-01T00:00:00Z")
    assert store.newest_event_at(by) == parse_time("2026-01-06T11:00:00Z")
    assert store.newest_event_at(by) == store.timelines().newest_event_at(by)


def versions(store):
    return [champion.version for champion in store.champions()]


def test_rolling_back_twice_goes_further_back(store):
    for version in ("1", "2", "3"):
        store.set_champion(version, f"hash of {version}")
    first, second = store.champions()[2], store.champions()[1]

    store.roll_back(second)
    assert store.champion() == second
    assert versions(store) == ["2", "1"]

    store.roll_back(first)
    assert store.champions() == [store.champion()] == [first]


def test_a_promotion_after_a_rollback_goes_back_to_what_was_rolled_back_to(store):
    for version in ("1", "2"):
        store.set_champion(version, f"hash of {version}")
    store.roll_back(store.champions()[1])
    store.set_champion("3", "hash of 3")

    assert versions(store) == ["3", "1"]


def test_promoting_the_champion_again_adds_nothing_to_go_back_to(store):
    for version in ("1", "2", "2"):
        store.set_champion(version, f"hash of {version}")

    assert versions(store) == ["2", "1"]
    assert store.champions()[0] == store.champion()


def test_nothing_but_the_champion_before_can_be_rolled_back_to(store):
    for version in ("1", "2", "3"):
        store.set_champion(version, f"hash of {version}")
    oldest = store.champions()[2]

    with pytest.raises(StoreError, match="version 1 is no longer the champion before; run"):
        store.roll_back(oldest)

    assert versions(store) == ["3", "2", "1"]


def test_champion_and_scores_change_in_one_commit(store):
    def fails():
        yield from ()
        raise ZeroDivisionError

    store.set_champion("1", "hash of 1")
    with pytest.raises(ZeroDivisionError):
        store.set_champion("2", "hash of 2", fails())
    assert versions(store) == ["1"]

    store.set_champion("2", "hash of 2", [])
    with pytest.raises(ZeroDivisionError):
        store.roll_back(store.champions()[1], fails())
    assert versions(store) == ["2", "1"]
