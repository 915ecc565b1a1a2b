"""The identity of events: ids derived from content, and hashes that tell other content."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from leads.attributes import read_number, value_text
from leads.errors import InvalidInputError

_SEPARATOR = "\x1f"
_SHORT = 40
# Whole numbers of more digits are ids rather than amounts, and two of them may be one float.
_EXACT_DIGITS = 15


def canonical_text(value: object) -> str:
    """One text for equal values, whether they came as text or as JSON: `3`, `3.0` and `"3"`."""
    if value is None:
        return ""
    text = value_text(value) if isinstance(value, str | float | int) else str(value)
    return _canonical_short(text) if len(text) <= _SHORT else _canonical(text)


def _canonical(text: str) -> str:
    text = text.strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    if len(text) > _EXACT_DIGITS and text.lstrip("+-").isdecimal():
        return text
    try:
        return value_text(read_number(text))
    except InvalidInputError:
        return text


# Kinds, stages and actors come again in every row: half of the cost of hashing an import.
_canonical_short = lru_cache(maxsize=65_536)(_canonical)


def content_hash(
    table: str,
    lead_id: str,
    occurred_at: int,
    recorded_at: int | None,
    fields: Mapping[str, object],
) -> str:
    """32 hex digits of a row's content: missing fields and their order do not count.

    `recorded_at` is None where the row gave none, so that the same row has the same id whether it
    is replayed with or without the moment it was committed.
    """
    parts = [table, lead_id, str(occurred_at), "" if recorded_at is None else str(recorded_at)]
    for name in sorted(fields):
        text = canonical_text(fields[name])
        if text:
            parts += [name, text]
    return hashlib.blake2b(_SEPARATOR.join(parts).encode(), digest_size=16).hexdigest()


def numbered_id(row_hash: str, number: int) -> str:
    """The id of a hash's first, second … occurrence: the hash, with `-2`, `-3` … behind it."""
    return row_hash if number == 1 else f"{row_hash}-{number}"


@dataclass
class RunningNumbers:
    """Ids for rows without one: equal rows of one source are told apart by a running number."""

    seen: dict[str, int] = field(default_factory=dict)

    def event_id(self, row_hash: str) -> str:
        """The row's hash, with `-2`, `-3` … for its further occurrences."""
        number = self.seen[row_hash] = self.seen.get(row_hash, 0) + 1
        return numbered_id(row_hash, number)


def event_ids(hashes: Iterable[str]) -> list[str]:
    """Ids for the rows of one source, in order."""
    numbers = RunningNumbers()
    return [numbers.event_id(row_hash) for row_hash in hashes]
