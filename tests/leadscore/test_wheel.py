"""The wheel carries everything: built, installed elsewhere, and run there."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"leads", "features", "models", "crm", "training", "serving", "leadscore"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder that holds the wheel's contents."""
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, ROOT],
        check=True,
        capture_output=True,
    )
    place = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(place)
    return place


def test_the_wheel_holds_the_packages_and_nothing_else(installed):
    folders = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}

    assert folders == PACKAGES
    assert list(installed.glob("serving/templates/*.html"))
    assert list(installed.glob("crm/pipelines/*.toml"))
    assert len(list(installed.glob("models/locale/*/LC_MESSAGES/leadscore.po"))) == 3
    assert not list(installed.rglob("test_*.py"))


def test_the_demo_runs_from_the_wheel_in_another_folder(installed, tmp_path):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LEADSCORE_", "MLFLOW_"))
    }
    environment["PYTHONPATH"] = str(installed)
    ended = subprocess.run(
        [sys.executable, "-m", "leadscore", "demo", "--no-serve", "--leads", "800"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "800 simulated leads" in ended.stdout
    assert (tmp_path / ".leadscore" / "demo" / "models" / "1" / "manifest.json").is_file()
