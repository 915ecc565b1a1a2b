"""Settings: read once from an environment; what is unknown or wrong is named."""

from pathlib import Path

import pytest

from leads.errors import SettingsError
from leadscore.settings import read_settings


def test_an_empty_environment_keeps_everything_in_one_folder():
    settings = read_settings({"PATH": "/usr/bin"})

    assert settings.home == Path(".leadscore")
    assert settings.store == Path(".leadscore/leadscore.db")
    assert settings.models == Path(".leadscore/models")
    assert settings.tracking_uri == f"sqlite:///{Path('.leadscore/mlflow.db').resolve()}"


def test_home_store_and_tracking_can_be_moved():
    settings = read_settings(
        {
            "LEADSCORE_HOME": "/var/lib/leadscore",
            "LEADSCORE_DATABASE_URL": "postgresql://db/leads",
            "MLFLOW_TRACKING_URI": "http://mlflow:5000",
        }
    )

    assert settings.home == Path("/var/lib/leadscore")
    assert settings.store == "postgresql://db/leads"
    assert settings.tracking_uri == "http://mlflow:5000"


def test_grade_bounds_are_settings():
    settings = read_settings({"LEADSCORE_GRADE_A": "80"})

    assert settings.grades == (("A", 80), ("B", 50), ("C", 25))


def test_grade_bounds_that_do_not_fall_are_refused():
    with pytest.raises(SettingsError, match=r"LEADSCORE_GRADE_B.*50.*LEADSCORE_GRADE_A.*40"):
        read_settings({"LEADSCORE_GRADE_A": "40"})


def test_an_unknown_setting_is_refused_by_name_with_the_closest_known_one():
    with pytest.raises(SettingsError, match=r"LEADSCORE_HOM,.*did you mean LEADSCORE_HOME\?"):
        read_settings({"LEADSCORE_HOM": "x"})


def test_a_bad_value_is_named_with_its_setting():
    with pytest.raises(SettingsError, match=r"LEADSCORE_GRADE_A is 'high'"):
        read_settings({"LEADSCORE_GRADE_A": "high"})
