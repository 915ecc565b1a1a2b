"""Names of columns that are about things which users named: snake_case, unique, stable."""

import re
import unicodedata
from collections.abc import Iterable


def snake_case(text: str) -> str:
    """Letters a to z, digits and underscores of a text; may be empty, as for 邮件."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def in_words(name: str) -> str:
    """A field's name as a person says it: `expected_close_date` is expected close date."""
    return " ".join(name.replace("_", " ").split()) or name


def column_names(texts: Iterable[str], prefix: str) -> tuple[str, ...]:
    """A unique name for each text, in order; a number tells where letters do not."""
    names: list[str] = []
    for number, text in enumerate(texts):
        name = f"{prefix}_{snake_case(text) or number}"
        while name in names:
            name = f"{name}_{number}"
        names.append(name)
    return tuple(names)


def most_common(counts: Iterable[tuple[str, int]], at_least: int, at_most: int) -> tuple[str, ...]:
    """The texts counted often enough, most frequent first, ties by name."""
    frequent = sorted((-count, text) for text, count in counts if count >= at_least)
    return tuple(text for _, text in frequent[:at_most])
