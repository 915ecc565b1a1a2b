"""The booster gives LightGBM's own numbers, to the last bit."""

import gc
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from leads.errors import DamagedArtifactError, SettingsError
from models.booster import Booster, load_library


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(1)
    numbers = generator.normal(size=(3000, 5))
    numbers[generator.random(numbers.shape) < 0.15] = np.nan
    categories = generator.integers(0, 12, size=(3000, 2)).astype(float)
    categories[generator.random(categories.shape) < 0.1] = np.nan
    return np.hstack([numbers, categories])


@pytest.fixture(scope="module")
def trained(rows):
    generator = np.random.default_rng(2)
    margin = np.nan_to_num(rows[:, 0]) + np.isin(rows[:, 5], [1, 4, 7]) - 0.5
    label = generator.random(len(rows)) < 1 / (1 + np.exp(-margin))
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 15}
    learned = lightgbm.Dataset(rows, label, categorical_feature=[5, 6])
    return lightgbm.train(settings, learned, 40)


@pytest.fixture(scope="module")
def booster(trained):
    return Booster(trained.model_to_string())


@pytest.fixture
def unseen(rows):
    """Rows with what training never saw: unknown, negative and fractional categories, extremes."""
    odd = rows[:200].copy()
    odd[:50, 5] = [99.0, -1.0, -0.5, 3.7, 1e6] * 10
    odd[50:60] = np.nan
    odd[60:63, 0] = [1e300, -1e300, 0.0]
    return odd


def test_margins_are_lightgbms_to_the_last_bit(booster, trained, rows, unseen):
    for some in (rows, rows[:1], unseen):
        assert (booster.margins(some) == trained.predict(some, raw_score=True)).all()


def test_contributions_are_lightgbms_to_the_last_bit(booster, trained, rows, unseen):
    for some in (rows[:300], unseen):
        assert (booster.contributions(some) == trained.predict(some, pred_contrib=True)).all()


def test_contributions_add_up_to_the_margin(booster, unseen):
    totals = booster.contributions(unseen).sum(axis=1)
    assert np.abs(totals - booster.margins(unseen)).max() < 1e-12


def test_sizes_are_those_of_the_trained_model(booster, trained):
    assert (booster.n_features, booster.n_trees) == (7, trained.num_trees())


def test_no_rows_give_no_margins(booster):
    assert booster.margins(np.empty((0, 7))).shape == (0,)
    assert booster.contributions(np.empty((0, 7))).shape == (0, 8)


def test_columns_in_memory_order_are_scored_the_same(booster, rows):
    assert (booster.margins(np.asfortranarray(rows)) == booster.margins(rows)).all()


def test_threads_do_not_change_margins(booster, trained, rows):
    assert (
        Booster(trained.model_to_string(), threads=2).margins(rows) == booster.margins(rows)
    ).all()


@pytest.mark.parametrize(("threads", "helped"), [("", False), (", threads=2", True)])
def test_one_thread_scores_unless_told_otherwise(trained, tmp_path, threads, helped):
    """Told by the CPU time of all other threads, with LightGBM free to use every core."""
    (tmp_path / "model.txt").write_text(trained.model_to_string())
    program = f"""
import sys, time
import numpy as np
from pathlib import Path
from models.booster import Booster
booster = Booster(Path(sys.argv[1]).read_text(){threads})
rows = np.zeros((200_000, 7))
time.sleep(0.2)
own, all_threads = time.thread_time(), time.process_time()
booster.margins(rows)
own, all_threads = time.thread_time() - own, time.process_time() - all_threads
print(all_threads > 1.3 * own)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "model.txt")]
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == f"{helped}\n"


@pytest.mark.parametrize("shape", [(3, 6), (3, 8), (7,)])
def test_rows_of_another_width_are_refused(booster, shape):
    with pytest.raises(DamagedArtifactError, match="takes rows of 7 signals"):
        booster.margins(np.zeros(shape))


def test_nothing_is_printed(trained, rows, capfd):
    talkative = trained.model_to_string().replace("[verbosity: -1]", "[verbosity: 2]")
    Booster(talkative).contributions(rows[:2])
    assert capfd.readouterr() == ("", "")


def test_lightgbm_itself_is_not_imported(trained, tmp_path):
    (tmp_path / "model.txt").write_text(trained.model_to_string())
    program = """
import sys
from pathlib import Path
from models.booster import Booster
Booster(Path(sys.argv[1]).read_text())
print([name for name in ("lightgbm", "sklearn", "pandas", "scipy") if name in sys.modules])
"""
    command = [sys.executable, "-c", program, str(tmp_path / "model.txt")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_memory_of_a_dropped_booster_is_given_back(trained):
    text = trained.model_to_string()
    Booster(text)
    before = _resident_kib()
    for _ in range(300):
        Booster(text)
    gc.collect()
    assert _resident_kib() - before < 300 * len(text) / 1024 / 4


def _resident_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: "", "holds no trees"),
        (lambda text: text[: len(text) // 2], "has no tree|do not end properly"),
        (lambda text: text.replace("end of trees", "end of tree"), "do not end properly"),
        (lambda text: text.replace("Tree=3\n", "Tree=4\n"), "has no tree 3 at byte"),
        (lambda text: text.replace("shrinkage=0.1\n", "shrinkage=0.10\n", 1), "has no tree 2"),
        (lambda text: text.replace("tree_sizes=", "tree_sizes=x "), "holds no trees"),
        (lambda text: text.replace("num_class=1", "num_clas=11"), "LightGBM: .*number of classes"),
        (lambda text: text + "\0", "do not end properly"),
    ],
)
def test_damaged_text_is_refused(trained, damage, message):
    with pytest.raises(DamagedArtifactError, match=message):
        Booster(damage(trained.model_to_string()))


def test_model_of_several_classes_is_refused(rows):
    settings = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
    learned = lightgbm.Dataset(rows, np.arange(len(rows)) % 3)
    text = lightgbm.train(settings, learned, 2).model_to_string()
    with pytest.raises(DamagedArtifactError, match="3 outputs instead of 1"):
        Booster(text)


def test_missing_openmp_runtime_names_the_line_that_installs_it(tmp_path):
    """A library that needs libgomp, as the loader meets it on a slim image."""
    library = tmp_path / "lib_lightgbm.so"
    found = Path(importlib.util.find_spec("lightgbm").origin).with_name("lib") / library.name
    content = found.read_bytes()
    library.write_bytes(content.replace(b"libgomp.so.1\0", b"libgomp.so.9\0"))
    with pytest.raises(SettingsError, match=r"libgomp.*run: apt-get install libgomp1"):
        load_library(library)


def test_missing_library_names_the_line_that_installs_it(tmp_path):
    with pytest.raises(SettingsError, match="run: pip install --force-reinstall lightgbm"):
        load_library(tmp_path / "lib_lightgbm.so")
