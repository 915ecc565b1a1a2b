"""The import of a data folder into the store."""

import csv
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.folder import read_folder
from crm.importing import ImportSummary, import_folder
from crm.store import Store
from leads.clock import parse_time
from leads.errors import InvalidTableError
from leads.records import ATTRIBUTE_CHANGE


def imported(store: Store, folder: Path, **options) -> ImportSummary:
    return import_folder(store, folder, home=store.database.path.parent, **options)


def rejected_rows(summary: ImportSummary) -> list[dict[str, str]]:
    (path,) = summary.rejected_files
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_stored(store, make_folder):
    summary = imported(store, make_folder())

    assert {n: (t.read, t.stored) for n, t in summary.tables.items()} == {
        "leads": (2, 2),
        "interactions": (3, 3),
        "stage_changes": (2, 2),
    }
    assert store.counts() == {"leads": 2, "events": 5}
    assert summary.sequence == store.sequence() == 1
    assert summary.attribute_types == {"amount": "number", "source": "category"}


def test_importing_a_folder_again_changes_nothing(store, make_folder, attribute_changes):
    folder = make_folder({"attribute_changes.csv": attribute_changes})
    first = imported(store, folder)
    again = imported(store, folder)

    assert all(t.already_known == t.read and not t.stored for t in again.tables.values())
    assert again.sequence == first.sequence == store.sequence()
    assert store.counts() == {"leads": 2, "events": 7}


def test_equal_rows_are_told_apart_by_a_running_number(store, make_folder, usual):
    call = "a,2026-01-03T10:00:00Z,call,outbound,60,\n"
    folder = make_folder({"interactions.csv": usual["interactions.csv"] + call + call})

    assert imported(store, folder).tables["interactions"].stored == 5
    assert imported(store, folder).tables["interactions"].already_known == 5
    calls = [event.event_id for event in store.events("a") if event.name == "call"]
    assert calls == [calls[0], f"{calls[0]}-2", f"{calls[0]}-3"]


@pytest.mark.parametrize("block_rows", [1, 2, 3])
def test_equal_rows_in_different_blocks_keep_counting(
    store, make_folder, usual, monkeypatch, block_rows
):
    monkeypatch.setattr("crm.tables.BLOCK_ROWS", block_rows)
    row = "a,2026-01-03T10:00:00Z,call,outbound,60,\n"
    header = usual["interactions.csv"].splitlines()[0] + "\n"
    seven = make_folder({"interactions.csv": header + row * 7})
    eight = make_folder({"interactions.csv": header + row * 8}, name="eight")

    assert imported(store, seven).tables["interactions"].stored == 7
    assert imported(store, seven).tables["interactions"].already_known == 7
    assert imported(store, eight).tables["interactions"].stored == 1


def test_one_more_equal_row_than_before_is_one_new_event(store, make_folder, usual):
    row = "a,2026-01-03T10:00:00Z,call,outbound,60,\n"
    imported(store, make_folder())
    more = make_folder({"interactions.csv": usual["interactions.csv"] + row}, name="more")

    assert imported(store, more).tables["interactions"].stored == 1


def test_known_event_id_with_other_content_is_rejected(store, make_folder):
    header = "lead_id,occurred_at,kind,event_id\n"
    imported(store, make_folder({"interactions.csv": header + "a,2026-01-03T10:00Z,call,e1\n"}))
    other = make_folder(
        {"interactions.csv": header + "b,2026-01-03T10:00Z,call,e2\na,2026-01-03T10:00Z,mail,e1\n"},
        name="other",
    )
    summary = imported(store, other)

    assert summary.tables["interactions"].rejected == 1
    (row,) = rejected_rows(summary)
    assert (row["row"], row["event_id"], row["kind"]) == ("2", "e1", "mail")
    assert "'e1' is known with other content; give the row another id" in row["reason"]


def test_same_event_id_from_another_origin_is_another_event(store, make_folder):
    rows = "lead_id,occurred_at,kind,event_id\na,2026-01-03T10:00Z,call,e1\n"
    folder = make_folder({"interactions.csv": rows})
    imported(store, folder)

    assert imported(store, folder, origin="hubspot").tables["interactions"].stored == 1


def test_event_of_a_lead_not_yet_seen_waits_for_it(store, make_folder, usual):
    early = usual["stage_changes.csv"] + "c,2026-01-07T00:00:00Z,Won\n"
    imported(store, make_folder({"stage_changes.csv": early}))
    assert store.timelines().lead_ids == ("a", "b")

    with_c = make_folder({"leads.csv": "lead_id,created_at\nc,2026-01-06T00:00:00Z\n"}, name="c")
    imported(store, with_c)
    assert [event.name for event in store.events("c")] == ["Won"]
    assert len(store.timelines(["c"]).events.type) == 1


def test_lead_sent_again_with_another_value_changes_at_the_commit(store, make_folder, usual):
    imported(store, make_folder())
    raised = make_folder({"leads.csv": usual["leads.csv"].replace(",100", ",150")}, name="raised")
    summary = imported(store, raised)

    leads = summary.tables["leads"]
    assert (leads.updated, leads.already_known, leads.stored) == (1, 1, 0)
    assert store.lead("a").attributes["amount"] == "100"
    (change,) = [event for event in store.events("a") if event.type == ATTRIBUTE_CHANGE]
    assert (change.name, change.value) == ("amount", "150")
    assert change.occurred_at == change.recorded_at > parse_time("2026-01-05T00:00:00Z")


def test_changed_lead_sent_once_more_is_already_known(store, make_folder, usual):
    imported(store, make_folder())
    raised = make_folder({"leads.csv": usual["leads.csv"].replace(",100", ",150")}, name="raised")
    imported(store, raised)

    assert imported(store, raised).tables["leads"].already_known == 2


def test_emptied_cell_of_a_lead_sent_again_clears_the_attribute(store, make_folder, usual):
    imported(store, make_folder())
    emptied = make_folder({"leads.csv": usual["leads.csv"].replace(",100", ",")}, name="emptied")

    assert imported(store, emptied).tables["leads"].updated == 1
    assert [event.value for event in store.events("a") if event.name == "amount"] == [None]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("a,2026-01-01", "a,2025-01-01", "created_at: '2025-01-01T00:00:00Z', but lead 'a' is"),
        (
            "fair,100",
            "fair,100,b2c",
            "pipeline: 'b2c', but lead 'a' is in the store with 'default'",
        ),
    ],
)
def test_lead_sent_again_cannot_move(store, make_folder, usual, old, new, reason):
    toml = usual["pipelines.toml"] + usual["pipelines.toml"].replace("default", "b2c")
    imported(store, make_folder({"pipelines.toml": toml}))
    leads = usual["leads.csv"].replace(old, new)
    if "b2c" in new:
        leads = leads.replace("amount", "amount,pipeline").replace("web,200", "web,200,default")
    summary = imported(store, make_folder({"leads.csv": leads, "pipelines.toml": toml}, name="b"))

    (row,) = rejected_rows(summary)
    assert reason in row["reason"]
    assert summary.tables["leads"].already_known == 1


@pytest.mark.parametrize("block_rows", [1, 100])
def test_two_rows_of_a_lead_that_disagree_are_not_both_stored(
    store, make_folder, usual, monkeypatch, block_rows
):
    monkeypatch.setattr("crm.tables.BLOCK_ROWS", block_rows)
    leads = usual["leads.csv"] + "a,2026-01-01T00:00:00Z,fair,999\nb,2026-01-02T00:00:00Z,web,200\n"
    summary = imported(store, make_folder({"leads.csv": leads}))

    (row,) = rejected_rows(summary)
    assert row["row"] == "3"
    assert "amount: '999', but an earlier row of lead 'a' says '100'" in row["reason"]
    counts = summary.tables["leads"]
    assert (counts.stored, counts.already_known, counts.rejected) == (2, 1, 1)


def test_attribute_with_a_history_takes_its_values_from_it_alone(
    store, make_folder, attribute_changes
):
    imported(store, make_folder({"attribute_changes.csv": attribute_changes}))

    assert store.lead("a").attributes == {"source": "fair"}
    assert store.lead("b").attributes == {"source": "web", "amount": "200"}
    timelines = store.timelines(["a"])
    amounts = timelines.events.number[timelines.events.type == ATTRIBUTE_CHANGE]
    assert sorted(amounts[amounts > 0]) == [90.0, 120.0]


def test_refused_change_is_no_history(store, make_folder):
    header = "lead_id,occurred_at,attribute,value,event_id\n"
    first = "b,2026-01-02T00:00:00Z,amount,7,x1\n"
    other = "a,2026-01-01T00:00:00Z,amount,9,x1\n"
    imported(store, make_folder({"attribute_changes.csv": header + first + other}))

    assert store.lead("a").attributes["amount"] == "100"
    assert "amount" not in store.lead("b").attributes


def test_interaction_named_like_an_attribute_changes_nothing(store, make_folder):
    rows = "lead_id,occurred_at,kind\na,2026-01-03T10:00:00Z,amount\n"
    folder = make_folder({"interactions.csv": rows})
    imported(store, folder)

    assert imported(store, folder).tables["leads"].updated == 0


def test_history_beside_a_final_column_adds_no_change(store, make_folder, attribute_changes):
    folder = make_folder({"attribute_changes.csv": attribute_changes})
    imported(store, folder)
    again = imported(store, folder)

    assert again.tables["leads"].updated == 0


def test_change_after_creation_leaves_the_value_at_creation(store, make_folder):
    rows = "lead_id,occurred_at,attribute,value\na,2026-01-05T00:00:00Z,amount,7\n"
    imported(store, make_folder({"attribute_changes.csv": rows}))

    assert store.lead("a").attributes["amount"] == "100"
    assert any(event.name == "amount" for event in store.events("a"))


def test_history_that_begins_at_creation_stands_alone_in_whatever_order_it_came(store, make_folder):
    rows = "lead_id,occurred_at,attribute,value\na,2026-01-01T00:00:00Z,amount,7\n"
    imported(store, make_folder())
    imported(store, make_folder({"attribute_changes.csv": rows}, name="later"))

    assert "amount" not in store.lead("a").attributes


def test_folder_none_of_whose_leads_can_be_read_is_a_bad_table(store, make_folder):
    rows = "lead_id,created_at\n1,yesterday\n2,tomorrow\n"
    with pytest.raises(
        InvalidTableError, match=r"none of the 2 leads can be read; leads\.csv, row 1"
    ):
        imported(store, make_folder({"leads.csv": rows}))
    assert store.counts() == {"leads": 0, "events": 0}
    assert store.pipelines() is None


def test_value_not_of_its_fixed_type_is_rejected(store, make_folder, usual):
    imported(store, make_folder())
    other = make_folder(
        {
            "leads.csv": "lead_id,created_at,amount\nc,2026-01-01T00:00:00Z,plenty\n"
            "d,2026-01-01T00:00:00Z,5\n"
        },
        name="other",
    )
    (row,) = rejected_rows(imported(store, other))

    assert "amount: 'plenty' is not a number" in row["reason"]
    assert store.attribute_types()["amount"] == "number"


def test_type_of_an_empty_column_stays_open_until_a_value_comes(store, make_folder, usual):
    emptied = usual["leads.csv"].replace(",100", ",").replace(",200", ",")
    imported(store, make_folder({"leads.csv": emptied}))
    assert "amount" not in store.attribute_types()

    imported(store, make_folder(name="filled"))
    assert store.attribute_types()["amount"] == "number"


def test_attribute_first_seen_beyond_the_sample_is_a_category(store, make_folder, monkeypatch):
    monkeypatch.setattr("crm.learning.SAMPLE_ROWS", 1)
    rows = "lead_id,occurred_at,attribute,value\n" + "".join(
        f"a,2026-01-05T00:00:00Z,{name},5\n" for name in ("early", "late")
    )
    summary = imported(store, make_folder({"attribute_changes.csv": rows}))

    assert summary.attribute_types["early"] == "number"
    assert summary.attribute_types["late"] == store.attribute_types()["late"] == "category"


def test_strict_import_with_a_refused_row_stores_nothing(store, make_folder, usual):
    changes = usual["stage_changes.csv"] + "a,2026-01-08T00:00:00Z,Nowhere\n" * 2
    folder = make_folder({"stage_changes.csv": changes})

    with pytest.raises(
        InvalidTableError, match=r"2 rows refused, nothing stored.*stage_changes.csv, row 3: stage"
    ):
        imported(store, folder, strict=True)
    assert store.sequence() == 0
    assert store.counts() == {"leads": 0, "events": 0}


def test_bad_table_found_in_the_middle_stores_nothing(store, make_folder, usual, monkeypatch):
    monkeypatch.setattr("crm.tables.BLOCK_ROWS", 1)
    changes = usual["stage_changes.csv"] + "x,2026-01-06T11:00:00Z,Nope\na,2026-01-08T00:00,Won\n"
    folder = make_folder({"stage_changes.csv": changes})

    with pytest.raises(
        InvalidTableError, match=r"stage_changes.csv, row 4, occurred_at: .*no time"
    ):
        imported(store, folder)
    assert store.sequence() == 0
    assert store.pipelines() is None
    assert not list((store.database.path.parent / "rejected").iterdir())


def test_pipelines_may_be_extended_by_a_later_import(store, make_folder, usual):
    imported(store, make_folder())
    more = usual["pipelines.toml"].replace('"Proposal"', '"Proposal", "Contract"')
    changes = "lead_id,occurred_at,stage\na,2026-01-07T11:00:00Z,Contract\n"
    folder = make_folder({"pipelines.toml": more, "stage_changes.csv": changes}, name="more")

    assert imported(store, folder).rejected == 0
    assert store.pipelines()["default"].stages[-1] == "Contract"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"New", "Qualified"', '"Qualified", "New"', "`stages` of pipeline 'default'"),
        ('won = ["Won"]', 'won = ["Yes"]', "`won` of pipeline 'default'"),
        ('lost = ["Lost"]', 'lost = ["Lost"]\nwindow_days = 90', "window_days of pipeline"),
    ],
)
def test_pipelines_that_contradict_the_store_fail(store, make_folder, usual, old, new, message):
    imported(store, make_folder())
    folder = make_folder({"pipelines.toml": usual["pipelines.toml"].replace(old, new)}, name="b")

    with pytest.raises(InvalidTableError, match=message):
        imported(store, folder)


def test_folder_without_pipelines_uses_those_of_the_store(store, make_folder):
    imported(store, make_folder())
    summary = imported(store, make_folder({"pipelines.toml": None}, name="bare"))

    assert not summary.pipelines_learned
    assert summary.tables["stage_changes"].already_known == 2


def test_ambiguous_local_times_are_counted_and_the_first_occurrence(store, make_folder):
    leads = "lead_id,created_at\na,2023-10-29T02:30:00\n"
    files = {"leads.csv": leads, "interactions.csv": None, "stage_changes.csv": None}
    summary = imported(store, make_folder(files), timezone=ZoneInfo("Europe/Berlin"))

    assert summary.ambiguous_times == 1
    assert store.lead("a").created_at == parse_time("2023-10-29T00:30:00Z")


def test_local_time_as_an_attribute_keeps_its_zone(store, make_folder):
    leads = "lead_id,created_at,due\na,2026-01-01T00:00:00,2026-07-01T12:00\n"
    files = {"leads.csv": leads, "interactions.csv": None, "stage_changes.csv": None}
    imported(store, make_folder(files), timezone=ZoneInfo("Europe/Berlin"))

    timelines = store.timelines()
    assert timelines.events.number.tolist() == [parse_time("2026-07-01T10:00:00Z")]


def test_summary_as_record_is_plain(store, make_folder):
    record = imported(store, make_folder({"notes.txt": "x"})).as_record()

    assert record["tables"]["leads"] == {
        "read": 2,
        "stored": 2,
        "updated": 0,
        "already_known": 0,
        "rejected": 0,
    }
    assert record["warnings"] == ["notes.txt is not part of a data folder; ignored"]


def test_progress_tells_table_and_rows(store, make_folder):
    heard = []
    imported(store, make_folder(), progress=lambda table, rows: heard.append((table, rows)))

    assert heard == [("leads", 2), ("interactions", 3), ("stage_changes", 2)]


KILLED_CHILD = """
import sys, time
from pathlib import Path
from crm.importing import import_folder
from crm.store import Store

def hold(table, rows):
    if table == "stage_changes":
        print("storing", flush=True)
        time.sleep(60)

store = Store.open(Path(sys.argv[1]))
import_folder(store, Path(sys.argv[2]), home=Path(sys.argv[1]).parent, progress=hold)
"""


def test_killed_import_leaves_nothing_and_can_be_repeated(tmp_path, make_folder, usual):
    changes = usual["stage_changes.csv"] + "a,2026-01-08T00:00:00Z,Nowhere\n"
    folder = make_folder({"stage_changes.csv": changes})
    path = tmp_path / "home" / "store.db"
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_CHILD, path, folder], stdout=subprocess.PIPE, cwd=root
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"storing\n"
        child.kill()

    with Store.open(path) as store:
        assert store.counts() == {"leads": 0, "events": 0}
        assert store.sequence() == 0
        assert not [p for p in (path.parent / "rejected").iterdir() if p.name[0] != "."]
        assert imported(store, folder).tables["stage_changes"].stored == 2


LEAD_IDS = st.sampled_from("abcd")
TIMES = st.integers(1, 4).map(lambda day: f"2026-02-0{day}T00:00:00Z")
ROWS = {
    "interactions": st.tuples(
        LEAD_IDS, TIMES, st.sampled_from(["call", "mail"]), st.sampled_from(["", "7", "60.0"])
    ),
    "stage_changes": st.tuples(LEAD_IDS, TIMES, st.sampled_from(["Qualified", "Won", "Lost"])),
    "attribute_changes": st.tuples(
        LEAD_IDS, TIMES, st.just("amount"), st.sampled_from(["", "1", "2.5"])
    ),
}
HEADERS = {
    "leads": ("lead_id", "created_at", "amount", "source"),
    "interactions": ("lead_id", "occurred_at", "kind", "duration_seconds"),
    "stage_changes": ("lead_id", "occurred_at", "stage"),
    "attribute_changes": ("lead_id", "occurred_at", "attribute", "value"),
}
LEAD_ROWS = [
    ("a", "2026-01-01T00:00:00Z", "5", "fair"),
    ("b", "2026-01-02T00:00:00Z", "", "web"),
    ("c", "2026-01-03T00:00:00Z", "7", ""),
    ("d", "2026-01-04T00:00:00Z", "8", "web"),
]


def written(folder: Path, toml: str, tables: dict[str, list[tuple[str, ...]]]) -> Path:
    folder.mkdir()
    (folder / "pipelines.toml").write_text(toml)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([HEADERS[name], *rows])
    return folder


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_row_order_changes_no_timeline(usual, describe, data, seed):
    tables = {"leads": LEAD_ROWS} | {
        name: data.draw(st.lists(rows, max_size=8)) for name, rows in ROWS.items()
    }
    shuffled = {n: random.Random(seed).sample(rows, len(rows)) for n, rows in tables.items()}
    home = Path(tempfile.mkdtemp())
    first = written(home / "first", usual["pipelines.toml"], tables)
    second = written(home / "second", usual["pipelines.toml"], shuffled)
    with Store.open(home / "1.db") as one, Store.open(home / "2.db") as two:
        imported(one, first)
        imported(two, second)
        expected = describe(one.timelines())
        assert expected == describe(two.timelines())
        assert expected == describe(read_folder(second).timelines)
        again = imported(two, first)
        assert all(t.read == t.already_known for t in again.tables.values())
        assert expected == describe(two.timelines())
    shutil.rmtree(home)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_import_in_two_parts_gives_the_same_timelines(usual, describe, data):
    tables = {"leads": LEAD_ROWS} | {
        name: data.draw(st.lists(rows, max_size=8, unique=True)) for name, rows in ROWS.items()
    }
    parts: list[dict[str, list[tuple[str, ...]]]] = [{}, {}]
    for name, rows in tables.items():
        in_first = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
        if name == "leads":
            in_first[:2] = [True, False]
        for part, wanted in zip(parts, (True, False), strict=True):
            part[name] = [r for r, first in zip(rows, in_first, strict=True) if first is wanted]
    home = Path(tempfile.mkdtemp())
    whole = written(home / "whole", usual["pipelines.toml"], tables)
    with Store.open(home / "1.db") as one, Store.open(home / "2.db") as two:
        imported(one, whole)
        for number, part in enumerate(parts):
            imported(two, written(home / f"part{number}", usual["pipelines.toml"], part))
        assert describe(one.timelines()) == describe(two.timelines())
    shutil.rmtree(home)
