"""The terminal: what is written to a file or a pipe is whole."""

import subprocess
import sys

PROGRAM = """
from leadscore.terminal import show_table
show_table("", ("of what", "figure"), [("stage win rate" * 3, "0.639 (0.570–0.697)" * 4)], wrapped=None)
"""


def test_table_in_a_pipe_is_not_cut():
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    ).stdout

    assert "0.639 (0.570–0.697)" * 4 in said
