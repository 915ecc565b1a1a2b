"""Bad rows are refused one by one, each with a reason that says what to do."""

import csv
from zoneinfo import ZoneInfo

import pytest

from crm.folder import read_folder
from leads.contract import MAX_TEXT_LENGTH

TIME = "2026-01-03T10:00:00Z"
LATER = "2026-01-05T10:00:00Z"
BAD_ROWS = {
    "unknown stage": (
        "stage_changes",
        f"lead_id,occurred_at,stage\na,{TIME},Nowhere\n",
        (
            "stage: 'Nowhere' is not a stage (known: New, Qualified, Proposal, Won, Lost); "
            "correct the row or add the stage to pipelines.toml"
        ),
    ),
    "stage of an unknown pipeline": (
        "stage_changes",
        f"lead_id,occurred_at,stage,pipeline\na,{TIME},Won,b2c\n",
        (
            "stage: 'Won' is not a stage of pipeline 'b2c' (known: no stage; known pipelines are "
            "default); correct the row or add the stage to pipelines.toml"
        ),
    ),
    "empty stage": (
        "stage_changes",
        f"lead_id,occurred_at,stage\na,{TIME},\n",
        "stage: it is empty; fill it",
    ),
    "empty lead_id": (
        "interactions",
        f"lead_id,occurred_at,kind\n,{TIME},call\n",
        "lead_id: it is empty; fill it",
    ),
    "missing lead_id": (
        "interactions",
        f"lead_id,occurred_at,kind\n ,{TIME},call\n",
        "lead_id: it is empty; fill it",
    ),
    "empty time": (
        "interactions",
        "lead_id,occurred_at,kind\na,,call\n",
        "occurred_at: it is empty; fill it",
    ),
    "no time": (
        "interactions",
        "lead_id,occurred_at,kind\na,03/04/24 9:15,call\n",
        (
            "occurred_at: '03/04/24 9:15' is not an ISO 8601 time such as 2026-03-01T10:00:00Z; "
            "correct the row"
        ),
    ),
    "time of a far year": (
        "interactions",
        "lead_id,occurred_at,kind\na,0001-01-01T00:00:00+05:00,call\n",
        (
            "occurred_at: '0001-01-01T00:00:00+05:00' is outside the years 1901 to 2198; "
            "correct the row"
        ),
    ),
    "unreadable duration": (
        "interactions",
        f"lead_id,occurred_at,kind,duration_seconds\na,{TIME},call,1:30\n",
        "duration_seconds: '1:30' is not a number; write digits with a decimal point",
    ),
    "endless duration": (
        "interactions",
        f"lead_id,occurred_at,kind,duration_seconds\na,{TIME},call,inf\n",
        "duration_seconds: 'inf' is not a number; write digits with a decimal point",
    ),
    "negative duration": (
        "interactions",
        f"lead_id,occurred_at,kind,duration_seconds\na,{TIME},call,-5\n",
        "duration_seconds: '-5' is negative; give 0 or more",
    ),
    "bad direction": (
        "interactions",
        f"lead_id,occurred_at,kind,direction\na,{TIME},call,in\n",
        "direction: 'in' is neither inbound nor outbound; correct the row",
    ),
    "long name": (
        "interactions",
        f"lead_id,occurred_at,kind\na,{TIME},{'k' * 600}\n",
        f"kind: '{'k' * 40}'… is longer than 512 characters; correct the row",
    ),
    "long text": (
        "interactions",
        f"lead_id,occurred_at,kind,text\na,{TIME},call,{'t' * 140_000}\n",
        f"text: '{'t' * 40}'… is longer than {MAX_TEXT_LENGTH:,} characters; correct the row",
    ),
    "NUL in a detail": (
        "interactions",
        f"lead_id,occurred_at,kind,note\na,{TIME},call,x\0y\n",
        "note: 'x\\x00y' holds a NUL character; correct the row",
    ),
    "too many cells": (
        "interactions",
        f"lead_id,occurred_at,kind\na,{TIME},call,twice, indeed\n",
        (
            "5 cells where the header names 3 columns, the last ' indeed'; "
            "quote cells that hold a comma"
        ),
    ),
    "too few cells": (
        "interactions",
        f"lead_id,occurred_at,kind\na,{TIME}\n",
        (
            f"2 cells where the header names 3 columns, the last '{TIME}'; "
            "quote cells that hold a comma"
        ),
    ),
    "attribute without a name": (
        "attribute_changes",
        f"lead_id,occurred_at,attribute,value\na,{TIME},,5\n",
        "attribute: it is empty; fill it",
    ),
    "pipeline of a lead": (
        "leads",
        f"lead_id,created_at,pipeline\nz,{TIME},b2c\n",
        (
            "pipeline: 'b2c' is not a pipeline (known: default); "
            "correct the row or add it to pipelines.toml"
        ),
    ),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_row_is_refused_with_number_and_reason(name, make_folder, tmp_path):
    table, rows, reason = BAD_ROWS[name]
    header, row = rows.split("\n", 1)
    good = {
        "interactions": f"a,{TIME},call",
        "stage_changes": f"a,{TIME},Won",
        "attribute_changes": f"a,{TIME},source,fair",
        "leads": f"a,{TIME},default",
    }[table]
    good += "," * (header.count(",") - good.count(","))
    folder = make_folder(
        {f"{table}.csv": f"{header}\n{good}\n\n{row}{good.replace(TIME, LATER)}\n"}
    )
    if table == "leads":
        folder = make_folder({"leads.csv": f"{header}\n{good}\n{row}"}, name="leads")
    contents = read_folder(folder, rejected_dir=tmp_path / "rejected")

    (file,) = contents.rejected_files
    with file.open(newline="") as opened:
        (refused,) = csv.DictReader(opened)
    assert refused["row"] == "2"
    assert refused["reason"] == reason
    assert contents.first_rejections == {table: f"{table}.csv, row 2: {reason}"}
    counts = contents.tables[table]
    assert counts.rejected == 1
    assert counts.read == counts.stored + counts.rejected


def test_text_in_a_column_of_numbers_is_refused(make_folder):
    leads = "lead_id,created_at,amount\n" + "".join(f"{n},{TIME},{n}\n" for n in range(40))
    rows = f"lead_id,occurred_at,attribute,value\n1,{TIME},amount,a lot\n"
    folder = make_folder({"leads.csv": leads + f"z,{TIME},many\n", "attribute_changes.csv": rows})

    assert read_folder(folder).first_rejections == {
        "leads": "leads.csv, row 41: amount: 'many' is not a number; "
        "write digits with a decimal point",
        "attribute_changes": "attribute_changes.csv, row 1: value: amount 'a lot' is not a number; "
        "write digits with a decimal point",
    }


def test_local_time_that_the_clocks_skipped_is_refused(make_folder):
    rows = "lead_id,occurred_at,kind\na,2026-03-29T02:30:00,call\na,2026-03-29T04:30:00,call\n"
    contents = read_folder(
        make_folder({"interactions.csv": rows}), timezone=ZoneInfo("Europe/Berlin")
    )

    assert (
        "does not exist in Europe/Berlin: the clocks skipped it"
        in (contents.first_rejections["interactions"])
    )
    assert contents.tables["interactions"].stored == 1


def test_event_entered_in_advance_is_known_when_both_clocks_have_passed(make_folder):
    rows = f"lead_id,occurred_at,kind,recorded_at\na,{TIME},meeting,2026-01-01T08:00:00Z\n"
    contents = read_folder(make_folder({"interactions.csv": rows}))

    events = contents.timelines.events
    assert contents.tables["interactions"].rejected == 0
    assert (events.recorded_at < events.occurred_at).sum() == 1


def test_cleared_value_is_kept_as_a_change_to_nothing(make_folder):
    rows = f"lead_id,occurred_at,attribute,value\na,{TIME},amount,\na,{LATER},amount,7\n"
    contents = read_folder(make_folder({"attribute_changes.csv": rows}))

    assert contents.tables["attribute_changes"].stored == 2


def test_refused_row_keeps_its_cells(make_folder, tmp_path):
    rows = f'lead_id,occurred_at,kind,direction,note\na,{TIME},call,up,"one, two"\n'
    folder = make_folder({"interactions.csv": rows})
    (file,) = read_folder(folder, rejected_dir=tmp_path / "rejected").rejected_files

    with file.open(newline="") as opened:
        (refused,) = csv.DictReader(opened)
    assert list(refused)[2:] == ["lead_id", "occurred_at", "kind", "direction", "note"]
    assert refused["note"] == "one, two"


def test_refused_rows_are_only_counted_without_a_place_for_them(make_folder):
    rows = f"lead_id,occurred_at,kind,direction\na,{TIME},call,up\n"
    contents = read_folder(make_folder({"interactions.csv": rows}))

    assert contents.rejected_files == ()
    assert contents.tables["interactions"].rejected == 1
