"""The forest gives LightGBM's margins to the last bit and its contributions to 1e-9."""

import itertools
import math
import subprocess
import sys

import lightgbm
import numpy as np
import pytest

from leads.errors import DamagedArtifactError
from models.booster import Booster
from models.booster_text import read_trees
from models.forest import FEWEST_ROWS_OF_A_THREAD, grow_forest
from models.forest_kernel import BLOCK_ROWS, FEW_ROWS
from models.forest_tables import make_tables

N_FEATURES = 8
CATEGORICAL = [5, 6, 7]
KINDS = {
    "missing is NaN": {},
    "missing is zero": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "small trees": {"num_leaves": 4, "min_data_in_leaf": 100},
    "deep trees": {"num_leaves": 80, "min_data_in_leaf": 1, "min_data_per_group": 1},
    "many categories a set": {"max_cat_to_onehot": 1, "cat_smooth": 0, "cat_l2": 0},
    "one tree per category": {"max_cat_to_onehot": 100},
    "few rows a tree": {"bagging_fraction": 0.1, "bagging_freq": 1, "min_data_in_leaf": 2},
    "no trees worth growing": {"min_gain_to_split": 1e9},
}


def drawn(n, seed):
    """Rows of numbers, zeros and missing values, and of three categorical columns."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(n, N_FEATURES))
    rows[generator.random(rows.shape) < 0.15] = 0.0
    rows[:, 4] = np.round(rows[:, 4] * 3)
    for column, levels in zip(CATEGORICAL, (3, 40, 300), strict=True):
        rows[:, column] = np.floor(generator.random(n) ** 2 * levels)
    rows[generator.random(rows.shape) < 0.15] = np.nan
    return rows


def odd_rows():
    """What training never saw: extremes, almost zero, unknown, negative and fractional codes."""
    values = [
        np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 1.0000001e-35,
        -1.0000001e-35, 5e-324, -0.5, -0.999999, -1.0, -1.5, 0.999999, 31.0, 32.0, 33.7, 299.9,
        300.0, 1e6, 2.0**31 - 1, 2.0**31, 3e9, -3e9, 2.0**32 + 1, 2.0**63, 2.0**64,
    ]  # fmt: skip
    generator = np.random.default_rng(9)
    usual = np.repeat(drawn(len(values), seed=8), N_FEATURES, axis=0)
    for place, (value, column) in enumerate(itertools.product(values, range(N_FEATURES))):
        usual[place, column] = value
    return np.concatenate([usual, generator.choice(values, size=(300, N_FEATURES))])


def trained(settings, seed=0, rounds=30):
    rows = drawn(3000, seed)
    known = np.nan_to_num(rows)
    margin = known[:, 0] * known[:, 1] + known[:, 2] + np.isin(known[:, 6], [1, 4, 33]) - 0.5
    label = np.random.default_rng(seed).random(len(rows)) < 1 / (1 + np.exp(-margin))
    every = {"objective": "cross_entropy", "verbosity": -1, "num_threads": 1, "seed": seed}
    learned = lightgbm.Dataset(rows, label, weight=rows[:, 4] ** 2 % 3 + 0.1 if seed else None,
                               categorical_feature=CATEGORICAL)  # fmt: skip
    return lightgbm.train(every | settings, learned, rounds)


@pytest.fixture(scope="module")
def texts():
    return {name: trained(settings).model_to_string() for name, settings in KINDS.items()}


@pytest.fixture(scope="module")
def bag():
    """Members of different sizes, one of them with trees of a single leaf."""
    return [
        trained({"num_leaves": 31}, seed=1).model_to_string(),
        trained({"num_leaves": 6}, seed=2, rounds=50).model_to_string(),
        trained({"min_gain_to_split": 1e9}, seed=3, rounds=2).model_to_string(),
    ]


@pytest.fixture(scope="module")
def forest(bag):
    return grow_forest(bag, N_FEATURES)


def gap(found, wanted):
    """The largest difference, of large values relative to them."""
    return (np.abs(found - wanted) / np.maximum(1, np.abs(wanted))).max()


# LightGBM's numbers.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [drawn(700, seed=5), odd_rows()], ids=["usual", "odd"])
def test_one_model_is_lightgbms(texts, kind, rows):
    booster, forest = Booster(texts[kind]), grow_forest([texts[kind]], N_FEATURES)
    wanted = booster.contributions(rows)

    assert (forest.margins(rows)[:, 0] == booster.margins(rows)).all()
    assert gap(forest.contributions(rows), wanted[:, :-1]) < 1e-11
    assert forest.base == pytest.approx(wanted[0, -1], abs=1e-12)


def test_kinds_of_splits_are_all_there(texts):
    """So that the test above is about what it says."""
    seen, sets, longest, single = set(), 0, 0, 0
    for text in texts.values():
        for tree in read_trees(text).trees:
            single += len(tree.feature) == 0
            seen |= set(tree.decision.tolist())
            sets = max(sets, len(tree.boundaries) - 1)
            longest = max(longest, np.diff(tree.boundaries).max(initial=0))
    # Categorical; missing none, zero and NaN, the latter two to either side.
    assert seen >= {1, 2, 4, 6, 8, 10}
    assert sets > 3
    assert longest > 5
    assert single > 0


def test_contributions_of_a_bag_are_the_mean_of_its_members(forest, bag):
    rows = np.concatenate([drawn(700, seed=5), odd_rows()])
    boosters = [Booster(text) for text in bag]
    wanted = np.mean([booster.contributions(rows) for booster in boosters], axis=0)

    assert gap(forest.contributions(rows), wanted[:, :-1]) < 1e-11
    assert forest.base == pytest.approx(wanted[0, -1], abs=1e-12)
    for member, booster in enumerate(boosters):
        assert (forest.margins(rows)[:, member] == booster.margins(rows)).all()


def test_contributions_and_base_add_up_to_the_mean_margin(forest):
    rows = np.concatenate([drawn(3000, seed=6), odd_rows()])
    total = forest.base + forest.contributions(rows).sum(axis=1)

    assert np.abs(total - forest.margins(rows).mean(axis=1)).max() < 1e-12


def test_iterations_after_the_best_do_not_count():
    rows = drawn(2000, seed=7)
    label = np.nan_to_num(rows[:, 0]) + np.random.default_rng(7).normal(size=len(rows)) > 0
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "learning_rate": 0.3}
    learned = lightgbm.Dataset(rows[:1000], label[:1000])
    later = learned.create_valid(rows[1000:], label[1000:])
    stop = lightgbm.early_stopping(5, verbose=False)
    model = lightgbm.train(
        settings, learned, 60, [later], callbacks=[stop], keep_training_booster=True
    )
    forest = grow_forest([model.model_to_string()], N_FEATURES)

    assert 1 < model.best_iteration < model.current_iteration()
    assert (forest.margins(rows)[:, 0] == model.predict(rows, raw_score=True)).all()
    wanted = model.predict(rows[:200], pred_contrib=True)
    assert gap(forest.contributions(rows[:200]), wanted[:, :-1]) < 1e-11


def test_contributions_are_shapley_values_of_their_definition():
    """By going through all orders of the features, the unknown ones averaged over by counts."""
    text = trained({"num_leaves": 12}, rounds=1).model_to_string()
    (tree,) = read_trees(text).trees
    forest = grow_forest([text], N_FEATURES)
    booster = Booster(text)

    def value(row, known, node=0):
        if node < 0:
            return tree.leaf_value[~node]
        sides = tree.left[node], tree.right[node]
        if tree.feature[node] in known:
            return value(row, known, sides[0 if goes_left(row, node) else 1])
        counts = [tree.leaf_count[~s] if s < 0 else tree.node_count[s] for s in sides]
        return sum(c * value(row, known, s) for c, s in zip(counts, sides, strict=True)) / sum(
            counts
        )

    def goes_left(row, node):
        x = row[tree.feature[node]]
        if tree.decision[node] & 1:
            words = tree.words[slice(*tree.boundaries[int(tree.threshold[node]) :][:2])]
            inside = 0 <= x < 32 * len(words)
            return bool(inside and words[int(x) // 32] >> (int(x) % 32) & 1)
        return tree.decision[node] & 2 > 0 if math.isnan(x) else x <= tree.threshold[node]

    features = sorted(set(tree.feature.tolist()))
    orders = list(itertools.permutations(features))
    assert len(features) >= 3
    for row in drawn(20, seed=3):
        wanted = np.zeros(N_FEATURES)
        for order in orders:
            for place, feature in enumerate(order):
                before = set(order[:place])
                added = value(row, before | {feature}) - value(row, before)
                wanted[feature] += added / len(orders)
        assert value(row, set(features)) == booster.margins(row[None])[0]
        assert np.abs(forest.contributions(row[None])[0] - wanted).max() < 1e-14


@pytest.mark.parametrize("most_bytes", [0, 2_000, 100_000])
def test_smaller_tables_give_the_same_contributions(bag, forest, most_bytes, monkeypatch):
    rows = np.concatenate([drawn(600, seed=5), odd_rows()])
    trees = [tree for text in bag for tree in read_trees(text).trees]
    tables = make_tables(trees, most_bytes)

    assert tables.groups.table.nbytes <= most_bytes < forest.table_bytes
    monkeypatch.setattr("models.forest.make_tables", lambda trees: tables)
    smaller = grow_forest(bag, N_FEATURES)
    assert gap(smaller.contributions(rows), forest.contributions(rows)) < 1e-13
    assert smaller.base == forest.base
    found = smaller.contributions(rows)
    for row in range(50):
        assert smaller.contributions(rows[row : row + 1]).tobytes() == found[row].tobytes()


# The same bits in any company.


def test_row_alone_has_the_bits_it_has_among_thousands(forest):
    rows = np.concatenate([drawn(3000, seed=4), odd_rows()])
    margins, contributions = forest.margins(rows), forest.contributions(rows)

    for row in range(len(rows)):
        assert forest.margins(rows[row : row + 1]).tobytes() == margins[row].tobytes()
        assert forest.contributions(rows[row : row + 1]).tobytes() == contributions[row].tobytes()


@pytest.mark.parametrize(
    "n", [0, FEW_ROWS, FEW_ROWS + 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1]
)
def test_part_of_the_rows_has_the_same_bits(forest, n):
    rows = drawn(BLOCK_ROWS + 7, seed=4)

    assert forest.margins(rows[:n]).tobytes() == forest.margins(rows)[:n].tobytes()
    assert forest.contributions(rows[:n]).tobytes() == forest.contributions(rows)[:n].tobytes()


def test_two_threads_give_the_same_bits(bag, forest):
    rows = drawn(2 * FEWEST_ROWS_OF_A_THREAD + 1, seed=4)
    two = grow_forest(bag, N_FEATURES, threads=2)

    assert two.margins(rows).tobytes() == forest.margins(rows).tobytes()
    assert two.contributions(rows).tobytes() == forest.contributions(rows).tobytes()


def test_columns_in_memory_order_are_scored_the_same(forest):
    rows = drawn(100, seed=4)

    assert (forest.margins(np.asfortranarray(rows)) == forest.margins(rows)).all()


# What does not fit.


@pytest.mark.parametrize("shape", [(3, 7), (3, 9), (8,)])
def test_rows_of_another_width_are_refused(forest, shape):
    with pytest.raises(DamagedArtifactError, match="takes rows of 8 signals"):
        forest.margins(np.zeros(shape))
    with pytest.raises(DamagedArtifactError, match="takes rows of 8 signals"):
        forest.contributions(np.zeros(shape))


def test_members_of_another_width_are_refused(bag):
    with pytest.raises(DamagedArtifactError, match="lists 9 signals, its trees take 8"):
        grow_forest(bag, 9)


def test_empty_bag_says_nothing():
    forest = grow_forest([], 3)

    assert forest.margins(np.zeros((2, 3))).shape == (2, 0)
    assert forest.contributions(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert (forest.base, forest.n_members, forest.table_bytes) == (0.0, 0, 0)


def test_lightgbms_library_is_not_loaded(bag, tmp_path):
    (tmp_path / "model.txt").write_text(bag[0])
    program = """
import sys
from pathlib import Path
from models.forest import grow_forest
grow_forest([Path(sys.argv[1]).read_text()], 8)
print("lightgbm" in sys.modules, "lib_lightgbm" in Path("/proc/self/maps").read_text())
"""
    command = [sys.executable, "-c", program, str(tmp_path / "model.txt")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == "False False\n"
