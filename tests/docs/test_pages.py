"""Pages lead somewhere: their links, and the commands and options that they show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from leadscore.main import COMMANDS, command_line
from tests.docs.pages import ROOT, blocks, pages

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NAMES = [page.relative_to(ROOT).as_posix() for page in pages()]


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be reached by."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    """The links to files or headings that are not there; those to other sites are not followed."""
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        path, _, fragment = link.partition("#")
        target = page if not path else page.parent / path
        if "://" not in link and not (
            target.exists() and (not fragment or fragment in anchors(target))
        ):
            yield link


def shown_calls(page: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands of leadscore in a page's blocks, with the options given to each."""
    for block in blocks(page):
        for line in re.sub(r"\\\n", " ", block.text).splitlines():
            words = shlex.split(line, comments=True) if "leadscore " in line else []
            if words and words[0].endswith("leadscore") and len(words) > 1:
                yield words[1], [word for word in words[2:] if word.startswith("--")]


def options_of(command: str) -> set[str]:
    """The long options that a command has."""
    found = typer.main.get_command(command_line(command)).commands[command].params
    return {
        option for parameter in found for option in (*parameter.opts, *parameter.secondary_opts)
    }


@pytest.mark.parametrize("name", _NAMES)
def test_links_lead_somewhere(name):
    assert list(broken_links(ROOT / name)) == []


def test_shown_commands_and_options_are_there():
    calls = [(name, call) for name in _NAMES for call in shown_calls(ROOT / name)]
    assert len(calls) > 10
    unknown = [(name, command) for name, (command, _) in calls if command not in COMMANDS]
    assert unknown == []
    known = {command: options_of(command) for command in {command for _, (command, _) in calls}}
    wrong = [
        (name, command, option)
        for name, (command, options) in calls
        for option in options
        if option not in known[command]
    ]
    assert wrong == []


def test_a_broken_link_and_a_wrong_option_are_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A b\n[x](no.md) [y](#a-b) [z](#c)\n```sh\nleadscore score --outptu x\n```\n")
    assert list(broken_links(page)) == ["no.md", "#c"]
    assert list(shown_calls(page)) == [("score", ["--outptu"])]
    assert "--output" in options_of("score")
    assert "--outptu" not in options_of("score")
