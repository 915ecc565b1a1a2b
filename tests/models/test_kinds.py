"""Kinds of interaction: usual ones are said in the reader's language, others quoted as they are."""

import pytest

from crm.mapping.known_names import FILE_KINDS
from crm.simulator.tables import INTERACTIONS
from features.engagement import ENGAGEMENT
from leads.records import INTERACTION
from models.kinds import USUAL_KINDS, kind_in_words, kind_label, kinds_in_words
from models.languages import (
    ENGLISH,
    LANGUAGES,
    SIMPLIFIED_CHINESE,
    SWEDISH,
    TRADITIONAL_CHINESE,
)
from models.next_actions import Action
from models.sentences import group_label, json_value, sentence, statement

NAN = float("nan")
KINDS_OF_SETTINGS = ("call", "follow_up")
COLUMNS = {
    column.name: column
    for column in ENGAGEMENT.columns(
        {
            "directions": True,
            "kinds": {"levels": list(KINDS_OF_SETTINGS), "rare": []},
            "directed_kinds": ["call"],
            "results": {"levels": ["yes"], "rare": []},
        }
    )
}


@pytest.mark.parametrize(
    ("language", "one", "many", "label"),
    [
        (ENGLISH, "meeting", "meetings", "Meeting"),
        (SWEDISH, "möte", "möten", "Möte"),
        (SIMPLIFIED_CHINESE, "会议", "会议", "会议"),
        (TRADITIONAL_CHINESE, "會議", "會議", "會議"),
    ],
)
def test_a_usual_kind_is_said_in_the_language(language, one, many, label):
    assert kind_in_words("meeting", language) == one
    assert kinds_in_words("meeting", language) == many
    assert kind_label("meeting", language) == label


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (ENGLISH, "“follow up Call 1”"),
        (SWEDISH, "”follow up Call 1”"),
        (SIMPLIFIED_CHINESE, "“follow up Call 1”"),
        (TRADITIONAL_CHINESE, "「follow up Call 1」"),
    ],
)
def test_an_unknown_kind_is_quoted_with_its_underscores_as_spaces(language, said):
    for words in (kind_in_words, kinds_in_words, kind_label):
        assert words("follow_up Call 1", language) == said


@pytest.mark.parametrize("kind", ["", " ", "{name}", "%s", "yes"])
def test_whatever_a_kind_is_called_it_is_quoted_alone(kind):
    assert kind_in_words(kind, ENGLISH) == f"“{kind}”"


@pytest.mark.parametrize("written", ["CALL", "Phone_Call", "phone-call", " samtal", "电话", "通話"])
def test_case_hyphens_and_the_usual_names_tell_no_kinds_apart(written):
    assert kind_in_words(written, SWEDISH) == "samtal"


def test_kinds_of_the_simulator_and_of_named_files_are_usual():
    produced = {kind for kind, *_ in INTERACTIONS.values()} | set(FILE_KINDS)
    assert {"call", "email", "meeting", "task", "website visit"} <= produced
    for kind in produced:
        assert kind_in_words(kind, ENGLISH) == kind


def test_no_spelling_means_two_kinds():
    spellings = [name for words, others in USUAL_KINDS.items() for name in (*words, *others)]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (ENGLISH, "Calls from us in the last 7 days: 2."),
        (SWEDISH, "Samtal från oss de senaste 7 dagarna: 2."),
        (SIMPLIFIED_CHINESE, "过去7天我方的电话次数：2。"),
        (TRADITIONAL_CHINESE, "過去7天我方的電話次數：2。"),
    ],
)
def test_sentences_say_the_kind_in_the_language(language, said):
    assert sentence(COLUMNS["outbound_kind_call_7d"], 2.0, NAN, language) == said


def test_the_latest_contact_is_said_in_the_language_and_kept_in_codes():
    column = COLUMNS["last_kind"]

    assert sentence(column, 0.0, NAN, SWEDISH) == "Den senaste kontakten: samtal."
    assert sentence(column, 1.0, NAN, SWEDISH) == "Den senaste kontakten: ”follow up”."
    assert sentence(column, 2.0, NAN) == "The latest contact: one that few leads have."
    assert json_value(column, 0.0) == "call"
    assert statement(column, 0.0, NAN).value == "call"
    assert statement(COLUMNS["kind_call_7d"], 2.0, NAN).names == {"kinds": "call"}


def test_a_reason_is_called_by_its_kind():
    assert group_label(COLUMNS["kind_call_7d"].group, SWEDISH) == "Samtal"
    assert group_label(COLUMNS["kind_follow_up_7d"].group) == "“follow up”"


def test_a_result_stays_in_the_words_of_the_crm():
    """A result is no message, even where it reads like one."""
    for language in LANGUAGES:
        assert "yes" in sentence(COLUMNS["last_result"], 0.0, NAN, language)


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("call", ENGLISH, "Call from you: the model would expect 34.0 %."),
        ("call", SWEDISH, "Samtal från dig: modellen skulle vänta sig 34,0 %."),
        ("email", SIMPLIFIED_CHINESE, "由您发起的邮件：模型预期为34.0%。"),
        ("email", TRADITIONAL_CHINESE, "由您發起的電子郵件：模型預期為34.0%。"),
        ("sc_2", SWEDISH, "”sc 2” från dig: modellen skulle vänta sig 34,0 %."),
    ],
)
def test_a_next_action_says_its_kind_in_the_language(kind, language, said):
    action = Action(INTERACTION, kind, "us", 12, 0.1, 0.34, ())
    assert action.sentence_in(language) == said
