"""`leadscore signals`: own signals from the file of the settings, held to the laws."""

import json
import subprocess
import sys

import pytest

from crm.simulator import simulate, write_folder
from tests.features.test_own_signals import EXAMPLE
from tests.leadscore.running import command_environment


@pytest.fixture
def folder(tmp_path):
    write_folder(simulate(60, 1), tmp_path / "crm")
    return tmp_path


def signals(folder, source):
    (folder / "own.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-P", "-m", "leadscore", "signals", "--data", "crm", "--json"],
        cwd=folder,
        env={**command_environment(folder / "home"), "LEADSCORE_SIGNALS": "own.py"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_signals_that_keep_the_laws_are_named_with_them(folder):
    ended = signals(folder, EXAMPLE)

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said["signals"] == ["days_since_demo"]
    assert "blind to the future" in said["laws"]


def test_signal_that_breaks_a_law_fails_with_its_name(folder):
    ended = signals(folder, EXAMPLE.replace("value=days_since_demo", "value=lambda lead: id([lead])"
                                            " + __import__('time').perf_counter()"))  # fmt: skip

    assert ended.returncode == 1
    assert "breaks a law of signals, alone as in a batch" in ended.stderr
    assert "Traceback" not in ended.stderr
