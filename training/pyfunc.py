"""A registered model as MLflow calls it: one row per lead, its body in, its score out.

For outsiders with `mlflow models serve --env-manager local`; our own service reads neither MLflow
nor this. MLflow imports this module by its name, so it is code of this installation that runs, and
nothing of the model's folder is.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from crm.bodies.parsing import parse_body
from crm.bodies.requested import requested_timelines
from crm.bodies.score_request import ScoreRequest
from features.population import Population
from leads.clock import now_us
from leads.errors import LeadscoreError
from leads.freshness import not_in_the_future
from leads.view import Snapshots, look
from models.artifact import read_artifact
from models.score_body import score_body
from models.scorer import FACTORS_EACH_WAY, Scorer
from training.population_file import nobody, read_population

BODY = "body"
FACTORS = "factors"
ARTIFACT_FOLDER = "artifact"
POPULATION_FILE = "population.npz"
UNREGISTERED = "unregistered"

# MLflow writes this file, with the version, when a registered version is loaded.
_REGISTERED = "registered_model_meta"
_VERSION = "model_version:"


class LeadScorer:
    """Scores leads in bodies, among the leads that were known when the model was trained."""

    def __init__(self, scorer: Scorer, population: Population) -> None:
        self._scorer = scorer
        self._population = population

    def predict(
        self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The answer of `POST /v1/score` for each row's `body`; `error` alone if it is refused."""
        factors = int((params or {}).get(FACTORS, FACTORS_EACH_WAY))
        bodies: Iterable[str] = model_input[BODY]
        return [self._answer(str(body), factors) for body in bodies]

    def _answer(self, body: str, factors: int) -> dict[str, Any]:
        try:
            # A lone surrogate is no text: passed on, it is refused as the bytes of one are.
            request = parse_body(ScoreRequest, body.encode("utf-8", errors="surrogatepass"))
            return self._score(request, factors)
        except ValidationError as error:
            return {"error": _reasons(error)}
        except LeadscoreError as error:
            return {"error": str(error)}

    def _score(self, request: ScoreRequest, factors: int) -> dict[str, Any]:
        scorer = self._scorer
        timelines = requested_timelines(request, scorer.pipelines, scorer.attribute_types)
        as_of = not_in_the_future(request.as_of, now_us())
        view = look(timelines, Snapshots(np.zeros(1, np.int64), np.array([as_of], np.int64)))
        score = scorer.describe(scorer.score(view, self._population), 0, factors=factors)
        newest = timelines.newest_event_at(as_of)
        return score_body(score, scorer, newest_event_at=newest, stale=False)


def _load_pyfunc(data_path: str) -> LeadScorer:
    """What MLflow calls with the model's folder, which holds the artifact and its population.

    Raises `DamagedArtifactError` when the artifact is not whole.
    """
    folder = Path(data_path)
    scorer = Scorer(read_artifact(folder / ARTIFACT_FOLDER), _version(folder))
    population_file = folder / POPULATION_FILE
    if not population_file.is_file():
        return LeadScorer(scorer, nobody(scorer.pipelines))
    return LeadScorer(scorer, read_population(population_file, scorer.pipelines))


def _version(model_folder: Path) -> str:
    """The registered version that a folder was loaded as."""
    path = model_folder / _REGISTERED
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    named = [line.removeprefix(_VERSION) for line in lines if line.startswith(_VERSION)]
    return named[0].strip(" '\"") if named else UNREGISTERED


def _reasons(error: ValidationError) -> str:
    """Each refused field with its reason, without its content."""
    return "; ".join(
        f"{'.'.join(str(part) for part in one['loc']) or 'body'}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    )
