"""A part of a mapping's TOML: values taken by key and type, with errors that name the place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from leads.errors import InvalidTableError


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where a known name is much like this one, else nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


@dataclass
class Section:
    """A TOML table and where it stands; `finish` refuses the keys that nobody took."""

    record: Mapping[str, Any]
    where: str
    taken: dict[str, None] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        self.taken[key] = None
        return key in self.record

    def text(self, key: str, default: str | None = None) -> str | None:
        """A text that is not empty."""
        value = self._value(key, str, 'a text in quotes, such as "Stage"', default)
        if value == "":
            raise self.error(f"{key} is empty; write a text or remove it")
        return None if value is None else str(value)

    def required_text(self, key: str, example: str) -> str:
        """A text that has to be there."""
        value = self.text(key)
        if value is None:
            raise self.error(f"{key} is missing; add {key} = {example}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        return bool(self._value(key, bool, "true or false", default))

    def number(self, key: str) -> float | None:
        """A number above 0."""
        value = self._value(key, int | float, "a number", None)
        if value is None:
            return None
        if isinstance(value, bool) or not 0 < value < 1e6:
            raise self.error(f"{key} is {value}; write a number above 0")
        return float(value)

    def scalar(self, key: str) -> str | None:
        """A constant as the text that a cell would hold."""
        value = self._value(key, str | int | float, "a text or a number", None)
        return None if value is None else scalar_text(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts or numbers; one alone may stand without brackets."""
        value = self._value(key, list | str | int | float, "a list of texts", [])
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | int | float) for item in values):
            raise self.error(f"{key} is {value!r}; write a list of texts")
        return tuple(map(scalar_text, values))

    def text_table(self, key: str) -> dict[str, str]:
        """Texts by key."""
        table = self._value(key, dict, "a table of texts", {})
        for name, value in table.items():
            if not isinstance(value, str | int | float):
                raise self.error(f"{key}.{name} is {value!r}; write a text")
        return {name: scalar_text(value) for name, value in table.items()}

    def table(self, key: str) -> Mapping[str, Any]:
        """A table."""
        table: Mapping[str, Any] = self._value(key, dict, "a table", {})
        return table

    def section(self, key: str) -> "Section | None":
        """A table as a section of its own, None if it is not there."""
        if not self.has(key):
            return None
        return Section(self.table(key), f"{self.where}, {key}")

    def tables(self, key: str) -> list[Mapping[str, Any]]:
        """A list of tables."""
        value = self._value(key, list, "a list of tables", [])
        if not all(isinstance(item, dict) for item in value):
            raise self.error(f"{key} is {value!r}; write a list of tables")
        return list(value)

    def finish(self) -> None:
        """Refuse the first key that is not known."""
        for key in self.record:
            if key not in self.taken:
                known = ", ".join(self.taken)
                raise self.error(
                    f"{key!r} is not known (known are {known}){suggestion(key, self.taken)}"
                )

    def error(self, problem: str) -> InvalidTableError:
        """A problem with the place it is at."""
        return InvalidTableError(f"{self.where}: {problem}")

    def _value(self, key: str, kind: Any, wanted: str, default: Any) -> Any:
        if not self.has(key):
            return default
        value = self.record[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(f"{key} is {value!r}; write {wanted}")
        return value


def scalar_text(value: str | int | float) -> str:
    """A TOML value as the text of a cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
