"""What would otherwise be found out by a crash, or not at all, is said first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leads.errors import SettingsError
from leadscore.installation import check_openmp, check_packages, keep_compiled_code


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


READ_ONLY_START = """
import os
from pathlib import Path
from leadscore.installation import keep_compiled_code
keep_compiled_code(os.environ, Path(os.environ["LEADSCORE_HOME"]))
import numpy as np
from features.vocabulary import leads_with
assert leads_with(np.array([0, 0, 1]), np.array([0, 0, 0], np.int32), 1).tolist() == [2]
print(sum(leads_with.stats.cache_misses.values()))
"""


def test_a_read_only_install_compiles_once_into_the_home(tmp_path):
    """Folders that hold a file where the cache would be cannot be written to, not even by root."""
    root = Path(__file__).resolve().parents[2]
    for package in ("leads", "features", "models", "leadscore"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / package, tmp_path / "install" / package, ignore=ignored)
        (tmp_path / "install" / package / "__pycache__").write_text("")
    home = tmp_path / "home"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LEAD", "NUMBA"))}
    environment |= {"LEADSCORE_HOME": str(home), "HOME": "/dev/null", "PYTHONPATH": ""}

    compiled = [
        subprocess.run(
            [sys.executable, "-c", READ_ONLY_START],
            cwd=tmp_path / "install",
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]

    assert compiled == ["1\n", "0\n"]
    assert list((home / "compiled").rglob("*.nbi"))


def test_a_cache_that_the_user_chose_stays(tmp_path):
    for package in ("leads", "features", "models"):
        (tmp_path / package).mkdir()
    environment = {"NUMBA_CACHE_DIR": "/chosen"}
    keep_compiled_code(environment, tmp_path, tmp_path)
    assert environment == {"NUMBA_CACHE_DIR": "/chosen"}

    (tmp_path / "models" / "__pycache__").rmdir()
    (tmp_path / "models" / "__pycache__").write_text("")
    keep_compiled_code(environment, tmp_path, tmp_path)
    assert environment == {"NUMBA_CACHE_DIR": "/chosen"}
    unset: dict[str, str] = {}
    keep_compiled_code(unset, tmp_path / "home", tmp_path)
    assert unset == {"NUMBA_CACHE_DIR": str(tmp_path / "home" / "compiled")}
