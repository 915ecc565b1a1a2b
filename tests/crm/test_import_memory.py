"""An import streams: its memory does not grow with its tables."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_RSS_MIB = 500


@pytest.mark.slow
def test_300_megabytes_with_text_in_a_typed_column_fit_into_500_mib(tmp_path):
    done = subprocess.run(
        [sys.executable, "benchmarks/import_memory.py", "--megabytes", "300"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    interactions = measured["tables"]["interactions"]

    assert interactions["read"] > 800_000
    assert (interactions["rejected"], interactions["stored"]) == (1, interactions["read"] - 1)
    assert measured["max_rss_mib"] < MAX_RSS_MIB
