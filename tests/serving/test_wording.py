"""How pages word values."""

import pytest

from models.languages import ENGLISH, SWEDISH
from serving.wording import shown_value


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
