"""CSV, gzipped CSV and Parquet look the same to whoever reads rows."""

import gzip
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm.folder import read_folder
from crm.tables import open_table
from leads.errors import InvalidTableError


def columns_of(path):
    found: dict[str, list] = {}
    for block in open_table(path).blocks():
        for name, cells in block.columns.items():
            found.setdefault(name, []).extend(cells)
    return found


def test_cells_of_parquet_are_text(tmp_path):
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    table = pa.table(
        {
            "text": ["å", None],
            "number": [1.5, float("nan")],
            "whole": [3.0, 123456789012.0],
            "int": pa.array([7, None], pa.int64()),
            "yes": [True, False],
            "day": [date(2026, 3, 1), None],
            "money": [Decimal("12.50"), None],
            "code": pa.array(["x", "x"]).dictionary_encode(),
            "local": [datetime(2026, 1, 1), None],  # noqa: DTZ001
            "utc": pa.array([datetime(2026, 1, 1, tzinfo=UTC), None], pa.timestamp("ns", "UTC")),
            "berlin": pa.array([moment, None], pa.timestamp("ms", "Europe/Berlin")),
            "nothing": pa.nulls(2),
        }
    )
    pq.write_table(table, tmp_path / "leads.parquet")

    assert columns_of(tmp_path / "leads.parquet") == {
        "text": ["å", None],
        "number": ["1.5", "nan"],
        "whole": ["3", "123456789012"],
        "int": ["7", None],
        "yes": ["true", "false"],
        "day": ["2026-03-01", None],
        "money": ["12.50", None],
        "code": ["x", "x"],
        "local": ["2026-01-01 00:00:00.000000", None],
        "utc": ["2026-01-01 00:00:00.000000Z", None],
        "berlin": ["2026-01-01 10:00:00.000000Z", None],
        "nothing": [None, None],
    }


@pytest.mark.parametrize(
    "column", [pa.array([[1]]), pa.array([b"x"]), pa.array([b"x"], pa.large_binary())]
)
def test_parquet_column_that_is_no_text_fails_the_table(tmp_path, column):
    pq.write_table(pa.table({"blob": column}), tmp_path / "leads.parquet")

    with pytest.raises(InvalidTableError, match=r"leads.parquet: the column 'blob' is of type"):
        open_table(tmp_path / "leads.parquet")


def test_blank_lines_and_the_header_are_not_counted(tmp_path):
    (tmp_path / "leads.csv").write_bytes(
        b"\xef\xbb\xbflead_id , x\r\n\r\na,1\r\n\r\n\r\nb,2,3\r\nc,4\r\n"
    )
    table = open_table(tmp_path / "leads.csv")
    (block,) = table.blocks()

    assert table.columns == ("lead_id", "x")
    assert list(block.rows) == [1, 3]
    assert [broken.row for broken in block.broken] == [2]
    assert block.columns == {"lead_id": ("a", "c"), "x": ("1", "4")}


def test_quoted_cells_may_hold_commas_quotes_and_line_breaks(tmp_path):
    (tmp_path / "leads.csv").write_text('lead_id,note\na,"one, ""two""\nthree"\nb,x\n')

    assert columns_of(tmp_path / "leads.csv")["note"] == ['one, "two"\nthree', "x"]


@pytest.mark.parametrize("limit", ["BLOCK_ROWS", "BLOCK_CHARACTERS"])
def test_blocks_number_rows_through(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(f"crm.tables.{limit}", 3)
    rows = [f"{n},{n}" for n in range(1, 9)]
    (tmp_path / "leads.csv").write_text("\n".join(["lead_id,x", *rows]))
    blocks = list(open_table(tmp_path / "leads.csv").blocks())

    assert len(blocks) > 1
    numbered = [
        (str(row), cell)
        for block in blocks
        for row, cell in zip(block.rows, block.columns["x"], strict=True)
    ]
    assert numbered == [(str(n), str(n)) for n in range(1, 9)]


def test_same_folder_in_all_formats_gives_the_same_timelines(make_folder, usual, describe):
    plain = read_folder(make_folder())
    zipped = make_folder(
        {"leads.csv": None, "leads.csv.gz": gzip.compress(usual["leads.csv"].encode())}, name="gz"
    )
    parquet = make_folder({"leads.csv": None}, name="parquet")
    header, *rows = [line.split(",") for line in usual["leads.csv"].splitlines()]
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    columns["created_at"] = [datetime.fromisoformat(t) for t in columns["created_at"]]
    columns["amount"] = [float(a) for a in columns["amount"]]
    pq.write_table(pa.table(columns), parquet / "leads.parquet")

    assert describe(read_folder(zipped).timelines) == describe(plain.timelines)
    assert describe(read_folder(parquet).timelines) == describe(plain.timelines)


def test_naive_timestamps_in_parquet_need_a_time_zone(make_folder):
    folder = make_folder({"leads.csv": None})
    moments = [datetime(2026, 1, 1, 9)]  # noqa: DTZ001
    pq.write_table(pa.table({"lead_id": ["a"], "created_at": moments}), folder / "leads.parquet")

    with pytest.raises(
        InvalidTableError, match=r"leads.parquet, row 1, created_at: .*no time zone"
    ):
        read_folder(folder)
