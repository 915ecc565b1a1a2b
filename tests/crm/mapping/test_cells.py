"""The cells of a column as a mapping makes them."""

import pytest

from crm.mapping.cells import make_cells
from crm.mapping.definition import Cells
from crm.tables import Block

A = ("a",)


@pytest.mark.parametrize(
    ("rule", "given", "made"),
    [
        (Cells(columns=A), ["x", None], ["x", None]),
        (Cells(constant="call"), ["x", ""], ["call", "call"]),
        (Cells(row_number=True), ["x", "y"], ["7", "9"]),
        (Cells(columns=A, values={"In": "inbound"}), ["In ", "Out"], ["inbound", "Out"]),
        (Cells(columns=A, values={"1": "Won"}, otherwise="Lost"), ["1", "2"], ["Won", "Lost"]),
        # What is missing stays missing, unless the map or `if_empty` says otherwise.
        (Cells(columns=A, values={"1": "Won"}, otherwise="Lost"), ["1", ""], ["Won", None]),
        (Cells(columns=A, values={"": "none"}), ["", None], ["none", "none"]),
        (Cells(columns=A, values={"Select": ""}), ["Select", "x"], [None, "x"]),
        (Cells(columns=A, if_empty="web"), ["", "fair"], ["web", "fair"]),
        (
            Cells(columns=A, characters=15),
            ["001000000000001AAB", "short"],
            ["001000000000001", "short"],
        ),
        (Cells(columns=A, unit="ms"), ["61500", "0"], ["61.5", "0"]),
        (Cells(columns=A, unit="minutes"), ["1.5", "2"], ["90", "120"]),
        (Cells(columns=A, unit="hours", decimal_comma=True), ["1,5", "2"], ["5400", "7200"]),
        (Cells(columns=A, unit="HH:MM"), ["01:30", "26:00"], ["5400", "93600"]),
        (Cells(columns=A, unit="HH:MM:SS"), ["0:01:05", "1:00:00"], ["65", "3600"]),
        (Cells(columns=A, decimal_comma=True), ["1.234,50", "1 234,5"], ["1234.50", "1234.5"]),
        (
            Cells(columns=A, time_format="%d/%m/%Y %H:%M"),
            ["31/12/2025 23:59", "01/02/2026 00:00"],
            ["2025-12-31T23:59:00", "2026-02-01T00:00:00"],
        ),
        (
            Cells(columns=A, time_format="%d/%m/%Y %H:%M", end_of_day=True),
            ["31/12/2025 00:00", "2/2/2026 10:00"],
            ["2025-12-31T00:00:00", "2026-02-02T10:00:00"],
        ),
        (
            Cells(columns=A, time_format="%d.%m.%Y", end_of_day=True),
            ["31.12.2025", ""],
            ["2025-12-31T23:59:59", None],
        ),
        (
            Cells(columns=A, end_of_day=True),
            ["2026-03-01", "2026-03-01T10:00:00Z"],
            ["2026-03-01T23:59:59", "2026-03-01T10:00:00Z"],
        ),
        (
            Cells(columns=A, time_format="unix"),
            ["1767225600", "1767225600.5"],
            ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.500000Z"],
        ),
        (
            Cells(columns=A, time_format="unix_ms"),
            ["1767225600000", None],
            ["2026-01-01T00:00:00Z", None],
        ),
    ],
)
def test_cells(rule, given, made):
    problems: dict[int, str] = {}
    assert list(make_cells(rule, "target", Block([7, 9], {"a": given}), problems)) == made
    assert problems == {}


def test_several_columns_are_joined_without_the_empty_ones():
    block = Block([1, 2, 3], {"first": ["Ann", "", None], "last": ["Lee", "Ek", ""]})
    rule = Cells(columns=("first", "last"))
    assert list(make_cells(rule, "actor", block, {})) == ["Ann Lee", "Ek", None]


@pytest.mark.parametrize(
    ("rule", "text", "reason"),
    [
        (Cells(columns=A, unit="minutes"), "soon", "target: 'soon' is not a number"),
        (Cells(columns=A, unit="HH:MM"), "1:30:00", "is not a duration of the form HH:MM"),
        (Cells(columns=A, unit="HH:MM:SS"), "1:30", "is not a duration of the form HH:MM:SS"),
        (Cells(columns=A, time_format="%d/%m/%Y"), "2026-01-01", "is no time of the format"),
        (Cells(columns=A, time_format="unix"), "1e40", "is no time of the format unix"),
    ],
)
def test_what_cannot_be_made_is_a_problem_of_its_row(rule, text, reason):
    problems: dict[int, str] = {}
    block = Block([1, 2, 3], {"a": [None, text, text]})

    assert list(make_cells(rule, "target", block, problems)) == [None, None, None]
    assert set(problems) == {1, 2}
    assert reason in problems[1]
