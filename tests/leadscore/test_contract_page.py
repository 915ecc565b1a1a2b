"""The page of the data contract says what the contract says, and nothing of it is left out."""

import re
from pathlib import Path

from leads.attributes import ATTRIBUTE_TYPE_MEANINGS, ATTRIBUTE_TYPES
from leads.contract import KNOWN_ATTRIBUTES, LEADS, TABLES, TYPE_MEANINGS
from leads.pipelines import LOST_NAMES, PIPELINE_KEYS, WON_NAMES, recognise_outcome
from leadscore.contract_page import contract_page

PAGE = Path(__file__).parents[2] / "docs" / "data-contract.md"


def section(page: str, heading: str) -> str:
    """The part of a page under the heading that begins so."""
    return page.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


def first_cells(part: str) -> list[str]:
    """The names in the first column of a part's tables."""
    return re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)


def test_the_committed_page_is_what_the_contract_gives():
    assert PAGE.read_text(encoding="utf-8") == contract_page()


def test_every_table_is_described_column_by_column():
    page = contract_page()
    for table in TABLES:
        assert first_cells(section(page, f"`{table.name}`")) == list(table.names)
        assert all(column.meaning in page for column in table.columns)


def test_every_type_and_key_has_a_meaning():
    types = {column.type for table in TABLES for column in table.columns}
    assert types == set(TYPE_MEANINGS)
    assert set(ATTRIBUTE_TYPE_MEANINGS) == set(ATTRIBUTE_TYPES)
    keys = first_cells(section(contract_page(), "`pipelines.toml`"))
    assert keys == list(PIPELINE_KEYS)


def test_known_attributes_are_attributes():
    names = [attribute.name for attribute in KNOWN_ATTRIBUTES]
    assert not set(names) & set(LEADS.names)
    assert first_cells(section(contract_page(), "Attributes")) == names


def test_the_names_of_closing_stages_are_recognised():
    assert {recognise_outcome(name) for name in WON_NAMES} == {"won"}
    assert {recognise_outcome(name) for name in LOST_NAMES} == {"lost"}
