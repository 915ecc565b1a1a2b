"""Small trained models for the tests of artifacts."""

import lightgbm
import numpy as np
import pytest
from hypothesis import settings

from models.artifact import Artifact

# Time limits per example measure the machine's load, not the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def booster_text():
    generator = np.random.default_rng(5)
    rows = generator.normal(size=(400, 3))
    label = rows[:, 0] + generator.normal(size=400) > 0
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    return lightgbm.train(settings, lightgbm.Dataset(rows, label), 5).model_to_string()


@pytest.fixture
def trained_artifact(booster_text):
    return Artifact(
        signals={"columns": ["a", "b", "c"]},
        pipelines=[{"name": "default"}],
        attribute_types={},
        calibration={"slope": 1.0, "intercept": 0.0},
        background_margin=0.0,
        typical={},
        boosters=(booster_text, booster_text),
        about={},
    )
