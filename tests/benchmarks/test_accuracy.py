"""The benchmark of accuracy: where its data is not there, and how far from the truth it is."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy
from benchmarks.accuracy import error_against


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


def test_the_error_against_the_truth_knows_a_shift_from_noise():
    generator = np.random.default_rng(0)
    true = generator.uniform(0.2, 0.8, 50_000)
    noisy = np.clip(true + generator.normal(0, 0.1, len(true)), 0.01, 0.99)

    assert error_against(true, true)["calibration"] == pytest.approx(0, abs=1e-12)
    assert error_against(true, true - 0.05)["calibration"] == pytest.approx(0.05)
    assert error_against(true, true - 0.05)["mean"] == pytest.approx(-0.05)
    # Noise says too little at the bottom and too much at the top, and is right on average.
    found = error_against(true, noisy)
    assert found["mean"] == pytest.approx(0, abs=0.001)
    assert 0.005 < found["calibration"] < found["mean_absolute"] == pytest.approx(0.08, abs=0.002)
