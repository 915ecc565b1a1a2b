"""Verification: whether an artifact loads and scores, tried in a process of its own.

LightGBM reads its text without checks: of 3,000 damaged ones 49 % aborted the process that loaded
them, 5 % broke its memory and some never ended. None of that may happen to a server.
"""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from leads.arrays import Floats
from leads.errors import DamagedArtifactError, SettingsError
from models.artifact import read_artifact
from models.booster import Booster

TIMEOUT_SECONDS = 60.0
_DAMAGED_STATUS, _SETTINGS_STATUS = 3, 4
_REMEDY = "promote another version, or train a new one"
_LARGEST_GAP = 1e-6

# -P keeps the current folder off the path: a `models` folder of the user's must not be run.
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from models.verification import main
sys.exit(main(*sys.argv[2:]))
"""


def verify_in_child(
    folder: Path, manifest_hash: str, timeout_seconds: float = TIMEOUT_SECONDS
) -> None:
    """Load and score an artifact in a separate process; `DamagedArtifactError` if that fails."""
    package_root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-P", "-c", _PROGRAM, str(package_root), str(folder), manifest_hash]
    try:
        child = subprocess.run(command, capture_output=True, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired:
        raise DamagedArtifactError(
            f"{folder}: loading it took longer than {timeout_seconds:g} s; {_REMEDY}"
        ) from None
    if child.returncode == 0:
        return
    said = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    if child.returncode == _SETTINGS_STATUS:
        raise SettingsError(said)
    if child.returncode == _DAMAGED_STATUS:
        raise DamagedArtifactError(said)
    raise DamagedArtifactError(
        f"{folder}: loading it {_ending(child.returncode)} {said}; {_REMEDY}"
    )


def _ending(status: int) -> str:
    if status < 0:
        return f"killed the process ({signal.Signals(-status).name})"
    return f"ended with status {status}:"


def main(folder: str, manifest_hash: str) -> int:
    """What the child does; its status and the last line of its standard error are the answer."""
    try:
        check_scores(Path(folder), manifest_hash)
    except (DamagedArtifactError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return _DAMAGED_STATUS if isinstance(error, DamagedArtifactError) else _SETTINGS_STATUS
    return 0


def check_scores(folder: Path, manifest_hash: str) -> None:
    """Score a few rows with every booster: finite, and contributions that add up to the margin.

    Run it in a child: a damaged text can take the process with it.
    """
    for place, text in enumerate(read_artifact(folder, manifest_hash).boosters):
        booster = Booster(text)
        rows = _trial_rows(booster.n_features)
        margins = booster.margins(rows)
        gap = np.abs(booster.contributions(rows).sum(axis=1) - margins)
        if not (np.isfinite(margins).all() and (gap < _LARGEST_GAP).all()):
            raise DamagedArtifactError(
                f"{folder / f'booster_{place}.txt'} scores {float(margins[0])!r} "
                f"and contributions that miss it by {float(gap.max())!r}; {_REMEDY}"
            )


def _trial_rows(n_features: int) -> Floats:
    """Nothing known, zeros, and numbers of several sizes."""
    sizes = np.array([np.nan, 0.0, 1.0, -1.0, 7.0, 1e3, 1e9])
    return np.repeat(sizes[:, None], n_features, axis=1)
