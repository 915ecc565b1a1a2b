"""Tables that the contract does not allow fail as a whole, and what is not used is said."""

import gzip
from zoneinfo import ZoneInfo

import pytest

from crm.folder import read_folder
from crm.importing import import_folder
from leads.errors import InvalidTableError

BAD_FOLDERS = {
    "no leads file": ({"leads.csv": None}, r"data has no leads.csv \(or .csv.gz, .parquet\); add"),
    "header without leads": (
        {"leads.csv": "lead_id,created_at\n"},
        r"leads.csv has no leads; add a row for each lead",
    ),
    "zero bytes": ({"leads.csv": ""}, r"leads.csv is empty; write a line with the names"),
    "zero bytes of events": ({"interactions.csv": ""}, r"interactions.csv is empty; write"),
    "missing column": (
        {"interactions.csv": "lead_id,when,kind\n"},
        r"interactions.csv has no column 'occurred_at' \(its columns: lead_id, when, kind\); add",
    ),
    "semicolons": (
        {"leads.csv": "lead_id;created_at\na;2026-01-01T00:00:00Z\n"},
        r"leads.csv has no column 'lead_id' .*cells are separated by commas",
    ),
    "column twice": (
        {"leads.csv": "lead_id,created_at,amount,amount\na,2026-01-01T00:00:00Z,1,2\n"},
        r"leads.csv: the column 'amount' is there twice; rename or remove one",
    ),
    "table twice": (
        {"leads.csv.gz": gzip.compress(b"lead_id,created_at\n")},
        r"holds both leads.csv and leads.csv.gz; remove one",
    ),
    "naive time": (
        {"leads.csv": "lead_id,created_at\na,2026-01-01T00:00:00Z\nb,2026-01-02 09:15\n"},
        r"leads.csv, row 2, created_at: '2026-01-02 09:15' has no time zone; .* --timezone",
    ),
    "naive recorded_at": (
        {
            "stage_changes.csv": "lead_id,occurred_at,recorded_at,stage\n"
            "a,2026-01-01T00:00:00Z,2026-01-02,Won\n"
        },
        r"stage_changes.csv, row 1, recorded_at: '2026-01-02' has no time zone",
    ),
    "not UTF-8": (
        {"leads.csv": "lead_id,created_at,städ\na,2026-01-01T00:00:00Z,1\n".encode("latin-1")},
        r"leads.csv, after line 0: byte 0xe4 is not UTF-8; save the file as UTF-8",
    ),
    "not UTF-8 in a row": (
        {
            "leads.csv": b"lead_id,created_at,town\n"
            + b"a,2026-01-01T00:00:00Z,x\n" * 9000
            + b"b,2026-01-01T00:00:00Z,\xe4\n"
        },
        r"leads.csv, after line \d+: byte 0xe4 is not UTF-8",
    ),
    "open quote": (
        {"leads.csv": 'lead_id,created_at\na,"2026-01-01T00:00:00Z\n'},
        r"leads.csv, line 2: unexpected end of data; check that quoted cells are closed",
    ),
    "text behind a quote": (
        {"leads.csv": 'lead_id,created_at\na,"2026-01-01T00:00:00Z"x\n'},
        r"leads.csv, line 2: ',' expected after '\"'; check that quoted cells are closed",
    ),
    "damaged gzip": (
        {"leads.csv": None, "leads.csv.gz": gzip.compress(b"lead_id,created_at\n" * 99)[:-9]},
        r"leads.csv.gz, after line \d+: .*; compress the file again",
    ),
    "no gzip": (
        {"leads.csv": None, "leads.csv.gz": b"lead_id,created_at\n"},
        r"leads.csv.gz, after line 0: Not a gzipped file.*; compress the file again",
    ),
    "no Parquet": (
        {"leads.csv": None, "leads.parquet": b"lead_id"},
        r"leads.parquet is not Parquet: .*; write it again",
    ),
    "bad toml": (
        {"pipelines.toml": "[[pipeline]\n"},
        r"pipelines.toml is not TOML: .*; correct it",
    ),
    "no won stage": (
        {"pipelines.toml": None, "stage_changes.csv": "lead_id,occurred_at,stage\n"},
        (
            r"data has no pipelines.toml; pipeline 'default': no stage is recognised as won "
            r"\(stages seen: none\); give --won STAGE"
        ),
    ),
}


@pytest.mark.parametrize("name", BAD_FOLDERS)
def test_bad_table_fails_the_import_and_the_reading(name, make_folder, store, tmp_path):
    changed, message = BAD_FOLDERS[name]
    folder = make_folder(changed)

    with pytest.raises(InvalidTableError, match=message):
        read_folder(folder)
    with pytest.raises(InvalidTableError, match=message):
        import_folder(store, folder, home=tmp_path / "home")
    assert store.sequence() == 0


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(InvalidTableError, match=r"nowhere does not exist; give the folder that"):
        read_folder(tmp_path / "nowhere")


def test_file_in_place_of_a_folder(make_folder):
    with pytest.raises(InvalidTableError, match=r"leads.csv is a file; give the folder that holds"):
        read_folder(make_folder() / "leads.csv")


def test_line_that_never_ends_is_refused_before_memory_runs_out(make_folder, monkeypatch):
    monkeypatch.setattr("crm.tables.MAX_LINE_CHARACTERS", 1000)
    folder = make_folder({"interactions.csv": "lead_id,occurred_at,kind\n" + "x" * 2000})

    with pytest.raises(InvalidTableError, match=r"a line is longer than 1,000 characters; write"):
        read_folder(folder)


def test_what_is_not_used_is_said(make_folder, usual):
    folder = make_folder(
        {
            "truth.parquet": "x",
            "targets.csv": "pipeline\n",
            "spend.csv": "date\n",
            ".hidden": "x",
            "stage_changes.csv": usual["stage_changes.csv"]
            .replace("stage\n", "stage,colour\n")
            .replace("Qualified", "Qualified,red")
            .replace("Lost", "Lost,"),
            "leads.csv": ",lead_id,created_at\n0,a,2026-01-01T00:00:00Z\n",
        }
    )
    (folder / "attachments").mkdir()

    assert set(read_folder(folder).warnings) == {
        "truth.parquet is not part of a data folder; ignored",
        "attachments is not part of a data folder; ignored",
        "targets.csv is not used yet",
        "spend.csv is not used yet",
        "stage_changes.csv: the column 'colour' is ignored",
        "leads.csv: a column without a name is ignored",
    }


def test_closing_stages_given_beside_a_pipelines_file_are_said_to_be_unused(make_folder):
    (warning,) = read_folder(make_folder(), won=["Proposal"]).warnings

    assert warning == "--won and --lost are not used: the pipelines are known already"


def test_time_zone_makes_naive_times_readable(make_folder):
    folder = make_folder({"leads.csv": "lead_id,created_at\na,2026-01-01T01:00\n"})
    contents = read_folder(folder, timezone=ZoneInfo("Europe/Stockholm"))

    assert contents.timelines.created_at.tolist() == [1767225600_000000]
