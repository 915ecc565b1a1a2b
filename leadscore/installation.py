"""Checks of the installation that are better said first than found out by a crash."""

import ctypes
import importlib.util
import tempfile
from collections.abc import Callable, MutableMapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

from leads.errors import SettingsError

PACKAGES = ("leads", "features", "models", "crm", "training", "serving")
_COMPILED = ("leads", "features", "models")
_ROOT = Path(__file__).resolve().parent.parent


def check_packages(
    root: Path = _ROOT, find: Callable[[str], ModuleSpec | None] = importlib.util.find_spec
) -> None:
    """Refuse to start when another folder hides one of leadscore's own packages.

    Python looks into the current folder first under `python -m`, and into PYTHONPATH always: a
    `features/` or `models/` there would be imported in silence. Raises `SettingsError`.
    """
    for package in PACKAGES:
        for place in _places(find(package)):
            if place != root / package:
                raise SettingsError(
                    f"{place} hides leadscore's own package `{package}` ({root / package}): start "
                    "leadscore from another folder, rename yours, or take it off PYTHONPATH"
                )


def check_openmp(library: str = "libgomp.so.1") -> None:
    """Refuse to start without the OpenMP library that LightGBM needs. Raises `SettingsError`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        raise SettingsError(
            f"{library}, which LightGBM needs, is missing; install it: "
            "apt-get install libgomp1 (Debian, Ubuntu) or dnf install libgomp (Fedora)"
        ) from None


def keep_compiled_code(
    environment: MutableMapping[str, str], home: Path, root: Path = _ROOT
) -> None:
    """Have numba keep what it compiles in LEADSCORE_HOME where the packages cannot be written to.

    To be called before numba is imported: a function's cache is chosen as it is defined. A
    NUMBA_CACHE_DIR of the user's stays.
    """
    if not all(_can_be_written(root / package / "__pycache__") for package in _COMPILED):
        environment.setdefault("NUMBA_CACHE_DIR", str(home.resolve() / "compiled"))


def _can_be_written(folder: Path) -> bool:
    """By trying: rights alone do not tell of a file system that is read-only."""
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _places(spec: ModuleSpec | None) -> Sequence[Path]:
    if spec is None:
        return ()
    if spec.submodule_search_locations is None:
        return (Path(spec.origin or "").resolve(),)
    return tuple(Path(place).resolve() for place in spec.submodule_search_locations)
