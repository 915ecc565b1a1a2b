"""Languages: what a person reads, in English, Swedish, Simplified and Traditional Chinese.

Messages are English and stand where they are said. A catalog for each other language, a .po file of
gettext, has their translations; it is read as it is when the language is first spoken, so that
nothing is to be compiled (`docs/decisions/0008-languages.md`). A message without a translation is
said in English.
"""

import gettext
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from features.naming import in_words

CATALOGS = Path(__file__).with_name("locale")
DOMAIN = "leadscore"
# Contexts of messages that are not sentences: the contract's fields, leads that share one, kinds of
# interaction, and patterns of dates.
FIELD, SAME, KIND, PATTERN = "field", "same", "kind", "pattern"
_MOMENT, _DAY = "d MMM y, HH:mm 'UTC'", "y-MM-dd"
_LONGEST_TAG = 40


@dataclass(frozen=True)
class Language:
    """A language: its tag (BCP 47), and its name in itself."""

    tag: str
    name: str

    @cached_property
    def locale(self) -> Locale:
        """How the language writes numbers and dates."""
        return Locale.parse(self.tag, sep="-")

    @property
    def catalog(self) -> Path:
        """The file of its translations."""
        folder = CATALOGS / self.tag.replace("-", "_")
        return folder / "LC_MESSAGES" / f"{DOMAIN}.po"

    def translated(self, message: str) -> str:
        """A message with its placeholders unfilled."""
        return self._translations.gettext(message)

    def say(self, message: str, /, **values: object) -> str:
        """A message, filled in."""
        return self.translated(message).format(**values)

    def plural(self, one: str, many: str, count: str) -> str:
        """The message for a count as it is shown, its placeholders unfilled."""
        return self._translations.ngettext(one, many, 1 if count == "1" else 2)

    def count(self, one: str, many: str, count: str) -> str:
        """The message for a count, which fills `{count}`."""
        return self.plural(one, many, count).format(count=count)

    def field(self, name: str) -> str:
        """What a field is called: the contract's own are translated, others keep their name."""
        words = in_words(name)
        return self._translations.pgettext(FIELD, words) if words else name

    def same(self, name: str) -> str:
        """What leads share that have one value of a field: `the same source`.

        Of the contract's own fields the catalog says it, for it may be inflected; of others it is
        said in words that any name fits.
        """
        words = in_words(name)
        said = self._translations.pgettext(SAME, words) if words else name
        return self.say(_SAME_FIELD, field=words or name) if said == words else said

    def word(self, context: str, one: str, many: str, count: int) -> str:
        """A word for one or for several things."""
        return self._translations.npgettext(context, one, many, count)

    def figure(self, written: str) -> str:
        """A number written as `-1,234.5`, as the language writes it."""
        return written.translate(self._signs)

    def moment(self, at: datetime) -> str:
        """Such as `1 Mar 2026, 10:00 UTC`."""
        return format_datetime(at, self._pattern(_MOMENT), locale=self.locale)

    def day(self, day: date) -> str:
        """Such as `2026-03-01`."""
        return format_date(day, self._pattern(_DAY), locale=self.locale)

    def weekday(self, number: int) -> str:
        """The name of a weekday, 0 for Monday."""
        return str(self.locale.days["format"]["wide"][number])

    def _pattern(self, pattern: str) -> str:
        return self._translations.pgettext(PATTERN, pattern)

    @cached_property
    def _signs(self) -> dict[int, str]:
        symbols = self.locale.number_symbols["latn"]
        signs = {",": symbols["group"], ".": symbols["decimal"], "-": symbols["minusSign"]}
        return {ord(ours): theirs for ours, theirs in signs.items() if ours != theirs}

    @cached_property
    def _translations(self) -> gettext.NullTranslations:
        if not self.catalog.exists():
            return gettext.NullTranslations()
        compiled = io.BytesIO()
        with self.catalog.open("rb") as file:
            write_mo(compiled, read_po(file, self.locale))
        compiled.seek(0)
        return gettext.GNUTranslations(compiled)


ENGLISH = Language("en", "English")
SWEDISH = Language("sv", "Svenska")
SIMPLIFIED_CHINESE = Language("zh-Hans", "简体中文")
TRADITIONAL_CHINESE = Language("zh-Hant", "繁體中文")
LANGUAGES = (ENGLISH, SWEDISH, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE)

_BY_SUBTAG = {"en": ENGLISH, "sv": SWEDISH}
_CHINESE_SCRIPTS = {"hans": SIMPLIFIED_CHINESE, "hant": TRADITIONAL_CHINESE}
# Where Chinese is written in traditional characters.
_TRADITIONAL_REGIONS = frozenset({"tw", "hk", "mo"})


def message(text: str) -> str:
    """Marks a text as a message that is said elsewhere."""
    return text


_SAME_FIELD = message("the same {field}")


def counted(one: str, many: str) -> tuple[str, str]:
    """Marks a message for one and for several that is said elsewhere."""
    return one, many


def language_of(tag: str) -> Language | None:
    """The language of a tag such as `sv-FI`, `zh-TW` or `zh_Hans`; None for one not spoken."""
    subtags = re.split("[-_]", tag[:_LONGEST_TAG].strip().lower())
    if subtags[0] != "zh":
        return _BY_SUBTAG.get(subtags[0])
    for subtag in subtags[1:]:
        if subtag in _CHINESE_SCRIPTS:
            return _CHINESE_SCRIPTS[subtag]
    traditional = not _TRADITIONAL_REGIONS.isdisjoint(subtags[1:])
    return TRADITIONAL_CHINESE if traditional else SIMPLIFIED_CHINESE
