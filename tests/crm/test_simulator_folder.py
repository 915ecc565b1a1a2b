"""The folder that the simulator writes: by the contract, and the same for ever."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm.folder import FolderContents, read_folder
from crm.simulator import SIMULATOR_VERSION, SimulatedCrm, simulate, write_folder
from crm.simulator.names import UNUSUAL_COMPANIES
from leads.clock import DAY_US, microseconds
from leads.outcome import CENSORED_LABEL, WON_LABEL, known_status, labels, window_days
from leads.pipelines import OPEN
from leads.records import ATTRIBUTE_CHANGE
from leads.view import Snapshots, View, look

TABLES = ("leads", "interactions", "stage_changes", "attribute_changes")
CLOSING_FIELDS = ("lost_reason", "contract_number", "final_discount")
# Of 40 leads with seed 1; a change means another SIMULATOR_VERSION and figures not comparable.
GOLDEN = {1: "af08ab0452f4708a8a038a5184dbf0fd0794bbbae62651da20e308b21912cf78"}


@pytest.fixture(scope="module")
def crm() -> SimulatedCrm:
    return simulate(3_000, seed=5)


@pytest.fixture(scope="module")
def folder(crm: SimulatedCrm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated")
    write_folder(crm, out, paths=200)
    return out


@pytest.fixture(scope="module")
def contents(folder: Path) -> FolderContents:
    return read_folder(folder)


@pytest.fixture(scope="module")
def truth(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "truth.parquet")


@pytest.fixture(scope="module")
def view(contents: FolderContents, truth: pd.DataFrame) -> View:
    """The view at every snapshot of the truth."""
    lead = np.array([contents.timelines.row_of[lead_id] for lead_id in truth["lead_id"]])
    as_of = np.array([microseconds(moment) for moment in truth["as_of"]])
    return look(contents.timelines, Snapshots(lead, as_of))


def read(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)


def folder_hash(folder: Path) -> str:
    """Over the bytes of the text files and the values of the truth."""
    digest = hashlib.sha256()
    for name in (*(f"{table}.csv" for table in TABLES), "pipelines.toml"):
        digest.update((folder / name).read_bytes())
    truth = pd.read_parquet(folder / "truth.parquet")
    digest.update(truth.to_csv(index=False).encode())
    return digest.hexdigest()


def test_the_folder_of_this_version_is_frozen(tmp_path: Path) -> None:
    write_folder(simulate(40, seed=1), tmp_path, paths=50)
    assert folder_hash(tmp_path) == GOLDEN[SIMULATOR_VERSION]


def test_a_single_lead_makes_a_folder(tmp_path: Path) -> None:
    for seed in range(6):
        write_folder(simulate(1, seed=seed), tmp_path, paths=1)
        assert len(read_folder(tmp_path).timelines) == 1


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_folder(simulate(60, seed=9), tmp_path / name, paths=20)
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert names == sorted([*(f"{t}.csv" for t in TABLES), "pipelines.toml", "truth.parquet"])
    for name in names:
        first, second = ((tmp_path / run / name).read_bytes() for run in ("first", "second"))
        assert first == second


def test_more_leads_leave_the_rows_of_the_first_ones(tmp_path: Path) -> None:
    write_folder(simulate(40, seed=9), tmp_path / "few", paths=20)
    write_folder(simulate(90, seed=9), tmp_path / "many", paths=20)
    for table in TABLES:
        few, many = read(tmp_path / "few", table), read(tmp_path / "many", table)
        assert few.equals(many[many["lead_id"] <= "L000040"].reset_index(drop=True))
    few, many = (pd.read_parquet(tmp_path / run / "truth.parquet") for run in ("few", "many"))
    assert few.equals(many[many["lead_id"] <= "L000040"].reset_index(drop=True))


def test_every_row_is_read_by_the_rules_of_an_import(
    folder: Path, contents: FolderContents
) -> None:
    assert contents.first_rejections == {}
    for table in TABLES:
        assert contents.tables[table].stored == len(read(folder, table)) > 1_000
    assert [warning for warning in contents.warnings if "truth.parquet" not in warning] == []


def test_attributes_have_the_types_that_a_crm_gives_them(contents: FolderContents) -> None:
    types = contents.attribute_types
    assert {name: types[name] for name in ("amount", "company_size", "final_discount")} == {
        "amount": "number",
        "company_size": "number",
        "final_discount": "number",
    }
    assert types["expected_close_date"] == "time"
    assert {types[name] for name in ("owner", "source", "country", "campaign")} == {"category"}


@pytest.mark.parametrize("table", TABLES[1:])
def test_events_happen_after_creation_and_are_recorded_before_the_cut(
    folder: Path, crm: SimulatedCrm, table: str
) -> None:
    events = read(folder, table).merge(read(folder, "leads")[["lead_id", "created_at"]])
    occurred_at, recorded_at, created_at = (
        pd.to_datetime(events[name]) for name in ("occurred_at", "recorded_at", "created_at")
    )
    assert (created_at <= occurred_at).all()
    assert (occurred_at <= recorded_at).all()
    assert (recorded_at <= pd.Timestamp(crm.end_us, unit="us", tz="UTC")).all()


def test_what_changes_over_time_is_in_the_attribute_changes_alone(folder: Path) -> None:
    leads, changes = read(folder, "leads"), read(folder, "attribute_changes")
    for name in ("amount", "owner", "expected_close_date"):
        assert name not in leads.columns
        own = changes[changes["attribute"] == name].merge(leads[["lead_id", "created_at"]])
        at_creation = own[own["recorded_at"] == own["created_at"]]
        assert len(at_creation) == len(leads)
        assert len(own) > len(leads)


def test_true_probability_is_calibrated_against_the_labels(
    view: View, truth: pd.DataFrame, crm: SimulatedCrm
) -> None:
    window_us = window_days(view.timelines)[view.pipeline] * DAY_US
    passed = view.as_of + window_us + 6 * DAY_US <= crm.end_us
    label = labels(view, crm.end_us)[passed]
    assert CENSORED_LABEL not in label
    probability = truth["p_win"].to_numpy()[passed]
    for fifth in np.array_split(np.argsort(probability, kind="stable"), 5):
        expected = probability[fifth].mean()
        error = np.sqrt((probability[fifth] * (1 - probability[fifth])).sum()) / len(fifth)
        # Snapshots of one lead share its ending: their mean errs up to sqrt(3) times as much.
        assert abs((label[fifth] == WON_LABEL).mean() - expected) < 3 * np.sqrt(3) * error


def test_snapshots_of_the_truth_are_open_as_known(view: View) -> None:
    assert len(view) > 5_000
    assert np.all(known_status(view) == OPEN)


def test_fields_filled_at_the_close_are_unknown_while_open(view: View) -> None:
    closing = {view.timelines.attributes.index(name): name for name in CLOSING_FIELDS}
    events = view.events
    for snapshot in range(len(view)):
        known = range(view.first[snapshot], view.stop[snapshot])
        levels = {
            int(events.name[k]): (events.level[k], events.number[k])
            for k in known
            if events.type[k] == ATTRIBUTE_CHANGE and int(events.name[k]) in closing
        }
        assert all(level == -1 and np.isnan(number) for level, number in levels.values())


def test_fields_filled_at_the_close_are_there_afterwards(folder: Path) -> None:
    moves = read(folder, "stage_changes").groupby("lead_id")["stage"].last()
    changes = read(folder, "attribute_changes")
    filled = changes[changes["value"] != ""].groupby("attribute")["lead_id"].agg(set)
    won = set(moves.index[moves.isin(["Won", "Onboarding"])])
    lost = set(moves.index[moves.isin(["Lost", "Disqualified"])])
    assert len(won & filled["contract_number"]) >= len(won) - 2
    assert len(lost & filled["lost_reason"]) >= len(lost) - 2
    assert not won & set(moves.index[moves == "Lost"])


def test_a_reopened_lead_has_its_reason_cleared(folder: Path) -> None:
    changes = read(folder, "attribute_changes")
    reasons = changes[changes["attribute"] == "lost_reason"]
    cleared = reasons[reasons["value"] == ""]
    moves = read(folder, "stage_changes").merge(
        cleared[["lead_id", "recorded_at"]], on=["lead_id", "recorded_at"]
    )
    assert len(cleared) == len(moves) > 10
    assert not set(moves["stage"]) & {"Won", "Lost", "Disqualified", "Onboarding"}


def test_leaky_columns_give_the_ending_away(tmp_path: Path) -> None:
    write_folder(simulate(400, seed=5), tmp_path, paths=1, leaky=True)
    leads, moves = read(tmp_path, "leads"), read(tmp_path, "stage_changes")
    last = leads["lead_id"].map(moves.groupby("lead_id")["stage"].last()).fillna("New")
    lost = last.isin(["Lost", "Disqualified"])
    closed = lost | last.isin(["Won", "Onboarding"])
    assert ((leads["lost_reason"] != "") == lost).all()
    assert ((leads["days_to_close"] != "") == closed).all()
    assert "lost_reason" not in set(read(tmp_path, "attribute_changes")["attribute"])
    assert read_folder(tmp_path).first_rejections == {}


def test_leads_carry_names_that_are_hard_for_careless_code(folder: Path) -> None:
    leads = read(folder, "leads")
    assert set(UNUSUAL_COMPANIES) <= set(leads["account"])
    contacts = " ".join(leads["contact"])
    assert "O'Neill" in contacts
    assert "Åkerlund" in contacts
    assert "王伟" in contacts


def test_interactions_have_directions_results_and_durations(folder: Path) -> None:
    interactions = read(folder, "interactions")
    assert set(interactions["kind"]) == {"email", "call", "meeting", "website visit"}
    assert set(interactions["direction"]) == {"inbound", "outbound"}
    calls = interactions[interactions["kind"] == "call"]
    assert set(calls["result"]) == {"answered", "no answer"}
    assert (calls["duration_seconds"].astype(int) >= 0).all()
    answered = calls[calls["result"] == "answered"]["duration_seconds"].astype(int)
    assert answered.min() >= 60


def test_disqualified_means_lost_in_the_first_stage(folder: Path) -> None:
    moves = read(folder, "stage_changes")
    first = moves.groupby("lead_id")["stage"].first()
    b2b = set(read(folder, "leads").query("pipeline == 'b2b'")["lead_id"])
    assert (first == "Disqualified").sum() > 50
    assert not set(first.index[first == "Lost"]) & b2b
