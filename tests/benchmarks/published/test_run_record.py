"""Runs on test rows are counted."""

import json

from benchmarks.published.run_record import RECORD, count_run


def test_each_run_of_a_work_counts_one_more(tmp_path):
    record = tmp_path / "runs.json"

    assert [count_run("one", record), count_run("other", record), count_run("one", record)] == [
        1,
        1,
        2,
    ]
    assert json.loads(record.read_text(encoding="utf-8")) == {"one": 2, "other": 1}


def test_the_record_counts_real_works_alone():
    runs = json.loads(RECORD.read_text(encoding="utf-8"))

    assert set(runs) <= {
        "bank_campaign", "leadforge", "loan_applications", "loan_offers", "marketplace_sellers",
        "school_crm", "x_education",
    }  # fmt: skip
    assert all(number >= 1 for number in runs.values())
