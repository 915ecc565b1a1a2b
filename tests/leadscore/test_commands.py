"""The commands as people and scripts call them, each in a process of its own."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crm.store import Store
from leads.clock import format_time
from tests.leadscore.running import run_json, run_leadscore, run_refused

FIGURES = {"auc", "average_precision", "log_loss", "brier", "ece", "lift_at_10", "base_rate"}
BASELINES = {"base_rate", "stage_win_rate", "naive_bayes", "logistic_regression"}


@pytest.fixture
def snapshots(trained, tmp_path) -> Path:
    """A CSV of 50 snapshots of stored leads, two days after they came in."""
    home, _ = trained
    with Store.open(home / "leadscore.db") as store:
        timelines = store.timelines()
    path = tmp_path / "at.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["lead_id", "as_of"])
        for row in range(50):
            as_of = int(timelines.created_at[row]) + 172_800_000_000
            writer.writerow([timelines.lead_ids[row], format_time(as_of)])
    return path


def test_help_lists_every_command_and_loads_none(tmp_path):
    ended = run_leadscore(tmp_path / "home", "--help")

    assert ended.returncode == 0
    for command in ("demo", "simulate", "import", "train", "score", "explain", "models", "serve"):
        assert command in ended.stdout


@pytest.mark.parametrize("command", ["demo", "import", "train", "score", "explain", "promote"])
def test_every_command_shows_an_example(tmp_path, command):
    ended = run_leadscore(tmp_path / "home", command, "--help")

    assert ended.returncode == 0
    assert f"leadscore {command}" in ended.stdout


def test_wrong_usage_ends_with_2(tmp_path):
    assert run_leadscore(tmp_path / "home", "train", "--no-such-option").returncode == 2
    assert run_leadscore(tmp_path / "home", "no-such-command").returncode == 2


def test_importing_again_changes_nothing(trained, simulated_folder):
    home, _ = trained

    again = run_json(home, "import", simulated_folder)

    assert all(table["stored"] == 0 for table in again["tables"].values())
    assert all(table["read"] == table["already_known"] for table in again["tables"].values())


def test_train_reports_what_the_contract_names(trained):
    _, said = trained

    assert said["version"] == "1"
    assert said["promoted"] is True
    assert said["reason"] == "the first model"
    assert set(said["baselines"]) == BASELINES
    assert set(said["holdout"]) >= {"n_leads", "n_snapshots", "by_age", "by_stage", "by_pipeline"}
    for figures in (said["holdout"], *said["baselines"].values()):
        assert set(figures) >= FIGURES
        assert figures["auc"]["low"] <= figures["auc"]["value"] <= figures["auc"]["high"]


def test_a_model_no_newer_than_the_champion_is_registered_but_not_promoted(trained):
    home, _ = trained

    said = run_json(home, "train", "--seed", 1)

    assert said["promoted"] is False
    assert "0 decided leads are later" in said["reason"]
    listed = run_json(home, "models")
    assert [model["version"] for model in listed["models"] if model["champion"]] == ["1"]


def test_scores_of_open_leads_are_written_as_csv_and_as_parquet_alike(trained, tmp_path):
    home, _ = trained

    said = run_json(home, "score", "--output", tmp_path / "scores.csv")
    run_json(home, "score", "--output", tmp_path / "scores.parquet")

    with (tmp_path / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert len(rows) == len(table) == said["n_scored"] > 100
    assert [float(row["win_probability"]) for row in rows] == [
        row["win_probability"] for row in table
    ]
    for row in table:
        effects = sum(factor["effect"] for factor in json.loads(row["factors"]))
        explained = row["base_probability"] + effects + row["other_effects"]
        assert explained == pytest.approx(row["win_probability"], abs=1e-9)
        assert row["low"] < row["win_probability"] < row["high"]
        assert 0 < row["win_7d"] <= row["win_30d"] <= row["win_90d"] <= row["win_probability"]
        # Both windows of the simulation are shorter.
        assert row["win_365d"] is None


def test_snapshots_of_a_file_are_scored_in_its_order_and_bad_ones_say_why(trained, snapshots):
    home, _ = trained
    lines = snapshots.read_text().splitlines()
    bad = ["nobody,2026-01-01T00:00:00Z", "L000001,yesterday", "L000001,1999-01-01T00:00:00Z"]
    snapshots.write_text("\n".join([*lines[:4], *bad, *lines[4:]]) + "\n")

    said = run_json(home, "score", "--at", snapshots)

    asked = [line.split(",") for line in snapshots.read_text().splitlines()[1:]]
    assert [[row["lead_id"], row["as_of"]] for row in said["scores"]] == asked
    errors = [row["error"] for row in said["scores"]]
    assert "no lead 'nobody' is known" in errors[3]
    assert "'yesterday' is not an ISO 8601 time" in errors[4]
    assert "before the lead was created" in errors[5]
    assert errors[:3] == errors[6:9] == [None] * 3
    assert said["n_errors"] == 3


def test_a_folder_gives_the_same_bits_as_the_store_it_was_imported_into(
    trained, simulated_folder, snapshots
):
    home, _ = trained

    stored = run_json(home, "score", "--at", snapshots)
    folder = run_json(home, "score", "--at", snapshots, "--data", simulated_folder)

    columns = ("status", "win_probability", "low", "high", "win_7d", "win_90d", "factors")
    for one, other in zip(stored["scores"], folder["scores"], strict=True):
        assert [one[name] for name in columns[:-1]] == [other[name] for name in columns[:-1]]
        assert one["factors"] == other["factors"]


def test_explain_adds_up_and_shows_only_what_was_known(trained, snapshots):
    home, _ = trained
    with snapshots.open(newline="") as file:
        asked = list(csv.DictReader(file))[:10]

    for one in asked:
        said = run_json(home, "explain", one["lead_id"], "--as-of", one["as_of"])
        if said["status"] == "open":
            effects = sum(factor["effect"] for factor in said["factors"])
            explained = said["base_probability"] + effects + said["other_effects"]
            assert explained == pytest.approx(said["win_probability"], abs=1e-9)
        assert all(event["occurred_at"] <= one["as_of"] for event in said["timeline"])


def test_errors_say_what_to_do(trained, tmp_path):
    home, _ = trained
    empty = tmp_path / "empty"

    assert "run `leadscore import FOLDER`" in run_refused(empty, "train")
    assert "no model was promoted yet" in run_refused(empty, "score")
    assert "no model version '99' is registered" in run_refused(home, "promote", "99")
    assert "no lead 'nobody' is known" in run_refused(home, "explain", "nobody")
    assert "--until: 'soon' is not an ISO 8601 time" in run_refused(
        home, "train", "--until", "soon"
    )
    assert "is in the future" in run_refused(home, "score", "--as-of", "2190-01-01T00:00:00Z")
    assert "give .csv or .parquet" in run_refused(
        home, "score", "--output", tmp_path / "scores.txt"
    )
    assert "could be reached from other machines" in run_refused(home, "serve", "--host", "0.0.0.0")
    assert "'Mars/Base' is not known" in run_refused(
        home, "import", tmp_path, "--timezone", "Mars/Base"
    )


def test_a_bad_table_ends_with_1_and_stores_nothing(tmp_path):
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "leads.csv").write_text("lead_id,created_at\n1,2026-01-01T10:00:00\n")
    (folder / "pipelines.toml").write_text(
        '[[pipeline]]\nname = "default"\nstages = ["New"]\nwon = ["Won"]\nlost = ["Lost"]\n'
    )

    said = run_refused(tmp_path / "home", "import", folder)

    assert "leads.csv" in said
    assert "'2026-01-01T10:00:00' has no time zone" in said
    assert "--timezone" in said
    with Store.open(tmp_path / "home" / "leadscore.db") as store:
        assert store.counts() == {"leads": 0, "events": 0}


def test_events_not_yet_known_change_no_score(trained, simulated_folder, snapshots, tmp_path):
    home, _ = trained
    folder = tmp_path / "later"
    shutil.copytree(simulated_folder, folder)
    before = run_json(home, "score", "--at", snapshots, "--data", folder)
    with snapshots.open(newline="") as file:
        leads = [row["lead_id"] for row in csv.DictReader(file)]
    then, learned = "2026-02-28T10:00:00Z", "2026-02-28T11:00:00Z"
    added = {
        "interactions": {"occurred_at": then, "kind": "email"},
        "stage_changes": {"occurred_at": then, "stage": "Won"},
        "attribute_changes": {"occurred_at": then, "attribute": "source", "value": "fair"},
    }
    for table, event in added.items():
        append_rows(folder / f"{table}.csv", [event | {"lead_id": lead} for lead in leads])
        hidden = event | {"occurred_at": "2024-03-02T00:00:00Z", "recorded_at": learned}
        append_rows(folder / f"{table}.csv", [hidden | {"lead_id": lead} for lead in leads])

    ended = run_leadscore(home, "score", "--at", snapshots, "--data", folder, "--json")

    assert "rejected" not in ended.stderr
    assert json.loads(ended.stdout)["scores"] == before["scores"]
    assert any(row["status"] == "open" for row in before["scores"])


def append_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open(newline="") as file:
        columns = next(csv.reader(file))
    with path.open("a", newline="") as file:
        csv.DictWriter(file, columns, restval="").writerows(rows)


def test_import_with_a_damaged_champion_stores_and_says_so(trained, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(trained[0], home, ignore=shutil.ignore_patterns("mlflow.db", "mlartifacts"))
    model = home / "models" / "1" / "booster_0.txt"
    model.write_text(model.read_text().replace("leaf_value=", "leaf_value=9", 1))
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "leads.csv").write_text("lead_id,created_at,pipeline\nnew,2026-01-01T10:00:00Z,b2b\n")

    ended = run_leadscore(home, "import", folder, "--json")

    assert ended.returncode == 0
    assert json.loads(ended.stdout)["tables"]["leads"]["stored"] == 1
    assert "everything was stored, but the leads could not be scored" in ended.stderr
    assert "booster_0.txt" in run_refused(home, "score")


def test_a_home_that_is_a_file_is_named(tmp_path):
    (tmp_path / "home").write_text("")

    assert str(tmp_path / "home") in run_refused(tmp_path / "home", "models")


def test_simulate_overwrites_nothing(tmp_path, simulated_folder):
    assert "give a new folder" in run_refused(tmp_path / "home", "simulate", simulated_folder)
