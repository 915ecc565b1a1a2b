"""Excel files as exports."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from crm.folder import read_folder
from crm.mapping.excel import open_sheet
from leads.errors import InvalidTableError

MAPPING = """
timezone = "UTC"

[[pipeline]]
name = "default"
stages = ["New"]
won = ["Won"]
lost = ["Lost"]

[[read]]
file = "book.xlsx"
sheet = "Deals"
as = "leads"
keep_others = true
columns = { lead_id = "Id", created_at = "Created" }

[read.outcome]
stage = "Stage"
closed_at = "Closed"
"""


def save(path: Path, rows: list[list[Any]]) -> Path:
    book = Workbook()
    first = book.active
    assert first is not None
    first.append(["not", "this"])
    sheet = book.create_sheet("Deals")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_cells_become_the_text_that_a_csv_would_hold(tmp_path):
    moment = datetime(2026, 3, 1, 10, 30)  # noqa: DTZ001
    path = save(
        tmp_path / "book.xlsx",
        [
            ["text", "whole", "part", "flag", "time", "day", "span", None],
            ["x", 3, 2.5, True, moment, date(2026, 3, 1), timedelta(minutes=90), None],
            [None, None, None, None, None, None, None],
            ["y", None, None, None, None, None, None],
        ],
    )
    [block] = open_sheet(path, "Deals").blocks()

    assert {name: cells[0] for name, cells in block.columns.items()} == {
        "text": "x",
        "whole": "3",
        "part": "2.5",
        "flag": "true",
        "time": "2026-03-01T10:30:00",
        "day": "2026-03-01",
        "span": "1:30:00",
    }
    # The empty row is not counted.
    assert list(block.rows) == [1, 2]
    assert block.columns["text"][1] == "y"


def test_an_excel_export_is_read_like_any_other(tmp_path, events_of):
    day = date(2026, 3, 9)
    created = datetime(2026, 3, 1, 9)  # noqa: DTZ001
    save(
        tmp_path / "book.xlsx",
        [
            ["Id", "Created", "Stage", "Closed", "source"],
            [101, created, "Won", day, "fair"],
            [102, created, "New", None, "web", "too much"],
            [103, created, "New", None, "web"],
        ],
    )
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    contents = read_folder(tmp_path / "book.xlsx", mapping=mapping)

    assert (contents.tables["leads"].stored, contents.tables["leads"].rejected) == (2, 1)
    assert events_of(contents, "101") == [("Won", "2026-03-09T23:59:59Z")]
    assert contents.attribute_types == {"source": "category"}
    assert contents.first_rejections["leads"].startswith("book.xlsx [Deals], row 2: 6 cells where")


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path):
    path = save(tmp_path / "book.xlsx", [["Id"]])
    with pytest.raises(InvalidTableError, match="no sheet 'Leads'; its sheets are Sheet, Deals"):
        open_sheet(path, "Leads")


def test_what_is_no_excel_file_is_said(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"Id,Created\n")
    with pytest.raises(InvalidTableError, match="is damaged or not an Excel file"):
        open_sheet(path, None)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_file_with_a_part_cut_short_is_named(tmp_path, part):
    path = tmp_path / "book.xlsx"
    book = Workbook()
    for n in range(50):
        book.worksheets[0].append([f"name {n}", datetime(2026, 3, 1, n % 24)])  # noqa: DTZ001
    book.save(path)
    with ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    parts[part] = parts[part][: len(parts[part]) // 2]
    with ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)

    with pytest.raises(InvalidTableError, match=r"book\.xlsx is damaged .*; save it again") as told:
        list(open_sheet(path, None).blocks())
    assert "\n" not in str(told.value)


def test_a_file_whose_bytes_are_overwritten_is_named(tmp_path):
    path = save(tmp_path / "book.xlsx", [["Id", "Name"], *([n, f"name {n}"] for n in range(99))])
    with ZipFile(path) as packed:
        sheet = packed.getinfo("xl/worksheets/sheet2.xml")
    raw = bytearray(path.read_bytes())
    middle = sheet.header_offset + sheet.compress_size // 2
    raw[middle : middle + 40] = bytes(40)
    path.write_bytes(raw)

    with pytest.raises(InvalidTableError, match=r"book\.xlsx is damaged"):
        list(open_sheet(path, "Deals").blocks())


def test_a_file_that_lost_its_sheets_is_named(tmp_path):
    path = save(tmp_path / "book.xlsx", [["Id"]])
    with ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with ZipFile(path, "w") as packed:
        for name, content in parts.items():
            if not name.startswith("xl/worksheets/"):
                packed.writestr(name, content)

    with pytest.raises(InvalidTableError, match=r"book\.xlsx has no sheet that can be read"):
        open_sheet(path, None)
