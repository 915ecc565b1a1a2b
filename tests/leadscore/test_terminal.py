"""The terminal: what is written to a file or a pipe is whole."""

import os
import subprocess
import sys

from leadscore.terminal import say, show_table

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


def test_names_steer_no_terminal_and_turn_no_line_around(capsys):
    say("call \x1b[2J\u202ellac\u2066 李 ünïcode\tof A")
    show_table("", ("kind",), [("\x1b]0;owned\x07\u202dmail",)])

    shown = capsys.readouterr().out
    assert "call \ufffd[2J\ufffdllac\ufffd 李 ünïcode" in shown
    assert "mail" in shown
    assert not set(shown) & set("\x1b\x07\u202d\u202e\u2066")
