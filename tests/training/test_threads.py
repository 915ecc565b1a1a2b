"""One seed gives one model, on one thread as on two."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from models.artifact import write_artifact
from tests.training.simulated_crm import RECIPE, simulated_timelines, until_of
from training.artifacts import artifact_of
from training.evaluation import judge_forward, report
from training.fitting import fit_model
timelines = simulated_timelines()
until = until_of(timelines)
figures = report(judge_forward(timelines, until, 3, RECIPE))
artifact = artifact_of(fit_model(timelines, until, 3, RECIPE), timelines, figures)
print(write_artifact(Path(sys.argv[1]), artifact))
"""


@pytest.mark.slow
def test_model_and_its_figures_are_the_same_bytes_on_one_thread_and_on_two(tmp_path):
    manifests = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / threads)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]

    assert manifests[0] == manifests[1]
    assert len(manifests[0].strip()) == 64
