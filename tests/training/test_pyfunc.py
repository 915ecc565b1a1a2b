"""A registered model as MLflow calls it answers each body as the HTTP interface does."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from crm.bodies.parsing import parse_body
from crm.bodies.requested import requested_timelines
from crm.bodies.score_request import ScoreRequest
from features.population import population_of
from leads.clock import format_time
from leads.errors import DamagedArtifactError
from leads.view import Snapshots, look
from models.artifact import read_artifact
from models.score_body import score_body
from models.scorer import Scorer
from tests.training.simulated_crm import simulated_timelines, until_of
from training.model_folder import LOADER, signature, write_model_folder
from training.pyfunc import LeadScorer, _load_pyfunc
from training.registry import artifact_path

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")


@pytest.fixture(scope="module")
def model_folder(training):
    return artifact_path(training.tracking_uri, training.trained.version).parent


@pytest.fixture(scope="module")
def loaded(model_folder) -> LeadScorer:
    return _load_pyfunc(str(model_folder))


@pytest.fixture(scope="module")
def body():
    """A lead that came in within the training's time, with its moves and values."""
    timelines = simulated_timelines()
    until = until_of(timelines)
    day = 86_400_000_000
    return {
        "lead": {
            "lead_id": "not one of them",
            "created_at": format_time(until - 20 * day),
            "pipeline": "b2b",
            "attributes": {"source": "fair", "amount": 12000},
        },
        "interactions": [
            {"occurred_at": format_time(until - 15 * day), "kind": "email", "direction": "inbound"}
        ],
        "stage_changes": [{"occurred_at": format_time(until - 9 * day), "stage": "Qualified"}],
        "as_of": format_time(until - 5 * day),
    }


def answer(loaded, *bodies, params=None):
    texts = [one if isinstance(one, str) else json.dumps(one) for one in bodies]
    return loaded.predict(pd.DataFrame({"body": texts}, dtype=object), params)


def test_answer_is_the_scorers_among_the_leads_it_was_trained_on(loaded, model_folder, body):
    scorer = Scorer(read_artifact(model_folder / "artifact"), "unregistered")
    request = parse_body(ScoreRequest, json.dumps(body).encode())
    timelines = requested_timelines(request, scorer.pipelines, scorer.attribute_types)
    view = look(timelines, Snapshots(np.zeros(1, np.int64), np.array([request.as_of])))
    score = scorer.describe(scorer.score(view, population_of(simulated_timelines())), 0)
    newest = timelines.newest_event_at(request.as_of)

    (told,) = answer(loaded, body)

    assert told == score_body(score, scorer, newest_event_at=newest, stale=False)
    explained = told["base_probability"] + told["other_effects"]
    explained += sum(factor["effect"] for factor in told["factors"])
    assert explained == pytest.approx(told["win_probability"], abs=1e-9)


def test_other_leads_count(loaded, model_folder, body, tmp_path):
    """Without the population of the training the stage's win rate is unknown."""
    write_model_folder(tmp_path / "alone", model_folder / "artifact", None, "{}")
    alone = _load_pyfunc(str(tmp_path / "alone"))
    assert answer(alone, body)[0]["win_probability"] != answer(loaded, body)[0]["win_probability"]


def test_each_row_has_its_answer_or_its_error(loaded, body):
    unknown = {**body, "lead": {**body["lead"], "pipeline": "b3b"}}
    future = {**body, "as_of": "2190-01-01T00:00:00Z"}
    early = {**body, "as_of": "2001-01-01T00:00:00Z"}
    told = answer(loaded, body, "no JSON", unknown, future, early, '{"lead": "\ud800"}', body)

    assert told[0] == told[-1]
    assert [set(one) for one in told[1:-1]] == [{"error"}] * 5
    assert "Invalid JSON" in told[1]["error"]
    assert told[2]["error"].startswith("lead.pipeline: 'b3b' is not a known pipeline; known are")
    assert "is in the future" in told[3]["error"]
    assert "is before lead 'not one of them' was created" in told[4]["error"]


def test_number_of_factors_is_a_parameter(loaded, body):
    (told,) = answer(loaded, body, params={"factors": 1})
    assert 1 <= len(told["factors"]) <= 2


def test_version_is_the_one_that_mlflow_loaded(model_folder, body, tmp_path):
    write_model_folder(tmp_path / "model", model_folder / "artifact", None, "{}")
    (tmp_path / "model" / "registered_model_meta").write_text(
        yaml.safe_dump({"model_name": "leadscore", "model_version": "12"})
    )
    told = answer(_load_pyfunc(str(tmp_path / "model")), body)
    assert told[0]["model"]["version"] == "12"


def test_damaged_model_is_not_loaded(model_folder, tmp_path):
    write_model_folder(tmp_path / "model", model_folder / "artifact", None, "{}")
    path = tmp_path / "model" / "artifact" / "typical.json"
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(DamagedArtifactError, match=r"typical\.json does not match its hash"):
        _load_pyfunc(str(tmp_path / "model"))


def test_model_folder_describes_itself(model_folder, training, loaded):
    described = yaml.safe_load((model_folder / "MLmodel").read_text())
    example = json.loads((model_folder / "input_example.json").read_text())
    serving = json.loads((model_folder / "serving_input_example.json").read_text())

    assert described["flavors"]["python_function"]["loader_module"] == LOADER
    assert described["run_id"] == training.trained.run_id
    assert described["signature"] == signature().to_dict()
    assert serving == {"dataframe_split": example}
    (told,) = answer(loaded, *example["data"][0])
    assert told["status"] == "open"
    assert set(told) == {column["name"] for column in json.loads(described["signature"]["outputs"])}


def test_no_file_of_a_model_is_a_pickle_or_names_a_lead(model_folder):
    contents = [path.read_bytes() for path in model_folder.rglob("*") if path.is_file()]
    ids = [lead_id.encode() for lead_id in simulated_timelines().lead_ids[:50]]
    assert not any(content.startswith(b"\x80") for content in contents)
    assert not any(lead_id in content for content in contents for lead_id in ids)
