"""A mapping as it is guessed: lines with comments, written as TOML for a person to correct."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Line:
    """A key with its value, already TOML, and what a person should know of it."""

    key: str
    value: str
    comment: str = ""


@dataclass
class DraftRead:
    """A [[read]]: its own lines, and those of its sections by name."""

    comment: str
    lines: list[Line]
    sections: dict[str, list[Line]] = field(default_factory=dict)

    def add(self, section: str, line: Line) -> None:
        """Add a line to a section, which is made if it is not there."""
        self.sections.setdefault(section, []).append(line)


@dataclass
class Draft:
    """A whole mapping; `notes` are comments at its head, and before them what is `missing`."""

    notes: list[str]
    lines: list[Line]
    pipeline: list[Line] = field(default_factory=list)
    attribute_types: list[Line] = field(default_factory=list)
    reads: list[DraftRead] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    def toml(self) -> str:
        """The text of the file."""
        parts = [_comments([*self.missing, *self.notes]) + _block(self.lines)]
        if self.pipeline:
            parts.append("[[pipeline]]\n" + _block(self.pipeline))
        if self.attribute_types:
            parts.append("[attribute_types]\n" + _block(self.attribute_types))
        for read in self.reads:
            parts.append(f"[[read]]  # {read.comment}\n" + _block(read.lines))
            for name, lines in read.sections.items():
                parts.append(f"[read.{name}]\n" + _block(lines))
        return "\n".join(parts)


def text(value: str) -> str:
    """A TOML string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def texts(values: Sequence[str]) -> str:
    """A TOML list of strings."""
    return f"[{', '.join(map(text, values))}]"


def table(values: Mapping[str, str]) -> str:
    """A TOML inline table of values that are already TOML."""
    return "{ " + ", ".join(f"{_key(name)} = {value}" for name, value in values.items()) + " }"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else text(name)


def _block(lines: Sequence[Line]) -> str:
    return "".join(
        f"{_key(line.key)} = {line.value}" + (f"  # {line.comment}" if line.comment else "") + "\n"
        for line in lines
    )


def _comments(notes: Sequence[str]) -> str:
    return "".join(f"# {note}\n" for note in notes) + ("\n" if notes else "")
