"""What would otherwise be found out by a crash, or not at all, is said first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leads.errors import SettingsError
from leadscore.installation import check_openmp, check_packages


def run_in(folder: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEADSCORE_")}
    environment["PYTHONPATH"] = path
    return subprocess.run(
        [sys.executable, "-m", "leadscore", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installation_of_its_own_is_fine():
    check_packages()
    check_openmp()


@pytest.mark.parametrize("package", ["features", "models"])
def test_a_folder_of_the_users_beside_the_one_they_start_from_is_named(tmp_path, package):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise SystemExit('imported in silence')")

    ended = run_in(tmp_path, "models")

    assert ended.returncode == 1
    assert str(tmp_path / package) in ended.stderr
    assert f"hides leadscore's own package `{package}`" in ended.stderr
    assert "imported in silence" not in ended.stderr + ended.stdout


def test_a_folder_on_pythonpath_is_named_too(tmp_path):
    (tmp_path / "elsewhere" / "models").mkdir(parents=True)
    (tmp_path / "elsewhere" / "models" / "__init__.py").write_text("")

    ended = run_in(tmp_path, "models", path=str(tmp_path / "elsewhere"))

    assert ended.returncode == 1
    assert "take it off PYTHONPATH" in ended.stderr


def test_a_missing_openmp_library_is_said_with_the_line_that_installs_it():
    with pytest.raises(SettingsError, match="apt-get install libgomp1"):
        check_openmp("libgomp-that-is-not-there.so.1")
