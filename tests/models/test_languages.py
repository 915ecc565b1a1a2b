"""Languages: every message is translated; numbers, times and plurals are the language's own."""

import re
import string
from datetime import UTC, date, datetime

import pytest
from babel.messages.catalog import Catalog

from features.signal import Column, Group
from features.track_records import TRACK_RECORDS
from leads.contract import KNOWN_ATTRIBUTES
from models.languages import (
    ENGLISH,
    LANGUAGES,
    SIMPLIFIED_CHINESE,
    SWEDISH,
    TRADITIONAL_CHINESE,
    Language,
    language_of,
)
from models.sentences import duration, group_label, number, sentence, value_in_words
from tests.models.messages import (
    PATTERN,
    TRANSLATED,
    brought_up_to_date,
    catalog_of,
    columns,
    messages_in_text,
    messages_of_template,
    wanted,
)

NAN = float("nan")
GROUP = Group("pace", "Pace")

each_translation = pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.tag)


def texts_of(value) -> list[str]:
    return list(value) if isinstance(value, tuple | list) else [value or ""]


def faults(catalog: Catalog) -> list[str]:
    """Messages without a translation, and those with other placeholders than the English."""
    found = []
    for entry in wanted():
        ids = texts_of(entry.id)
        known = catalog.get(ids[0], entry.context) if entry.id else None
        told = [] if known is None else texts_of(known.string)
        if entry.id and not all(told or [""]):
            found.append(f"not translated: {ids[0]}")
        if entry.context != PATTERN and any(placeholders(t) != placeholders(ids[-1]) for t in told):
            found.append(f"other placeholders: {ids[0]}")
    return found


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


@each_translation
def test_every_message_is_translated_with_the_same_placeholders(language):
    """If new messages are meant: `python -m tests.models.messages`, then translate them."""
    assert faults(catalog_of(language)) == []


@each_translation
def test_no_catalog_translates_what_nobody_says(language):
    said = {(entry.context, *texts_of(entry.id)[:1]) for entry in brought_up_to_date(language)}
    kept = {(entry.context, *texts_of(entry.id)[:1]) for entry in catalog_of(language)}
    assert kept - said == set()


def test_a_message_without_translation_and_one_with_another_placeholder_are_seen():
    catalog = catalog_of(SWEDISH)
    catalog.delete("yes")
    catalog.get("{duration} ago").string = "för {tid} sedan"
    catalog.get("{count} day").string = ("{count} dag", "dagar")

    assert set(faults(catalog)) - set(faults(catalog_of(SWEDISH))) == {
        "other placeholders: {count} day",
        "other placeholders: {duration} ago",
        "not translated: yes",
    }


def test_messages_are_found_where_they_are_said():
    assert list(messages_in_text("a.language.say('One {x}', x=1)\nsay('no')\n")) == ["One {x}"]
    assert list(messages_in_text("message('Two')\ncounted('{count} a', '{count} as')")) == [
        "Two",
        ("{count} a", "{count} as"),
    ]
    template = (
        '{{ say("One {x}", x=1) }}{% if a %}{{ f(count("{count} a", "{count} as", n)) }}{% endif %}'
    )
    assert set(messages_of_template(template)) == {"One {x}", ("{count} a", "{count} as")}


@each_translation
def test_messages_are_text_and_not_markup(language):
    for entry in catalog_of(language):
        assert not entry.id or not set("<>&\n") & set("".join(texts_of(entry.string))), entry.id


@each_translation
def test_messages_end_as_the_english_do(language):
    stop = "." if language == SWEDISH else "。"
    for entry in catalog_of(language):
        if entry.id and isinstance(entry.id, str) and not entry.context:
            ends = entry.string.endswith((stop, f"{stop}”"))
            assert ends == entry.id.endswith("."), entry.id


@pytest.mark.parametrize(
    "language", [SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE], ids=lambda one: one.tag
)
def test_chinese_has_its_own_punctuation(language):
    for entry in catalog_of(language):
        if entry.id and not entry.context:
            said = "".join(texts_of(entry.string)).replace("leadscore ", "")
            assert not set(",;!?()\"'") & set(said), said
            # A colon is full-width, but for that before a command.
            assert ":" not in said, said


@pytest.mark.parametrize(
    "language", [SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE], ids=lambda one: one.tag
)
def test_chinese_sets_no_space_around_what_is_filled_in(language):
    for entry in catalog_of(language):
        for said in texts_of(entry.string) if entry.id and not entry.context else ():
            assert not re.search(r"[\u4e00-\u9fff] [{\d]|[}\d] [\u4e00-\u9fff]", said), said


@pytest.mark.parametrize(
    ("language", "unwanted"),
    [
        (SWEDISH, "steget|vinstprocent"),
        (SIMPLIFIED_CHINESE, "商机|潜在客户|成交[^日]"),
        (TRADITIONAL_CHINESE, "線索|已結束|贏單|信息|字段"),
    ],
    ids=["sv", "zh-Hans", "zh-Hant"],
)
def test_a_thing_has_one_name(language, unwanted):
    """A stage, a lead and a win are called the same in every sentence."""
    for entry in catalog_of(language):
        for said in texts_of(entry.string) if entry.id else ():
            assert not re.search(unwanted, said), said


def test_no_character_is_of_the_other_chinese():
    """Characters that are written differently, of which each catalog has its own alone."""
    pairs = (
        "联聯 负負 阶階 单單 记記 录錄 线線 户戶 应應 发發 条條 数數 与與 "
        "开開 关關 过過 处處 间間 无無"
    )
    texts = {
        language: "".join(t for e in catalog_of(language) for t in texts_of(e.string) if e.id)
        for language in (SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE)
    }
    for simplified, traditional in pairs.split():
        assert traditional not in texts[SIMPLIFIED_CHINESE]
        assert simplified not in texts[TRADITIONAL_CHINESE]


@each_translation
def test_every_signal_makes_a_sentence_of_the_language(language):
    for column in columns():
        for value, typical in ((1.0, 3.0), (0.0, NAN), (NAN, NAN)):
            said = sentence(column, value, typical, language)
            assert said.endswith("." if language == SWEDISH else "。"), said
            assert not set("{}") & set(said), said
            assert not re.search(r"\bnan\b", said), said
        assert group_label(column.group, language)


@each_translation
def test_only_words_of_the_crm_stay_english(language):
    """Without the names that fill them, sentences are the language's own."""
    for column in columns():
        if not column.names and not column.levels:
            assert sentence(column, 1.0, NAN, language) != sentence(column, 1.0, NAN)
            assert group_label(column.group, language) != group_label(column.group)


def column(unit="count", text="The last contact was {value} ago") -> Column:
    return Column("x", GROUP, unit, text, "No contact yet.")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (ENGLISH, "The last contact was 2.5 days ago; typically 1 day."),
        (SWEDISH, "Den senaste kontakten var för 2,5 dagar sedan; vanligtvis 1 dag."),
        (SIMPLIFIED_CHINESE, "上次联系是在2.5天前（通常：1天）。"),
        (TRADITIONAL_CHINESE, "上次聯絡是在2.5天前（通常：1天）。"),
    ],
)
def test_value_and_what_is_typical_are_said_in_the_language(language, said):
    assert sentence(column("days"), 2.5, 1.0, language) == said


def test_swedish_has_plurals_a_comma_and_thousands_set_apart_by_a_space():
    assert [duration(d, SWEDISH) for d in (1.0, 2.0, 1.5, 365.25, 0.0)] == [
        "1 dag", "2 dagar", "1,5 dagar", "1 år", "mindre än en minut",
    ]  # fmt: skip
    assert number(1_234_567.0, SWEDISH) == "1\u00a0234\u00a0567"
    assert number(-0.25, SWEDISH) == "−0,25"
    assert number(1e299, SWEDISH) == "1,0e+299"
    assert value_in_words(column("share"), 0.355, SWEDISH) == "36\u00a0%"


@pytest.mark.parametrize(
    ("language", "moment", "day", "weekday"),
    [
        (ENGLISH, "1 Mar 2026, 10:00 UTC", "2026-03-01", "Monday"),
        (SWEDISH, "1 mars 2026 kl. 10:00 UTC", "2026-03-01", "måndag"),
        (SIMPLIFIED_CHINESE, "2026年3月1日 10:00 UTC", "2026年3月1日", "星期一"),
        (TRADITIONAL_CHINESE, "2026年3月1日 10:00 UTC", "2026年3月1日", "星期一"),
    ],
)
def test_times_are_written_as_the_language_does(language, moment, day, weekday):
    assert language.moment(datetime(2026, 3, 1, 10, 0, tzinfo=UTC)) == moment
    assert language.day(date(2026, 3, 1)) == day
    assert language.weekday(0) == weekday


@each_translation
def test_the_contracts_fields_have_names_and_others_keep_theirs(language):
    for attribute in KNOWN_ATTRIBUTES:
        if (language, attribute.name) != (SWEDISH, "land"):
            assert language.field(attribute.name) != attribute.name
    assert language.field("antal_anställda") == "antal anställda"


def test_words_of_the_crm_stay_even_where_they_read_like_a_message():
    """What fills a sentence stays as it is: it is never looked up as a message."""
    one = Column("x", GROUP, "level", "{value}, {level}", "-", {"level": "yes"}, ("Owner",))
    for language in LANGUAGES:
        assert "Owner, yes" in sentence(one, 0.0, NAN, language)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", ENGLISH), ("en-GB", ENGLISH), ("EN_us", ENGLISH),
        ("sv", SWEDISH), ("sv-FI", SWEDISH), (" sv ", SWEDISH),
        ("zh", SIMPLIFIED_CHINESE), ("zh-CN", SIMPLIFIED_CHINESE), ("zh-SG", SIMPLIFIED_CHINESE),
        ("zh-Hans-HK", SIMPLIFIED_CHINESE), ("zh_Hans", SIMPLIFIED_CHINESE),
        ("zh-TW", TRADITIONAL_CHINESE), ("zh-HK", TRADITIONAL_CHINESE),
        ("zh-MO", TRADITIONAL_CHINESE), ("zh-Hant", TRADITIONAL_CHINESE),
        ("zh-Hant-CN", TRADITIONAL_CHINESE),
        ("de", None), ("", None), ("*", None), ("swe", None), ("zhx", None), ("\0", None),
        ("-", None), ("zh" * 10_000, None),
    ],
)  # fmt: skip
def test_tag_names_a_language(tag, language):
    assert language_of(tag) is language


def test_language_without_a_catalog_says_the_english():
    assert Language("de", "Deutsch").say("{duration} ago", duration="3") == "3 ago"


@pytest.mark.parametrize(
    ("language", "ours", "own", "pair"),
    [
        (ENGLISH, "the same owner", "the same team", "the same owner and the same source"),
        (
            SWEDISH,
            "samma ansvariga person",
            "samma värde för team",
            "samma ansvariga person och samma källa",
        ),
        (SIMPLIFIED_CHINESE, "负责人相同", "team相同", "负责人相同且来源相同"),
        (TRADITIONAL_CHINESE, "負責人相同", "team相同", "負責人相同且來源相同"),
    ],
)
def test_what_leads_share_is_said_so_that_any_field_fits(language, ours, own, pair):
    """In Swedish a word after "samma" may be inflected: the contract's are, others stand apart."""
    settings = {"fields": ["owner", "source", "team"], "pairs": [["owner", "source"]]}
    rates = {
        column.name: sentence(column, 0.25, NAN, language)
        for column in TRACK_RECORDS.columns({**settings, "workload": False})
    }
    assert language.same("owner") == ours
    assert ours in rates["win_rate_of_owner"]
    assert own in rates["win_rate_of_team"].replace("Team", "team")
    assert pair in rates["win_rate_of_owner_and_source"]


def test_a_field_of_either_gender_is_changed_and_cleared_in_swedish():
    said = [
        SWEDISH.say(message, field="Källa", value="mässa")
        for message in ("{field} set to {value}", "{field} cleared")
    ]
    assert said == ["Källa har ändrats till mässa", "Källa har tömts"]


@pytest.mark.parametrize(
    ("language", "none", "some"),
    [
        (ENGLISH, "0 minutes", "less than a minute"),
        (SWEDISH, "0 minuter", "mindre än en minut"),
        (SIMPLIFIED_CHINESE, "0分钟", "不到1分钟"),
        (TRADITIONAL_CHINESE, "0分鐘", "不到1分鐘"),
    ],
)
def test_no_minutes_at_all_are_none_and_not_less_than_one(language, none, some):
    """Of what is counted in minutes, such as conversation; no time at all since is short, not 0."""
    assert value_in_words(column("minutes"), 0.0, language) == none
    assert value_in_words(column("minutes"), 0.4, language) == some
    assert value_in_words(column("days"), 0.0, language) == some


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (ENGLISH, ["8 % of what is usual", "about what is usual", "2.1 times what is usual"]),
        (SWEDISH, ["är 8 % av det vanliga", "är ungefär det vanliga", "är 2,1 gånger det vanliga"]),
        (SIMPLIFIED_CHINESE, ["通常水平的8%", "通常水平的约1倍", "通常水平的2.1倍"]),
        (TRADITIONAL_CHINESE, ["通常水準的8%", "通常水準的約1倍", "通常水準的2.1倍"]),
    ],
)
def test_a_part_of_what_is_usual_is_told_as_a_share_and_more_as_times(language, said):
    (size,) = (one for one in columns() if one.name == "amount_to_usual")
    for value, words in zip((0.08, 1.0, 2.1), said, strict=True):
        assert words in sentence(size, value, NAN, language)
