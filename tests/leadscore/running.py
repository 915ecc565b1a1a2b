"""Calling the command line as a person would: in a process of its own, with a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def run_leadscore(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command from the folder that holds the home."""
    ours = ("LEADSCORE_", "MLFLOW_", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment["LEADSCORE_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, "-P", "-m", "leadscore", *map(str, arguments)],
        cwd=home.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run_json(home: Path, *arguments: object) -> dict[str, Any]:
    """Run a command that is to succeed with `--json`; its one object."""
    ended = run_leadscore(home, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def run_refused(home: Path, *arguments: object) -> str:
    """Run a command that is to fail with status 1; its last line, which says why."""
    ended = run_leadscore(home, *arguments)
    assert ended.returncode == 1, (ended.returncode, ended.stdout, ended.stderr)
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("leadscore: ")
    assert "Traceback" not in ended.stderr
    return said
