"""Outcome and closing time from columns, and what is said where the time is missing."""

import pytest

from leads.errors import InvalidTableError

END = "2026-03-20T22:59:59Z"


def test_a_missing_closing_time_is_known_at_the_end_and_counted(
    read_export, export_files, mapping, events_of
):
    contents = read_export(export_files, mapping)

    assert events_of(contents, "2")[-1] == ("Lost", END)
    assert f"1 closings have no time: taken as the export's end, {END} (export_end)" in (
        contents.warnings
    )


@pytest.mark.parametrize(
    ("fallback", "happened"),
    [
        ('"last_event"', "2026-03-05T09:00:00Z"),
        ("{ after_days = 4 }", "2026-03-06T08:00:00Z"),
    ],
)
def test_other_fallbacks_say_when_it_happened_but_not_that_it_was_known(
    read_export, export_files, mapping, events_of, fallback, happened
):
    chosen = mapping.replace('closed_at = "Closed"', f'closed_at = "Closed"\nfallback = {fallback}')
    contents = read_export(export_files, chosen)

    assert events_of(contents, "2")[-1] == ("Lost", happened, END)
    assert any("closings have no time" in note for note in contents.warnings)


def test_the_median_is_that_of_dated_closings_of_the_stage(
    read_export, export_files, mapping, events_of
):
    deals = (
        "Id;Created;Stage;Closed;Contact;Value;Status note\n"
        "1;01/03/2026 00:00;Lost;2026-03-02T00:00:00;;;\n"
        "2;01/03/2026 00:00;Lost;2026-03-04T00:00:00;;;\n"
        "3;01/03/2026 00:00;Won;2026-03-20T00:00:00;;;\n"
        "4;02/03/2026 00:00;Lost;;;;\n"
    )
    chosen = mapping.replace('closed_at = "Closed"', 'closed_at = "Closed"\nfallback = "median"')
    contents = read_export({**export_files, "deals.csv": deals}, chosen)

    assert events_of(contents, "4")[-1] == ("Lost", "2026-03-03T23:00:00Z", "2026-03-19T23:00:00Z")


def test_the_moment_of_the_export_may_be_given(read_export, export_files, mapping, events_of):
    told = 'exported_at = "2026-04-01T12:00"\n' + mapping
    assert events_of(read_export(export_files, told), "2")[-1] == ("Lost", "2026-04-01T10:00:00Z")


def test_an_open_lead_is_in_its_stage_from_the_end_of_the_export(
    read_export, export_files, mapping, events_of
):
    # Its planned closing date is no closing.
    assert events_of(read_export(export_files, mapping), "3") == [
        ("call", "2026-03-01T07:00:00Z"),
        ("Proposal", END),
    ]
    without = mapping.replace('closed_at = "Closed"', 'closed_at = "Closed"\nopen_stages = false')
    assert events_of(read_export(export_files, without, "other"), "3")[1:] == []


def test_a_stage_that_no_pipeline_has_is_listed(read_export, export_files, mapping):
    deals = str(export_files["deals.csv"]).replace("Proposal", "Parked")
    contents = read_export({**export_files, "deals.csv": deals}, mapping)

    assert contents.tables["stage_changes"].rejected == 1
    assert (
        "deals.csv, row 3: stage: 'Parked' is not a stage"
        in (contents.first_rejections["stage_changes"])
    )


def test_a_closing_from_before_its_lead_is_told(read_export, export_files, mapping):
    deals = str(export_files["deals.csv"]).replace("2026-03-20", "2026-02-20")
    contents = read_export({**export_files, "deals.csv": deals}, mapping)

    assert any("1 closings are dated before their lead" in note for note in contents.warnings)


def test_an_outcome_needs_a_pipeline_that_says_what_closes(read_export, export_files, mapping):
    start, end = mapping.index("[[pipeline]]"), mapping.index("[[read]]")
    with pytest.raises(InvalidTableError, match=r"no \[\[pipeline\]\] says which stages win"):
        read_export(export_files, mapping[:start] + mapping[end:])


FLAT = """
[[pipeline]]
name = "default"
stages = ["New"]
won = ["Won"]
lost = ["Lost"]

[[read]]
file = "flat.csv"
as = "leads"
columns = { lead_id = { row_number = true }, created_at = ORDER }

[read.outcome]
stage = { column = "y", map = { yes = "Won" }, otherwise = "Lost" }
"""


@pytest.mark.parametrize(
    ("order", "minutes"),
    [
        ('{ order = "file" }', {"1": 0, "2": 1, "3": 2}),
        ('{ order = "n" }', {"1": 1, "2": 0, "3": 2}),
        ('{ order = "n", descending = true }', {"1": 1, "2": 2, "3": 0}),
    ],
)
def test_a_table_without_times_gets_them_from_an_order(read_export, events_of, order, minutes):
    contents = read_export({"flat.csv": "n,y\n9,yes\n8,no\n10,no\n"}, FLAT.replace("ORDER", order))

    for lead_id, minute in minutes.items():
        stage = "Won" if lead_id == "1" else "Lost"
        assert events_of(contents, lead_id) == [(stage, f"2000-01-01T00:{minute:02d}:30Z")]
    assert any("ages, horizons and times of day mean nothing" in n for n in contents.warnings)


def test_a_repeated_lead_adds_no_second_outcome(read_export, events_of):
    flat = FLAT.replace("{ row_number = true }", '"n"').replace("ORDER", '"t"')
    rows = "n,t,y\n1,2026-01-01T00:00Z,yes\n1,2026-01-01T00:00Z,yes\n1,2026-01-02T00:00Z,no\n"
    contents = read_export({"flat.csv": rows}, flat)

    assert len(events_of(contents, "1")) == 1
    assert contents.first_rejections["stage_changes"].startswith("flat.csv, row 3: lead_id: an ear")


def test_wide_columns_give_the_date_each_stage_was_entered(read_export, events_of):
    mapping = """
timezone = "UTC"

[[pipeline]]
name = "default"
stages = ["New", "Qualified", "Proposal"]
won = ["Won"]
lost = ["Lost"]

[[read]]
file = "deals.csv"
as = "leads"
columns = { lead_id = "id", created_at = "created" }

[read.stage_entered]
Qualified = "Date entered Qualified"
Proposal = { column = "Date entered Proposal", format = "%d.%m.%Y" }

[read.outcome]
stage = "stage"
closed_at = "closed"
"""
    deals = (
        "id,created,Date entered Qualified,Date entered Proposal,stage,closed\n"
        "1,2026-01-01T00:00,2026-01-02T10:00,05.01.2026,Won,2026-01-09\n"
        "2,2026-01-01T00:00,2026-01-03T10:00,,Qualified,\n"
    )
    contents = read_export({"deals.csv": deals}, mapping)

    assert events_of(contents, "1") == [
        ("Qualified", "2026-01-02T10:00:00Z"),
        ("Proposal", "2026-01-05T23:59:59Z"),
        ("Won", "2026-01-09T23:59:59Z"),
    ]
    # The stage at the export is not added where the dates of all stages are given.
    assert events_of(contents, "2") == [("Qualified", "2026-01-03T10:00:00Z")]
