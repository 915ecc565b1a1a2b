"""Refused rows are kept as files, which appear only when all went well."""

import csv

import pytest

from crm.rejections import RejectedRows, Rejection

ROW = Rejection(3, "stage: unknown", {"lead_id": "a", "stage": None})


def test_rows_are_written_with_number_reason_and_cells(tmp_path):
    with RejectedRows(tmp_path / "rejected" / "1") as rejected:
        rejected.add("stage_changes", "stage_changes.csv", ("lead_id", "stage"), [ROW])
        rejected.add("stage_changes", "stage_changes.csv", ("lead_id", "stage"), [ROW])
        rejected.add("leads", "leads.csv", ("lead_id",), [])

    (path,) = rejected.files
    assert path == tmp_path / "rejected" / "1" / "stage_changes.csv"
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["row", "reason", "lead_id", "stage"],
            ["3", "stage: unknown", "a", ""],
            ["3", "stage: unknown", "a", ""],
        ]
    assert rejected.total == 2
    assert rejected.first == {"stage_changes": "stage_changes.csv, row 3: stage: unknown"}
    assert [path.name for path in (tmp_path / "rejected").iterdir()] == ["1"]


def test_failed_import_leaves_no_files(tmp_path):
    def fail() -> None:
        with RejectedRows(tmp_path / "rejected" / "1") as rejected:
            rejected.add("leads", "leads.csv", ("lead_id",), [ROW])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list((tmp_path / "rejected").iterdir()) == []


def test_what_a_killed_run_left_is_not_taken_over(tmp_path):
    left = tmp_path / "rejected" / ".1.part"
    left.mkdir(parents=True)
    (left / "interactions.csv").write_text("half a line")
    with RejectedRows(tmp_path / "rejected" / "1") as rejected:
        rejected.add("leads", "leads.csv", ("lead_id",), [ROW])

    assert [path.name for path in (tmp_path / "rejected").iterdir()] == ["1"]
    assert [path.name for path in (tmp_path / "rejected" / "1").iterdir()] == ["leads.csv"]


def test_import_without_refused_rows_makes_no_folder(tmp_path):
    with RejectedRows(tmp_path / "rejected" / "1"):
        pass
    assert list(tmp_path.iterdir()) == []
