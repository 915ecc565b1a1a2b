"""Which rows of an export's block a reading takes, and which filter left each of the others out."""

from collections.abc import Callable, Sequence

import numpy as np

from crm.mapping.definition import Filter
from crm.tables import Block
from leads.arrays import Int8s
from leads.contract import is_missing


def filter_codes(where: Sequence[Filter], block: Block) -> Int8s:
    """For each row 0 if it passes, else the number, from 1, of the first filter it fails."""
    codes = np.zeros(len(block), np.int8)
    for number, rule in reversed(list(enumerate(where, start=1))):
        passes = _TESTS[rule.test]
        cells = block.columns[rule.column]
        passed = {text: passes((text or "").strip(), rule) for text in dict.fromkeys(cells)}
        codes[[not passed[text] for text in cells]] = number
    return codes


def rows_at(block: Block, places: Sequence[int]) -> Block:
    """Some rows of a block; its broken ones stay."""
    if len(places) == len(block):
        return block
    columns = {name: [cells[p] for p in places] for name, cells in block.columns.items()}
    return Block([block.rows[p] for p in places], columns, block.broken, block.file)


def _is_in(text: str, rule: Filter) -> bool:
    return text in rule.texts


def _starts_with(text: str, rule: Filter) -> bool:
    return text.startswith(rule.texts)


_TESTS: dict[str, Callable[[str, Filter], bool]] = {
    "in": _is_in,
    "not_in": lambda text, rule: not _is_in(text, rule),
    "starts_with": _starts_with,
    "not_starts_with": lambda text, rule: not _starts_with(text, rule),
    "filled": lambda text, rule: rule.filled != is_missing(text),
}
