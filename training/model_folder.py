"""A model as MLflow reads it: our artifact under a description of how to load and call it.

Written without `mlflow.pyfunc`, whose import warns and whose `log_model`, left to find out what a
model requires, costs 10 s.
"""

import json
import platform
import shutil
from importlib.metadata import version as library_version
from pathlib import Path

from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType, Array

from features.population import Population
from models.scorer import FACTORS_EACH_WAY
from training.population_file import write_population
from training.pyfunc import ARTIFACT_FOLDER, BODY, FACTORS, POPULATION_FILE

LOADER = "training.pyfunc"
_EXAMPLE, _SERVING_EXAMPLE = "input_example.json", "serving_input_example.json"
_REQUIREMENTS, _ENVIRONMENT = "requirements.txt", "python_env.yaml"


def write_model_folder(
    folder: Path,
    artifact_folder: Path,
    population: Population | None,
    input_example: str,
    run_id: str | None = None,
) -> None:
    """Write a new folder that MLflow can load and serve; `input_example` is a lead's body."""
    folder.mkdir()
    shutil.copytree(artifact_folder, folder / ARTIFACT_FOLDER)
    if population is not None:
        write_population(folder / POPULATION_FILE, population)
    _write_requirements(folder)
    model = Model(
        run_id=run_id,
        signature=signature(),
        saved_input_example_info=_write_example(folder, input_example),
    )
    model.add_flavor(
        "python_function",
        loader_module=LOADER,
        python_version=platform.python_version(),
        env={"virtualenv": _ENVIRONMENT},
    )
    model.save(str(folder / "MLmodel"))


def signature() -> ModelSignature:
    """One row per lead, its body as JSON text; the answer is that of `POST /v1/score`."""
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.string, BODY)]),
        outputs=Schema(
            [
                *(ColSpec(DataType.string, name) for name in ("lead_id", "as_of", "status")),
                ColSpec(DataType.double, "win_probability", required=False),
                ColSpec(AnyType(), "interval", required=False),
                ColSpec(DataType.long, "score", required=False),
                ColSpec(DataType.string, "grade", required=False),
                ColSpec(DataType.double, "base_probability", required=False),
                ColSpec(Array(AnyType()), "factors"),
                ColSpec(DataType.double, "other_effects", required=False),
                *(
                    ColSpec(AnyType(), name, required=False)
                    for name in ("horizons", "model", "freshness", "support")
                ),
            ]
        ),
        params=ParamSchema([ParamSpec(FACTORS, DataType.long, FACTORS_EACH_WAY)]),
    )


def _write_requirements(folder: Path) -> None:
    """What to install to load the model elsewhere; leadscore brings the rest in its versions."""
    named = "".join(f"{name}=={library_version(name)}\n" for name in ("mlflow", "leadscore"))
    (folder / _REQUIREMENTS).write_text(named)
    (folder / _ENVIRONMENT).write_text(
        f"python: {platform.python_version()}\n"
        "build_dependencies:\n- pip\n- setuptools\n- wheel\n"
        f"dependencies:\n- -r {_REQUIREMENTS}\n"
    )


def _write_example(folder: Path, body: str) -> dict[str, str]:
    """One row as a table and as the request of a served model; where they are, for `MLmodel`."""
    table = {"columns": [BODY], "data": [[body]]}
    (folder / _EXAMPLE).write_text(json.dumps(table))
    (folder / _SERVING_EXAMPLE).write_text(json.dumps({"dataframe_split": table}, indent=2))
    return {
        "artifact_path": _EXAMPLE,
        "pandas_orient": "split",
        "serving_input_path": _SERVING_EXAMPLE,
        "type": "dataframe",
    }
