"""What a machine needs before anything is installed, said with the line that installs it."""

import ctypes
import importlib.util
import sys


def problems() -> list[str]:
    """What is missing, one line each."""
    found = []
    if sys.version_info < (3, 11):  # noqa: UP036
        found.append(
            f"Python {sys.version.split()[0]} is too old; install 3.11 or later and run "
            "`make demo PYTHON=python3.11`"
        )
    if importlib.util.find_spec("ensurepip") is None:
        found.append("Python's venv module is missing; run: apt-get install python3-venv")
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        found.append("libgomp1, which LightGBM needs, is missing; run: apt-get install libgomp1")
    return found


if __name__ == "__main__":
    missing = problems()
    for line in missing:
        print(f"leadscore: {line}", file=sys.stderr)
    sys.exit(1 if missing else 0)
