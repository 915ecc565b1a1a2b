"""How fast factors are computed, beside LightGBM's own `pred_contrib`: one thread, one run.

`python -m benchmarks.factors --json`: two models of invented rows, one of 300 trees with 31 leaves
over 60 features, and a bag as `train` makes it; LightGBM by its C library, without Python's share.
Both take turns; times are medians, of the processor, so that a busy machine counts for both alike.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from leads.arrays import Floats
from models.booster import Booster
from models.forest import Forest, grow_forest
from training.bag import member_seed
from training.recipe import Recipe

LEARNED_ROWS, ROWS = 20_000, 10_000
# LightGBM takes its time for each row: so many of them tell what one takes.
ROWS_OF_LIGHTGBM = 500
LOAD = """
import sys, time
from pathlib import Path
import models.forest
texts = [path.read_text() for path in sorted(Path(sys.argv[1]).glob("*.txt"))]
begun = time.perf_counter(), time.process_time()
models.forest.grow_forest(texts, int(sys.argv[2]))
first = time.perf_counter() - begun[0], time.process_time() - begun[1]
begun = time.perf_counter(), time.process_time()
models.forest.grow_forest(texts, int(sys.argv[2]))
print(first[0], first[1], time.perf_counter() - begun[0], time.process_time() - begun[1])
"""


def invented(features: int, categorical: int, rows: int, seed: int = 0) -> Floats:
    """Numbers, of which one in ten is missing, and first some columns of 5 to 100 categories."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(rows, features))
    for column in range(categorical):
        matrix[:, column] = draw.integers(0, 5 + 95 * column // max(categorical - 1, 1), rows)
    matrix[draw.random(matrix.shape) < 0.1] = np.nan
    return matrix


def _outcome(matrix: Floats, categorical: int) -> Floats:
    draw = np.random.default_rng(1)
    known = np.nan_to_num(matrix)
    numbers = known[:, categorical:]
    margin = 0.4 * numbers @ (draw.normal(size=numbers.shape[1]) / np.arange(1, 1 + len(numbers.T)))
    margin += sum((known[:, c] * 7 % 5 < 2) * 0.5 for c in range(categorical))
    margin += numbers[:, 0] * numbers[:, 1] - margin.mean()
    return (draw.random(len(matrix)) < 1 / (1 + np.exp(-margin))).astype(float)


def large_model() -> tuple[list[str], Floats]:
    """300 trees of 31 leaves over 60 features, 6 of them categorical."""
    matrix = invented(60, 6, LEARNED_ROWS)
    settings = {"num_leaves": 31, "learning_rate": 0.05}
    return [_text(matrix, 6, settings, 300, seed=0)], matrix


def default_model() -> tuple[list[str], Floats]:
    """A bag by the default recipe with its most trees; 178 columns, 15 of them categorical."""
    recipe = Recipe()
    matrix = invented(178, 15, LEARNED_ROWS)
    settings = {
        "num_leaves": recipe.leaves,
        "learning_rate": recipe.learning_rate,
        "min_data_in_leaf": recipe.rows_per_leaf,
        "feature_fraction": recipe.feature_fraction,
        "bagging_fraction": recipe.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": recipe.l2,
        "max_bin": recipe.max_bin,
    }
    rounds = max(recipe.rounds)
    seeds = [member_seed(0, member) for member in range(recipe.members_of(rounds))]
    return [_text(matrix, 15, settings, rounds, seed) for seed in seeds], matrix


def _text(
    matrix: Floats, categorical: int, settings: dict[str, Any], rounds: int, seed: int
) -> str:
    every = {"objective": "cross_entropy", "num_threads": 1, "verbosity": -1, "seed": seed}
    learned = lightgbm.Dataset(
        matrix, _outcome(matrix, categorical), categorical_feature=list(range(categorical))
    )
    return str(lightgbm.train(every | settings, learned, rounds).model_to_string())


def measured(texts: list[str], matrix: Floats, turns: int) -> dict[str, Any]:
    """Sizes, times, ratios and the largest error of one model."""
    rows = matrix[:ROWS]
    forest, boosters = grow_forest(texts, matrix.shape[1]), [Booster(text) for text in texts]
    few = rows[:ROWS_OF_LIGHTGBM]
    taken: dict[str, list[float]] = {}

    def add(name: str, times: list[float]) -> None:
        taken.setdefault(name, []).extend(times)

    for turn in range(turns):
        ones = [rows[at : at + 1] for at in range(100 * turn, 100 * turn + 100)]
        of_lightgbm = _times(lambda: [b.contributions(few) for b in boosters])
        add("lightgbm, 10,000 rows, a row", [seconds / len(few) for seconds in of_lightgbm])
        add(
            "10,000 rows, a row",
            [s / len(rows) for s in _times(lambda: forest.contributions(rows))],
        )
        for one in ones:
            add(
                "lightgbm, one row",
                _times(lambda one=one: [b.contributions(one) for b in boosters]),
            )
        for one in ones:
            add("one row", _times(lambda one=one: forest.contributions(one)))
        for one in ones:
            add(
                "lightgbm, margin of one row",
                _times(lambda one=one: [b.margins(one) for b in boosters]),
            )
        for one in ones:
            add("margin of one row", _times(lambda one=one: forest.margins(one)))
    micros = {name: 1e6 * statistics.median(times) for name, times in taken.items()}
    return {
        "trees": sum(booster.n_trees for booster in boosters),
        "times_faster": {
            name: round(micros[f"lightgbm, {name}"] / micros[name], 1)
            for name in ("10,000 rows, a row", "one row", "margin of one row")
        },
        "microseconds": {name: round(value, 2) for name, value in micros.items()},
        "largest_error": largest_error(forest, boosters, rows[:2_000]),
        "margins_equal": bool(
            (forest.margins(rows) == np.stack([b.margins(rows) for b in boosters], axis=1)).all()
        ),
        "table_mib": round(forest.table_bytes / 2**20, 1),
        **loaded(texts, matrix.shape[1]),
        "turns": turns,
    }


def _times(work: Callable[[], Any]) -> list[float]:
    begun = time.thread_time()
    work()
    return [time.thread_time() - begun]


def largest_error(forest: Forest, boosters: list[Booster], rows: Floats) -> float:
    """Of contributions against `pred_contrib`, of values above 1 relative to them."""
    wanted = np.mean([booster.contributions(rows) for booster in boosters], axis=0)[:, :-1]
    gap = np.abs(forest.contributions(rows) - wanted) / np.maximum(1.0, np.abs(wanted))
    return float(gap.max())


def loaded(texts: list[str], n_features: int) -> dict[str, float]:
    """Seconds to load the kernel from its cache, and to read the texts and build the tables."""
    with tempfile.TemporaryDirectory() as name:
        for place, text in enumerate(texts):
            (Path(name) / f"{place}.txt").write_text(text)
        command = [sys.executable, "-c", LOAD, name, str(n_features)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    first, first_here, again, again_here = map(float, said)
    return {
        "load_seconds": round(first - again, 2),
        "load_processor_seconds": round(first_here - again_here, 2),
        "build_seconds": round(again, 2),
        "build_processor_seconds": round(again_here, 2),
    }


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--turns", type=int, default=7, help="how often each time is taken")
    given = parser.parse_args()
    result = {
        "300 trees x 31 leaves x 60 features": measured(*large_model(), given.turns),
        "default model": measured(*default_model(), given.turns),
        "waiting": os.getloadavg(),
    }
    print(json.dumps(result, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
