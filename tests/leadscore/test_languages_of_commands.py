"""`explain` and `score` speak the language of `--lang`, else that of LEADSCORE_LANGUAGE."""

import json
import re
import subprocess
import sys

import pytest

from crm.store import Store
from leads.errors import InvalidInputError
from leads.records import INTERACTION
from leadscore.options import read_language
from models.languages import ENGLISH, SWEDISH, TRADITIONAL_CHINESE
from tests.leadscore.running import command_environment, run_json, run_leadscore, run_refused


@pytest.mark.parametrize(
    ("option", "setting", "language"),
    [
        (None, "en", ENGLISH),
        (None, "sv", SWEDISH),
        ("zh-TW", "sv", TRADITIONAL_CHINESE),
        ("en", "zh", ENGLISH),
    ],
)
def test_option_comes_before_the_setting(option, setting, language):
    assert read_language(option, setting) is language


def test_language_that_is_not_spoken_is_refused_by_where_it_was_given():
    with pytest.raises(InvalidInputError, match=r"--lang: 'de' is not spoken; give one of en \("):
        read_language("de", "sv")
    with pytest.raises(InvalidInputError, match=r"LEADSCORE_LANGUAGE: '' is not spoken.*zh-Hant"):
        read_language(None, "")


def an_open_lead(home) -> str:
    with Store.open(home / "leadscore.db") as store:
        ranked = store.ranked_leads(limit=1).items
    return ranked[0].lead_id


def an_open_lead_just_contacted(home) -> str:
    with Store.open(home / "leadscore.db") as store:
        ranked = [one.lead_id for one in store.ranked_leads(limit=50).items]
        timelines = store.timelines()
    newest = timelines.events.type[timelines.start[1:] - 1]
    return next(one for one in ranked if newest[timelines.row_of[one]] == INTERACTION)


def test_explain_speaks_the_language(trained):
    home, _ = trained
    lead_id = an_open_lead_just_contacted(home)

    in_english = run_json(home, "explain", lead_id)
    in_chinese = run_json(home, "explain", lead_id, "--lang", "zh-Hant")
    in_swedish = run_leadscore(home, "explain", lead_id, "--lang", "sv-SE").stdout
    for text in ("Vinstchans", "Senaste händelserna", "Ett typiskt lead", "procentenheter"):
        assert text in in_swedish
    told = in_swedish.split("Senaste händelserna")[1]
    assert re.search("mejl|samtal|möte|webbplatsbesök", told)
    assert not re.search(r"email|meeting|\bcall\b|website visit", told)

    for one, other in zip(in_chinese["factors"], in_english["factors"], strict=True):
        assert one["sentence"].endswith("。")
        assert other["sentence"].endswith(".")
        assert one["value"] == other["value"]
        assert one["name"] == other["name"]


def test_score_speaks_the_language_of_the_setting(trained):
    home, _ = trained
    environment = command_environment(home) | {"LEADSCORE_LANGUAGE": "sv"}
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "leadscore", "score", "--json"],
        cwd=home.parent, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    sentences = [
        f["sentence"] for row in json.loads(ended.stdout)["scores"] for f in row["factors"]
    ]
    assert any("; vanligtvis " in sentence for sentence in sentences)
    assert not any("; typically " in sentence for sentence in sentences)
    assert "--lang: 'xx' is not spoken" in run_refused(home, "score", "--lang", "xx")
