"""Compiled code is kept: a second start computes every signal without compiling anything."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Prints how many compiled functions were called from Python, and those that were compiled anew.
START = """
import gc
import numpy as np
from numba.core.dispatcher import Dispatcher
from features.families import FAMILIES
from features.plan import learn_plan
from features.population import population_of
from leads.view import Snapshots, look
from tests.features.training_history import training_history

timelines = training_history().timelines()
plan = learn_plan(timelines, FAMILIES)
newest = int(timelines.events.recorded_at.max())
snapshots = Snapshots(np.arange(len(timelines)), np.full(len(timelines), newest))
plan.matrix(look(timelines, snapshots), population_of(timelines))
alone = timelines.only(np.zeros(1, np.int64))
plan.matrix(look(alone, Snapshots(np.zeros(1, np.int64), snapshots.as_of[:1])),
            population_of(timelines))
called = [one for one in gc.get_objects() if isinstance(one, Dispatcher) and one.signatures]
kept = sum(len(one.stats.cache_hits) for one in called)
print(kept, [one.__name__ for one in called if one.stats.cache_misses or not one.stats.cache_hits])
"""


def test_second_start_compiles_nothing():
    told = [
        subprocess.run(
            [sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]

    kept, compiled = told[1].split(" ", 1)
    assert int(kept) > 20
    assert compiled == "[]\n"
