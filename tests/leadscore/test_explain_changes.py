"""`explain --since`: the difference between two scores, split into what it came from."""

import re

import pytest

from crm.store import Store
from leads.clock import DAY_US, format_time
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.view import known_by
from models.alternatives import view_of_all
from tests.leadscore.running import run_json, run_leadscore, run_refused

POINTS = re.compile(r"([+−-]?\d+\.\d) points")
CAUSES = ["time", "other_leads", "own_events", "model"]


@pytest.fixture(scope="module")
def asked(trained):
    """A lead that was open for two weeks, its last moment in the records and the first."""
    home, _ = trained
    with Store.open(home / "leadscore.db") as store:
        timelines = store.timelines()
    as_of = timelines.newest_event_at()
    since = as_of - 14 * DAY_US
    rows = (timelines.created_at <= since).nonzero()[0]
    then = timelines.only(rows)
    both = [known_status(view_of_all(known_by(then, at), at)) == OPEN for at in (since, as_of)]
    lead_id = then.lead_ids[int((both[0] & both[1]).nonzero()[0][0])]
    return home, lead_id, format_time(as_of), format_time(since)


def test_the_parts_add_up_to_the_difference_of_two_explained_scores(asked):
    home, lead_id, as_of, since = asked
    then = run_json(home, "explain", lead_id, "--as-of", since)
    said = run_json(home, "explain", lead_id, "--as-of", as_of, "--since", since)
    found = said["changes"]
    assert found["before"] == then["win_probability"]
    assert found["after"] == said["win_probability"]
    assert [part["cause"] for part in found["parts"]] == CAUSES
    total = sum(part["effect"] for part in found["parts"])
    assert total == pytest.approx(found["difference"], abs=1e-9)
    for part in found["parts"]:
        shown = sum(group["effect"] for group in part["groups"]) + part["other"]
        assert shown == pytest.approx(part["effect"], abs=1e-9)


def test_it_is_said_in_words(asked, trained):
    home, lead_id, as_of, since = asked
    version = trained[1]["version"]
    ended = run_leadscore(
        home, "explain", lead_id, "--as-of", as_of, "--since", since, "--since-model", version
    )
    assert ended.returncode == 0, ended.stderr
    shown = [
        float(one.replace("−", "-")) for one in POINTS.findall(ended.stdout.split("went from")[1])
    ]
    assert len(shown) >= 5
    assert shown[4] == pytest.approx(sum(shown[:4]), abs=1e-9)
    for words in ("it went from", "Time that passed", "What other leads did", "In all"):
        assert words in ended.stdout


def test_a_model_of_then_without_a_then_is_refused(trained):
    assert "give --since as well" in run_refused(trained[0], "explain", "L", "--since-model", "1")
