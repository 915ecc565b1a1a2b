"""The loan applications of a bank: every row of a real log is stored or listed."""

import time
from pathlib import Path

import pytest

from crm.folder import read_folder
from crm.importing import import_folder

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "loan_applications" / "contract"
READ_SECONDS = 20
IMPORT_SECONDS = 60

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="shared/data/loan_applications is not beside the project"
)


def test_every_loan_application_is_stored_once(store, describe):
    home = store.database.path.parent
    started = time.process_time()
    first = import_folder(store, FOLDER, home=home)
    assert time.process_time() - started < IMPORT_SECONDS

    assert {name: (t.read, t.stored, t.rejected) for name, t in first.tables.items()} == {
        "leads": (13_087, 13_087, 0),
        "interactions": (170_107, 170_107, 0),
        "stage_changes": (87_601, 87_601, 0),
    }
    assert store.counts() == {"leads": 13_087, "events": 257_708}

    again = import_folder(store, FOLDER, home=home)
    assert [(t.stored, t.updated, t.rejected) for t in again.tables.values()] == [(0, 0, 0)] * 3
    assert store.sequence() == 1

    started = time.process_time()
    contents = read_folder(FOLDER)
    assert time.process_time() - started < READ_SECONDS
    assert describe(store.timelines()) == describe(contents.timelines)
