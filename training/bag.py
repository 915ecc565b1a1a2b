"""The bag: LightGBM models of several seeds on the same bins, small and strongly regularised."""

import itertools
from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
from joblib import Parallel, delayed

from leads.arrays import Floats
from training.recipe import Recipe

WORKERS = 2


def fit_bag(
    matrix: Floats,
    target: Floats,
    weight: Floats,
    categorical: Sequence[int],
    recipe: Recipe,
    rounds: int,
    seed: int,
) -> tuple[str, ...]:
    """One LightGBM model per member, as text; two at a time, each on one thread.

    They share one set of bins, which cost a quarter of a model's time to find.
    """
    parameters = _parameters(recipe, len(weight), float(weight.sum()))
    dataset = lightgbm.Dataset(
        matrix,
        target,
        weight=weight,
        categorical_feature=list(categorical),
        params=parameters,
    ).construct()
    texts: Sequence[str] = Parallel(n_jobs=WORKERS, prefer="threads")(
        delayed(_fit_one)(parameters | {"seed": member_seed(seed, member)}, dataset, rounds)
        for member in range(recipe.members_of(rounds))
    )
    return tuple(texts)


def staged_margins(texts: Sequence[str], rounds: Sequence[int], matrix: Floats) -> Floats:
    """The bag's mean margin of each row after each number of trees (rounds x rows)."""
    added = np.zeros((len(rounds), len(matrix)))
    for text in texts:
        booster = lightgbm.Booster(model_str=text)
        for place, (begin, end) in enumerate(itertools.pairwise((0, *rounds))):
            added[place] += booster.predict(
                matrix, raw_score=True, start_iteration=begin, num_iteration=end - begin,
                num_threads=1,
            )  # fmt: skip
    staged: Floats = np.cumsum(added, axis=0) / len(texts)
    return staged


def member_seed(seed: int, member: int) -> int:
    """The seed of a member of the bag."""
    return seed * 1000 + member


def _fit_one(parameters: dict[str, Any], dataset: lightgbm.Dataset, rounds: int) -> str:
    return str(lightgbm.train(parameters, dataset, rounds).model_to_string())


def _parameters(recipe: Recipe, rows: int, leads: float) -> dict[str, Any]:
    """LightGBM's parameters; leaves and penalty shrink with data too small for the recipe's."""
    return {
        "objective": "cross_entropy",
        "learning_rate": recipe.learning_rate,
        "num_leaves": recipe.leaves,
        "min_data_in_leaf": int(np.clip(rows / 50, 5, recipe.rows_per_leaf)),
        "feature_fraction": recipe.feature_fraction,
        "bagging_fraction": recipe.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": float(np.clip(leads / 250, 1.0, recipe.l2)),
        "max_bin": recipe.max_bin,
        # Left to itself LightGBM times two ways of summing and takes the faster one of the day.
        "force_col_wise": True,
        "deterministic": True,
        "num_threads": 1,
        "verbosity": -1,
    }
