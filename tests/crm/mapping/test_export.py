"""An export read through a mapping: every row of the person's files is accounted for."""

import csv
from zoneinfo import ZoneInfo

import pytest

from crm.importing import import_folder
from leads.errors import InvalidTableError


def test_renames_formats_links_and_outcome_in_one_mapping(
    read_export, export_files, mapping, events_of
):
    contents = read_export(export_files, mapping)

    assert {n: (t.read, t.stored, t.rejected) for n, t in contents.tables.items()} == {
        "leads": (3, 3, 0),
        "interactions": (4, 3, 1),
        "stage_changes": (3, 3, 0),
    }
    assert contents.attribute_types == {"amount": "number"}
    # A naive time is Berlin's; a bare date of a closing is the end of that day.
    assert events_of(contents, "1") == [
        ("call", "2026-03-01T09:00:00Z"),
        ("Won", "2026-03-20T22:59:59Z"),
    ]


def test_rejections_name_the_row_and_the_file_of_the_person(
    read_export, export_files, mapping, tmp_path
):
    contents = read_export(export_files, mapping)

    assert contents.first_rejections["interactions"].startswith(
        "calls.csv, row 3: lead_id: no lead has 'c9' as its Contact"
    )
    with (tmp_path / "rejected" / "export" / "interactions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["row"], row["event_id"]) for row in rows] == [
        ("calls.csv", "3", "k3")
    ]


def test_a_cell_that_does_not_fit_its_format_refuses_the_row(read_export, export_files, mapping):
    deals = str(export_files["deals.csv"]).replace("02/03/2026 09:00", "2026-03-02")
    contents = read_export({**export_files, "deals.csv": deals}, mapping)

    assert contents.tables["leads"].rejected == 1
    assert contents.first_rejections["leads"] == (
        "deals.csv, row 2: created_at: '2026-03-02' is no time of the format '%d/%m/%Y %H:%M'; "
        "correct the row or the mapping"
    )


def test_a_broken_row_is_refused_once_however_often_its_file_is_read(read_export):
    events = "id,type,at\n1,new,2026-01-01T00:00:00Z\n1,call\n1,call,2026-01-02T00:00:00Z\n"
    contents = read_export({"events.csv": events}, _SEVERAL_KINDS)

    assert {n: (t.read, t.rejected) for n, t in contents.tables.items()} == {
        "leads": (2, 1),
        "interactions": (1, 0),
    }
    assert contents.first_rejections["leads"].startswith("events.csv, row 2: 2 cells where")


_SEVERAL_KINDS = """
[[pipeline]]
name = "default"
stages = ["New"]
won = ["Won"]
lost = ["Lost"]

[[read]]
file = "events.csv"
as = "leads"
where = [{ column = "type", in = ["new"] }]
columns = { lead_id = "id", created_at = "at" }

[[read]]
file = "events.csv"
as = "interactions"
where = [{ column = "type", in = ["call", "mail"], because = "neither call nor mail" }]
columns = { lead_id = "id", occurred_at = "at", kind = "type" }
"""


def test_one_file_of_several_kinds_and_rows_that_no_reading_takes(write_export, store, tmp_path):
    events = (
        "id,type,at,note\n1,new,2026-01-01T00:00:00Z,\n1,call,2026-01-02T00:00:00Z,\n"
        "1,ping,2026-01-03T00:00:00Z,\n1,mail,2026-01-04T00:00:00Z,\n"
    )
    folder, mapping = write_export({"events.csv": events}, _SEVERAL_KINDS)
    summary = import_folder(store, folder, home=tmp_path, mapping=mapping)

    assert summary.as_record()["files"] == {
        "events.csv": {
            "rows": 4,
            "used": 3,
            "left_out": {"not: type is one of 'new'; neither call nor mail": 1},
            "columns_left_out": {},
            "columns_not_read": ["note"],
        }
    }


def test_left_out_columns_are_told_with_their_reason(
    write_export, export_files, mapping, store, tmp_path
):
    folder, mapping_file = write_export(export_files, mapping)
    summary = import_folder(store, folder, home=tmp_path, mapping=mapping_file)

    assert dict(summary.files["deals.csv"].columns_left_out) == {
        "Status note": "written at the close"
    }
    assert summary.files["deals.csv"].columns_not_read == ("Contact",)
    assert "Status note" not in summary.attribute_types


def test_importing_an_export_again_changes_nothing(
    write_export, export_files, mapping, store, tmp_path
):
    folder, mapping_file = write_export(export_files, mapping)
    first = import_folder(store, folder, home=tmp_path, mapping=mapping_file)
    again = import_folder(store, folder, home=tmp_path, mapping=mapping_file)

    assert sum(t.stored for t in first.tables.values()) == 9
    assert [(t.stored, t.updated) for t in again.tables.values()] == [(0, 0)] * 3
    assert again.sequence == first.sequence


def test_a_store_and_a_folder_give_the_same_timelines(
    write_export, read_export, export_files, mapping, store, tmp_path
):
    folder, mapping_file = write_export(export_files, mapping)
    import_folder(store, folder, home=tmp_path, mapping=mapping_file)
    contents = read_export(export_files, mapping)

    stored = store.timelines()
    assert stored.event_id == contents.timelines.event_id
    assert stored.events.occurred_at.tolist() == contents.timelines.events.occurred_at.tolist()
    assert stored.events.recorded_at.tolist() == contents.timelines.events.recorded_at.tolist()


def test_a_pattern_reads_all_its_files_and_says_which(read_export, export_files, mapping):
    header, *rows = str(export_files["calls.csv"]).splitlines()
    parts = {
        "calls-1.csv": "\n".join([header, *rows[:2]]),
        "calls-2.csv": "\n".join([header, *rows[2:]]),
    }
    files = {"deals.csv": export_files["deals.csv"], **parts}
    contents = read_export(files, mapping.replace('"calls.csv"', '"calls-*.csv"'))

    assert contents.tables["interactions"].stored == 3
    assert contents.first_rejections["interactions"].startswith("calls-2.csv, row 1: lead_id")


def test_details_of_other_files_are_missing_and_not_wrong(read_export):
    files = {
        "events.csv": "id,type,at\n1,new,2026-01-01T00:00:00Z\n",
        "mails.csv": "id,at,opens\n1,2026-01-03T00:00:00Z,2\n",
    }
    mails = """
[[read]]
file = "mails.csv"
as = "interactions"
keep_others = true
columns = { lead_id = "id", occurred_at = "at", kind = { value = "mail" } }
"""
    contents = read_export(files, _SEVERAL_KINDS + mails)

    assert contents.tables["interactions"].stored == 1
    assert contents.timelines.kinds == ("mail",)


def test_a_column_kept_by_accident_under_a_name_of_the_contract_is_refused(read_export):
    files = {"events.csv": "id,type,at,pipeline\n1,new,2026-01-01T00:00:00Z,x\n"}
    mapping = _SEVERAL_KINDS.replace('as = "leads"', 'as = "leads"\nkeep_others = true')

    with pytest.raises(InvalidTableError, match="'pipeline' would be kept, but it has a meaning"):
        read_export(files, mapping)


def test_a_column_that_is_not_there_is_named_with_a_suggestion(read_export, export_files, mapping):
    with pytest.raises(InvalidTableError, match=r"'Creatd', which is not .* mean 'Created'\?"):
        read_export(export_files, mapping.replace('"Created"', '"Creatd"'))


def test_a_missing_file_is_named_with_those_that_are_there(read_export, export_files, mapping):
    with pytest.raises(InvalidTableError, match=r"no file 'deals.csv', .*its files: calls.csv"):
        read_export({"calls.csv": export_files["calls.csv"]}, mapping)


def test_a_file_outside_the_export_is_refused(read_export, export_files, mapping):
    with pytest.raises(InvalidTableError, match="leaves the folder of the export"):
        read_export(export_files, mapping.replace('"deals.csv"', '"../deals.csv"'))


def test_naive_times_without_a_zone_fail_with_the_persons_file_and_row(
    read_export, export_files, mapping
):
    naive = mapping.replace('timezone = "Europe/Berlin"', "")
    with pytest.raises(InvalidTableError, match=r"deals.csv, row 1, created_at: .* --timezone"):
        read_export(export_files, naive)


def test_the_time_zone_of_the_command_goes_before_the_mappings(
    read_export, export_files, mapping, events_of
):
    contents = read_export(export_files, mapping, timezone=ZoneInfo("UTC"))
    assert events_of(contents, "1")[0] == ("call", "2026-03-01T10:00:00Z")


def test_filters_that_leave_no_lead_fail_the_import(read_export):
    with pytest.raises(InvalidTableError, match="no leads that pass the filters"):
        read_export({"events.csv": "id,type,at\n1,call,2026-01-01T00:00:00Z\n"}, _SEVERAL_KINDS)


def test_a_format_that_no_row_has_is_told_with_the_first_cell_and_not_as_a_filter(
    read_export, export_files, mapping
):
    message = (
        r"none of the 3 rows can be read .* deals\.csv, row 1: created_at: '01/03/2026 09:00' "
        r"is no time of the format '%d\.%m\.%Y'; correct the row or the mapping"
    )
    with pytest.raises(InvalidTableError, match=message) as told:
        read_export(export_files, mapping.replace("%d/%m/%Y %H:%M", "%d.%m.%Y"))
    assert "filter" not in str(told.value)


def test_an_export_without_rows_is_not_blamed_on_filters(read_export, export_files, mapping):
    header = str(export_files["deals.csv"]).split("\n")[0] + "\n"
    with pytest.raises(InvalidTableError, match=r"deals\.csv has no rows; give an export"):
        read_export({**export_files, "deals.csv": header}, mapping)


def test_other_encodings_and_semicolons(read_export, export_files, mapping):
    deals = str(export_files["deals.csv"]).replace("Stage", "Phäse").encode("cp1252")
    renamed = mapping.replace('"Stage"', '"Phäse"')
    with pytest.raises(InvalidTableError, match="is not UTF-8"):
        read_export({**export_files, "deals.csv": deals}, renamed)

    told = renamed.replace('delimiter = ";"', 'delimiter = ";"\nencoding = "cp1252"')
    assert read_export({**export_files, "deals.csv": deals}, told).tables["leads"].stored == 3


def test_a_given_type_goes_before_what_would_be_inferred(read_export, export_files, mapping):
    told = mapping.replace("[[pipeline]]", '[attribute_types]\namount = "category"\n\n[[pipeline]]')
    assert read_export(export_files, told).attribute_types == {"amount": "category"}

    with pytest.raises(InvalidTableError, match=r"names 'amout', .* did you mean 'amount'\?"):
        read_export(export_files, told.replace("amount =", "amout =", 1), "other")
