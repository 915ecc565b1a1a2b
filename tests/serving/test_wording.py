"""How pages word values."""

import pytest

from models.languages import ENGLISH, SWEDISH
from serving.wording import shown_value, tenths_adding_up


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("1234567", ENGLISH, "1,234,567"),
        ("0.25", SWEDISH, "0,25"),
        ("1e299", ENGLISH, "1e+299"),
        ("-1.5e20", SWEDISH, "−1,5e+20"),
        ("a lot", ENGLISH, "a lot"),
        (None, ENGLISH, "—"),
    ],
)
def test_a_number_is_shown_as_the_language_writes_it(text, language, said):
    assert shown_value(text, "number", language) == said


@pytest.mark.parametrize(
    ("effects", "total", "shown"),
    [
        ((-0.0424, 0.0014, 0.0523, 0.0), 12, [-42, 2, 52, 0]),
        ((0.0014, 0.0014, 0.0014), 4, [2, 1, 1]),
        ((0.0016, 0.0016), 3, [1, 2]),
        ((0.0, 0.0), 1, [1, 0]),
        ((-0.0004, 0.0124), 12, [0, 12]),
    ],
)
def test_parts_are_rounded_so_that_they_add_up_as_shown(effects, total, shown):
    assert tenths_adding_up(effects, total) == shown
