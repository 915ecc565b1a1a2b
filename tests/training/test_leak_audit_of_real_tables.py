"""The leak audit of real tables with nothing left out: what it must find, and must let be."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from crm.folder import read_folder
from leads.clock import now_us
from leads.timeline import Timelines
from training.leak_audit import audit

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"

# By table: what evidence must quarantine, and what must be quarantined or named.
SCHOOL = {
    "Course duration", "Education Type", "Initial Amount Paid", "Lost Reason", "Months of study",
    "Offer Total Amount", "Payment Type", "Product", "Quality",
}  # fmt: skip
# Filled later as well, but neither their values nor whether they are filled give away much.
SCHOOL_NAMED = {"Level of Deutsch", "SLA"}
X_EDUCATION_NAMED = {
    "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity",
    "Asymmetrique Activity Score", "Asymmetrique Profile Score",
}  # fmt: skip
CLOSED_DEALS = {
    "seller_id", "sdr_id", "sr_id", "business_segment", "lead_type", "lead_behaviour_profile",
    "has_company", "has_gtin", "average_stock", "business_type", "declared_product_catalog_size",
    "declared_monthly_revenue",
}  # fmt: skip
IT_SALES_NAMED = {
    "Elapsed Days In Sales Stage", "Sales Stage Change Count",
    "Total Days Identified Through Closing", "Total Days Identified Through Qualified",
    "Ratio Days Identified To Total Days", "Ratio Days Validated To Total Days",
    "Ratio Days Qualified To Total Days",
}  # fmt: skip


def exported(name: str) -> Path:
    """The folder of a real export; skips, by name, where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"shared/data/{name} is not beside the project")
    return folder


def with_nothing_left_out(name: str, out: Path) -> Timelines:
    """A real table read by a copy of its ready mapping that leaves no column out."""
    folder = exported(name)
    text = (ROOT / "examples" / "mappings" / f"{name}.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^\[read\.leave_out\].*?(?=^\[|\Z)", "", text)
    mapping = out / "mapping.toml"
    mapping.write_text(re.sub(r"(?m)^leave_out = .*$", "", text), encoding="utf-8")
    return read_folder(folder, mapping=mapping).timelines


def found(timelines: Timelines) -> tuple[set[str], set[str]]:
    """The fields that are quarantined, and those that are named only."""
    audited = audit(timelines, timelines.newest_event_at(now_us()) or 0)
    return (
        {one.attribute for one in audited.quarantined},
        {one.attribute for one in audited.to_look_at},
    )


def test_school_crm(tmp_path):
    assert found(with_nothing_left_out("school_crm", tmp_path)) == (SCHOOL, SCHOOL_NAMED)


def test_x_education(tmp_path):
    quarantined, named = found(with_nothing_left_out("x_education", tmp_path))

    assert quarantined == {"Tags"}
    assert named == X_EDUCATION_NAMED | {"Total Time Spent on Website"}


@pytest.mark.parametrize("as_changes", [False, True], ids=["values", "changes"])
def test_marketplace_sellers_with_the_columns_of_closed_deals(tmp_path, as_changes):
    folder = exported("marketplace_sellers")
    leads = pd.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv", dtype=str).rename(
        columns={"mql_id": "lead_id", "first_contact_date": "created_at", "origin": "source"}
    )
    deals = pd.read_csv(folder / "olist_closed_deals_dataset.csv", dtype=str).rename(
        columns={"mql_id": "lead_id", "won_date": "occurred_at"}
    )
    if as_changes:
        changes = deals.melt(["lead_id", "occurred_at"], var_name="attribute", value_name="value")
        changes.dropna().to_csv(tmp_path / "attribute_changes.csv", index=False)
    else:
        leads = leads.merge(deals.drop(columns="occurred_at"), "left", "lead_id")
    leads.to_csv(tmp_path / "leads.csv", index=False)
    closings = deals[["lead_id", "occurred_at"]].assign(stage="Closed deal")
    closings.to_csv(tmp_path / "stage_changes.csv", index=False)
    (tmp_path / "pipelines.toml").write_text(
        '[[pipeline]]\nname = "default"\nstages = ["Qualified lead"]\nwon = ["Closed deal"]\n'
        'lost = ["Lost"]\nwindow_days = 60\n'
    )

    timelines = read_folder(tmp_path, timezone=ZoneInfo("UTC")).timelines
    assert found(timelines) == (CLOSED_DEALS, set())


@pytest.mark.slow
def test_it_sales_win_loss(tmp_path):
    assert found(with_nothing_left_out("it_sales_win_loss", tmp_path)) == (set(), IT_SALES_NAMED)


@pytest.mark.slow
def test_bank_campaign(tmp_path):
    quarantined, named = found(with_nothing_left_out("bank_campaign", tmp_path))

    assert quarantined == {"duration"}
    assert named == {"pdays", "poutcome"}


@pytest.mark.slow
def test_loan_applications_have_no_suspicious_field():
    timelines = read_folder(exported("loan_applications") / "contract").timelines
    assert found(timelines) == (set(), set())


def test_pipedrive_changes_have_no_suspicious_field(tmp_path):
    assert found(with_nothing_left_out("pipedrive_changes", tmp_path)) == (set(), set())
