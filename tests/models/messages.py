"""All messages that a person reads, as the code says them, and the catalogs that translate them.

After a change that is meant, `python -m tests.models.messages` brings the catalogs up to date: new
messages come in without a translation, those that nobody says any more go out. Then translate.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from features.calendar import DATED_CALENDAR
from features.families import FAMILIES
from features.naming import in_words
from features.plan import learn_plan
from features.signal import Column
from features.track_records import KNOWN_MEANINGS
from leads.contract import KNOWN_ATTRIBUTES
from models.kinds import USUAL_KINDS
from models.languages import ENGLISH, FIELD, KIND, LANGUAGES, PATTERN, SAME, Language
from serving.problems import STATUS_OF, Problem
from serving.rendering import TEMPLATES
from tests.features.training_history import training_history

ROOT = Path(__file__).parents[2]
# Where messages are written in the code; those of signals are declared, and taken from the plan.
SPEAKING = ("models", "serving", "leadscore")
ONE_MESSAGE = {"language.say", "say", "message"}
ONE_AND_MANY = {"language.count", "count", "counted"}
# Titles of problems that pages show; the words for 422 depend on Python's version.
TITLES = ("Unprocessable Content", "Unprocessable Entity")
TRANSLATED = tuple(language for language in LANGUAGES if language != ENGLISH)

# A message, a pair for one and several, or (context, message).
Key = str | tuple[str, str]


def columns() -> tuple[Column, ...]:
    """Every column of every family."""
    return learn_plan(training_history().timelines(), (*FAMILIES, DATED_CALENDAR)).columns


def wanted() -> Catalog:
    """A catalog of every message, in a lasting order, without translations."""
    catalog = Catalog()
    declared = columns()
    for column in declared:
        catalog.add(column.group.label)
    for column in declared:
        for said in (*column.said_of.values(), column.sentence):
            catalog.add(said)
        catalog.add(column.missing)
    for key, context in words():
        catalog.add(key, context=context)
    for path in sources():
        for key in messages_in_text(path.read_text(encoding="utf-8")):
            catalog.add(key)
    for path in sorted(TEMPLATES.glob("*.html")):
        for key in messages_of_template(path.read_text(encoding="utf-8")):
            catalog.add(key)
    for status in sorted({404, 405, *STATUS_OF.values()}):
        catalog.add(Problem(status, "").title)
    for title in TITLES:
        catalog.add(title)
    return catalog


def words() -> Iterator[tuple[Key, str]]:
    """What is not a sentence, with its context: fields, kinds of interaction, patterns of dates."""
    for attribute in KNOWN_ATTRIBUTES:
        yield in_words(attribute.name), FIELD
    for name in KNOWN_MEANINGS:
        yield in_words(name), SAME
    for one_and_many in USUAL_KINDS:
        yield one_and_many, KIND
    for pattern in ("d MMM y, HH:mm 'UTC'", "y-MM-dd"):
        yield pattern, PATTERN


def sources() -> list[Path]:
    """The modules that say something."""
    return [path for package in SPEAKING for path in sorted((ROOT / package).rglob("*.py"))]


def messages_in_text(module: str) -> Iterator[Key]:
    """The messages that a module says: of a language, or marked for one."""
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.Call):
            called = ".".join(ast.unparse(node.func).split(".")[-2:])
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if called != "say":  # that of the terminal
                yield from _messages(called, [text for text in texts if isinstance(text, str)])


def messages_of_template(template: str) -> Iterator[Key]:
    """The messages that a template says."""
    for call in Environment().parse(template).find_all(nodes.Call):
        called = getattr(call.node, "name", "")
        texts = [a.value for a in call.args if isinstance(a, nodes.Const)]
        yield from _messages(called, [text for text in texts if isinstance(text, str)])


def _messages(called: str, texts: list[str]) -> Iterator[Key]:
    if called in ONE_MESSAGE and texts:
        yield texts[0]
    if called in ONE_AND_MANY and len(texts) == 2:
        yield texts[0], texts[1]


def catalog_of(language: Language) -> Catalog:
    """The catalog of a language as it is; an empty one where there is none yet."""
    if not language.catalog.exists():
        return Catalog(str(language.locale))
    with language.catalog.open("rb") as file:
        return read_po(file, str(language.locale))


def brought_up_to_date(language: Language) -> Catalog:
    """The catalog of a language with every message that is said, and no other."""
    old, new = catalog_of(language), Catalog(str(language.locale), charset="utf-8")
    for entry in wanted():
        if entry.id:
            known = old.get(_id(entry), entry.context)
            told = known.string if known is not None else None
            new.add(entry.id, told, context=entry.context)
    return new


def _id(entry: Message) -> str:
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def write(language: Language, catalog: Catalog) -> None:
    """Write a catalog, with the header that gettext needs and nothing that changes by itself."""
    catalog.header_comment = ""
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language.locale}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    language.catalog.parent.mkdir(parents=True, exist_ok=True)
    with language.catalog.open("wb") as file:
        file.write(header.encode())
        write_po(file, catalog, width=0, omit_header=True)


if __name__ == "__main__":
    for translated in TRANSLATED:
        write(translated, brought_up_to_date(translated))
