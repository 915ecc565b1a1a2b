"""What is served follows the store: new records, a new champion, from any thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fastapi.testclient import TestClient

from crm.importing import import_folder
from leads.errors import UnknownModelError
from serving.app import create_app
from serving.scoring import warm_up
from serving.served import Served


@pytest.fixture
def filled(tmp_path, clock, crm_folder):
    """A store of its own, with the same leads and no model yet."""
    served = Served.open(tmp_path / "own.db", tmp_path / "models", clock=clock)
    import_folder(served.store, crm_folder, home=tmp_path)
    yield served
    served.close()


def test_scorer_follows_the_champion(filled, promote):
    with pytest.raises(UnknownModelError, match="run leadscore train"):
        filled.scorer()
    promote(filled, "1", seed=1)
    first = filled.scorer()
    assert first is filled.scorer()
    promote(filled, "2", seed=2)
    assert (first.version, filled.scorer().version) == ("1", "2")


def test_promotion_shows_in_the_next_answer(filled, promote, minimal_body):
    with TestClient(create_app(filled)) as client:
        versions = []
        for version in ("1", "2"):
            promote(filled, version, seed=int(version))
            versions.append(client.post("/v1/score", json=minimal_body).json()["model"]["version"])
    assert versions == ["1", "2"]


def test_records_follow_the_store(filled, tmp_path, more_leads):
    before = filled.records()
    assert before is filled.records()
    import_folder(filled.store, more_leads(tmp_path / "more", "M-1"), home=tmp_path)
    after = filled.records()
    assert len(after.population.row_of) == len(before.population.row_of) + 1
    assert after.sequence > before.sequence


def test_scores_and_promotions_leave_the_records_as_they_are(filled, promote):
    before = filled.records()
    filled.store.replace_scores([])
    promote(filled, "1", seed=1)
    assert filled.records() is before


def test_new_lead_is_scored_at_once(filled, promote, tmp_path, more_leads):
    promote(filled, "1", seed=1)
    with TestClient(create_app(filled)) as client:
        assert client.get("/v1/leads/M-1/score").status_code == 404
        import_folder(filled.store, more_leads(tmp_path / "more", "M-1"), home=tmp_path)
        assert client.get("/v1/leads/M-1/score").status_code == 200


def test_owners_are_those_of_the_leads(filled):
    assert filled.records().owners == ("<b>Ada</b>", "Grace")


def test_empty_store_has_no_population(empty_served):
    records = empty_served.records()
    assert (records.pipelines, records.population, records.owners) == (None, None, ())


def test_warming_up_reads_the_model_and_the_records(filled, promote):
    promote(filled, "1", seed=1)
    warm_up(filled)
    assert filled.scorer() is filled.scorer()


def test_threads_get_the_same_answers(served):
    lead_ids = [current.lead_id for current in served.store.ranked_leads(limit=40).items]
    with TestClient(create_app(served)) as client:

        def probability(lead_id):
            return client.get(f"/v1/leads/{lead_id}/score").json()["win_probability"]

        alone = [probability(lead_id) for lead_id in lead_ids]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(probability, lead_ids * 3))
    assert together == alone * 3
    assert len(np.unique([p for p in alone if p is not None])) > 10
