"""The terminal: tables for people, one JSON object for machines, progress on long work."""

import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table


class Progress(Protocol):
    """Takes what is being done now, in a few words."""

    def __call__(self, step: str) -> None: ...


# In a file or a pipe there is no edge to fit in: a cut figure would be a wrong one.
_WIDTH_WITHOUT_TERMINAL = 200
# Embeddings, overrides and isolates of writing direction (Unicode annex 9).
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _width() -> int | None:
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_WITHOUT_TERMINAL


_OUT = Console(highlight=False, markup=False, soft_wrap=True, width=_width())
_ERR = Console(stderr=True, highlight=False, markup=False)


def _shown(text: str) -> str:
    """A text without what would steer the terminal or turn its reading around.

    Names come from whoever writes to the CRM: escapes, and marks that reverse what follows.
    """
    return "".join("\ufffd" if _steers(character) else character for character in text)


def _steers(character: str) -> bool:
    return character not in "\n\t" and (
        unicodedata.category(character) == "Cc" or character in _TURNING
    )


def say(*lines: str) -> None:
    """Lines for a person, on standard output."""
    for line in lines:
        _OUT.print(_shown(line))


def warn(line: str) -> None:
    """A line for a person that is not part of the report, on standard error."""
    _ERR.print(_shown(line), soft_wrap=True)


def show_json(record: Mapping[str, Any]) -> None:
    """One JSON object and nothing else; what is not a number is null."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def show_table(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[object]], wrapped: int | None = 0
) -> None:
    """A table with its title; numbers are to be formatted before. At most one column is wrapped."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="left" if place in (0, wrapped) else "right",
            no_wrap=place != wrapped,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*("–" if cell is None else _shown(str(cell)) for cell in row))
    _OUT.print(table)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Shows what is being done while it is, if standard error is a terminal."""
    with _ERR.status(what) as status:
        yield lambda step: status.update(f"{what}: {step}")


def percent(probability: float | None, digits: int = 0) -> str:
    """A probability in percent."""
    return "–" if probability is None else f"{100 * probability:.{digits}f} %"
