"""The benchmark of accuracy where its data is not there."""

import sys
from pathlib import Path

import pytest

from benchmarks import accuracy


def test_data_that_is_absent_is_named_and_nothing_measured_is_a_failure(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["accuracy", "--json", "--only", "school_crm"])

    with pytest.raises(SystemExit, match="nothing was measured"):
        accuracy.main()

    told = capsys.readouterr()
    assert told.out == ""
    folder = Path("../shared/data/school_crm")
    assert told.err.startswith(f"school_crm is left out: there is no folder {folder}")
