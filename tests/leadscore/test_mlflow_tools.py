"""MLflow's own tools work on what a training registered: the model server and the pages."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm.store import Store
from features.track_records import PERSON_FIELDS
from tests.leadscore.running import answer_of, running_service
from tests.serving.stored_bodies import body_of

pytestmark = pytest.mark.slow


@contextmanager
def running_mlflow(home, *arguments: str) -> Iterator[str]:
    """An MLflow process on a free port of this machine; its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *arguments, "--host", "127.0.0.1", "--port", str(port)],
        cwd=home.parent,
        env={
            **kept,
            "MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while True:
        assert process.poll() is None, "MLflow ended"
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, f"{address} did not answer within {seconds:g} s"
            time.sleep(0.3)
        else:
            return


def of_a_stranger(body):
    """The same history of a lead that the training did not know, nor any person of it."""
    attributes = body["lead"]["attributes"].items()
    kept = {name: value for name, value in attributes if name not in PERSON_FIELDS}
    changes = [one for one in body["attribute_changes"] if one["attribute"] not in PERSON_FIELDS]
    lead = {**body["lead"], "lead_id": f"new-{body['lead']['lead_id']}", "attributes": kept}
    return {**body, "lead": lead, "attribute_changes": changes}


def test_served_model_answers_as_the_service_does(trained):
    """Its population is the one it was trained on, which here is what the store still holds."""
    home, _ = trained
    with Store.open(home / "leadscore.db") as store:
        timelines = store.timelines()
        moments = timelines.created_at[:40] + 172_800_000_000
        bodies = [
            of_a_stranger(body_of(store, lead_id, int(as_of)))
            for lead_id, as_of in zip(timelines.lead_ids[:40], moments, strict=True)
        ]
    with running_service(home) as service:
        wanted = [answer_of(f"{service}/v1/score", body) for body in bodies]
    rows = [{"body": json.dumps(body)} for body in [*bodies, {"lead": {}}]]
    serve = ("models", "serve", "--env-manager", "local", "-m", "models:/leadscore/1")
    with running_mlflow(home, *serve) as served:
        told = answer_of(f"{served}/invocations", {"dataframe_records": rows})["predictions"]

    assert told[:-1] == wanted
    assert told[-1] == {"error": "lead.lead_id: Field required; lead.created_at: Field required"}
    assert sum(one["status"] == "open" for one in wanted) > 20
    assert {one["model"]["version"] for one in told[:-1]} == {"1"}


def test_pages_of_mlflow_show_the_runs(trained):
    home, said = trained
    with running_mlflow(home, "ui", "--backend-store-uri", f"sqlite:///{home}/mlflow.db") as pages:
        with urllib.request.urlopen(pages, timeout=30) as page:
            assert page.status == 200
        run = answer_of(f"{pages}/api/2.0/mlflow/runs/get?run_id={said['run_id']}")["run"]

    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert metrics["holdout.auc"] == pytest.approx(said["holdout"]["auc"]["value"])
