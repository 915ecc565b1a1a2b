"""`leadscore backtest`: past months' models beside the baselines, logged to MLflow."""

import pytest
from mlflow import MlflowClient

from tests.leadscore.running import run_json, run_refused


def test_records_without_outcomes_cannot_be_replayed(tmp_path):
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "leads.csv").write_text("lead_id,created_at\na,2026-01-01T00:00:00Z\n")
    (folder / "pipelines.toml").write_text(
        '[[pipeline]]\nname = "default"\nstages = ["New"]\nwon = ["Won"]\nlost = ["Lost"]\n'
    )
    said = run_refused(tmp_path / "home", "backtest", "--data", folder)

    assert "can be replayed" in said
    assert said.endswith("import more history")


@pytest.mark.slow
def test_months_are_replayed_and_logged(trained):
    home, _ = trained
    report = run_json(home, "backtest", "--months", 2)

    assert len(report["months"]) == 2
    assert report["overall"]["auc"]["low"] > 0.5
    assert [entry["age_months"] for entry in report["ageing"]] == [1]
    client = MlflowClient(tracking_uri=f"sqlite:///{home}/mlflow.db")
    run = client.get_run(report["run_id"])
    assert run.data.metrics["backtest.auc"] == pytest.approx(report["overall"]["auc"]["value"])
    below = client.search_runs(
        [run.info.experiment_id], f"tags.mlflow.parentRunId = '{report['run_id']}'"
    )
    assert {one.info.run_name for one in below} == {month["month"] for month in report["months"]}
