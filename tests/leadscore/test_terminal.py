"""The terminal: what is written to a file or a pipe is whole."""

import os
import subprocess
import sys

PROGRAM = """
from leadscore.terminal import show_table
rows = [("stage win rate" * 3, "0.639 (0.570–0.697)" * 4)]
show_table("", ("of what", "figure"), rows, wrapped=None)
"""


def test_table_in_a_pipe_is_not_cut():
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "0.639 (0.570–0.697)" * 4 in said
