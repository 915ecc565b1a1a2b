"""The ready mappings: every row of the real exports is stored or listed."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from crm.data_folder import DataFolder, open_data_folder
from crm.folder import FolderContents, read_folder
from crm.mapping.export import open_mapped_export
from crm.mapping.toml_file import read_mapping

MAPPINGS = Path(__file__).parents[2] / "examples" / "mappings"
DATA = Path(__file__).parents[3] / "shared" / "data"

Counts = dict[str, tuple[int, int, int]]


@pytest.fixture
def read_example() -> Callable[[str], FolderContents]:
    def read(name: str) -> FolderContents:
        return read_folder(exported(name), mapping=MAPPINGS / f"{name}.toml")

    return read


def exported(name: str) -> Path:
    """The folder of a real export; skips, by name, where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"shared/data/{name} is not beside the project")
    return folder


def counts(contents: FolderContents) -> Counts:
    """(read, stored, rejected) by table; what is left was already known."""
    return {name: (t.read, t.stored, t.rejected) for name, t in contents.tables.items()}


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_ready_mapping_is_valid_and_named_after_its_file(path):
    assert read_mapping(path).name == path.stem


def test_school_crm(read_example):
    contents = read_example("school_crm")

    assert counts(contents) == {
        "leads": (4_416, 4_416, 0),
        "interactions": (20_993, 20_993, 0),
        "stage_changes": (4_416, 4_416, 0),
    }
    assert contents.ambiguous_times == 2
    assert [note.split(":")[0] for note in contents.warnings] == [
        "533 closings have no time",
        "223 open leads are in a later stage, with no time of entering it",
        "7 closings are dated before their lead came in",
    ]
    assert not {"Quality", "Lost Reason", "SLA", "Closing Date"} & set(contents.attribute_types)


def test_the_raw_event_log_gives_the_events_of_its_data_folder():
    folder = exported("loan_applications")
    mapped = open_mapped_export(folder, MAPPINGS / "loan_applications.toml")
    given = open_data_folder(folder / "contract")

    for table, columns in {
        "leads": ("lead_id", "created_at", "amount"),
        "stage_changes": ("lead_id", "occurred_at", "stage", "actor"),
        "interactions": ("lead_id", "occurred_at", "kind", "result", "actor"),
    }.items():
        assert rows_of(mapped, table, columns) == rows_of(given, table, columns)
    assert mapped.pipelines() == given.pipelines()

    # The leads are taken from the rows of A_SUBMITTED, which are stage changes as well.
    assert mapped.account is not None
    found = mapped.account.counts()["events.parquet"]
    assert (found.rows, found.used, sum(found.left_out.values())) == (262_200, 257_708, 4_492)
    [label] = found.left_out
    assert "A_APPROVED stands for A_REGISTERED and A_ACTIVATED" in label


def rows_of(folder: DataFolder, table: str, columns: tuple[str, ...]) -> Counter[tuple[str, ...]]:
    """The rows of a table, times to the second."""
    rows: Counter[tuple[str, ...]] = Counter()
    for block in folder.files[table].blocks():
        cells = [[cell or "" for cell in block.columns[name]] for name in columns]
        cells[1] = [f"{time[:10]} {time[11:19]}" for time in cells[1]]
        rows.update(zip(*cells, strict=True))
    return rows


@pytest.mark.slow
def test_loan_applications(read_example):
    assert counts(read_example("loan_applications")) == {
        "leads": (13_087, 13_087, 0),
        "interactions": (170_107, 170_107, 0),
        "stage_changes": (87_601, 87_601, 0),
    }


def test_marketplace_sellers(read_example):
    contents = read_example("marketplace_sellers")

    assert counts(contents) == {"leads": (8_000, 8_000, 0), "stage_changes": (842, 842, 0)}
    assert set(contents.attribute_types) == {"source", "landing_page_id"}
    assert contents.timelines.pipelines["default"].window_days == 60


def test_x_education(read_example):
    contents = read_example("x_education")

    assert counts(contents) == {"leads": (9_240, 9_240, 0), "stage_changes": (9_240, 9_240, 0)}
    assert "ages, horizons and times of day mean nothing" in contents.warnings[0]
    # The lead number falls with time: the first lead is the one of the highest.
    assert contents.timelines.lead_ids[0] == "7927b2df-8bba-4d29-b9a2-b6e0beafe620"


def test_pipedrive_changes(read_example):
    # Five deals came in twice, at other times; activities of unknown deals are kept for them.
    assert counts(read_example("pipedrive_changes")) == {
        "leads": (2_000, 1_995, 5),
        "interactions": (2_290, 2_290, 0),
        "stage_changes": (10_906, 10_906, 0),
        "attribute_changes": (2_500, 2_500, 0),
    }


@pytest.mark.slow
def test_it_sales_win_loss(read_example):
    # 196 rows repeat an opportunity's number: listed, and their outcome is not another event.
    assert counts(read_example("it_sales_win_loss")) == {
        "leads": (78_025, 77_829, 196),
        "stage_changes": (77_829, 77_829, 0),
    }


@pytest.mark.slow
def test_bank_campaign(read_example):
    assert counts(read_example("bank_campaign")) == {
        "leads": (41_188, 41_188, 0),
        "stage_changes": (41_188, 41_188, 0),
    }
