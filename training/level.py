"""The level: the intercept that makes the mean probability right where outcomes are newest.

Most calibration error is a moved base rate. The newest snapshots whose window has passed tell it
without bias: each of them is decided, however long its lead took.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from leads.arrays import Floats, Int8s, Int64s
from leads.clock import DAY_US, format_time
from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL, window_end
from leads.view import Snapshots, View
from models.calibration import Platt, fit_intercept, sigmoid

# Enough leads of each outcome for the rate to be known to about a tenth of itself, and no fewer
# than for a fifth; further back than a year the rate is not the newest. Where many leads come in, a
# month of them is known far better than the newest hundred, and is as new.
LEADS_EACH, FEWEST_LEADS_EACH = 100, 25
LONGEST_US, SHORTEST_US = 365 * DAY_US, 30 * DAY_US


@dataclass(frozen=True)
class NewestWindow:
    """The newest matured snapshots: from when to when, how many leads, the share won.

    `moved_by` is what was added to the calibration's intercept, in log-odds.
    """

    begins_at: str
    ends_at: str
    n_leads: int
    won: float
    moved_by: float

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        return asdict(self)


def newest_matured(view: View, label: Int8s, until: int) -> Int64s | None:
    """The places of the newest snapshots whose window had passed by `until`.

    As many as hold 100 leads of each outcome and reach back a month, within a year; None where
    there are not 25 of each.
    """
    matured = np.flatnonzero((window_end(view) <= until) & (label != CENSORED_LABEL))
    order = matured[np.argsort(-view.as_of[matured], kind="stable")]
    order = order[view.as_of[order] > view.as_of[order[:1]] - LONGEST_US]
    reached = [
        _leads_by_then(view.snapshots.lead[order], label[order] == outcome)
        for outcome in (WON_LABEL, NOT_WON_LABEL)
    ]
    fewest = np.minimum(*reached)
    if not len(order) or fewest[-1] < FEWEST_LEADS_EACH:
        return None
    enough = int(np.searchsorted(fewest, LEADS_EACH)) + 1
    month = int((view.as_of[order] > view.as_of[order[0]] - SHORTEST_US).sum())
    return np.sort(order[: max(enough, month)])


def _leads_by_then(lead: Int64s, chosen: Floats) -> Int64s:
    """How many different leads had a chosen snapshot up to each place."""
    places = np.flatnonzero(chosen)
    _, first = np.unique(lead[places], return_index=True)
    new = np.zeros(len(lead), np.int64)
    new[places[first]] = 1
    counts: Int64s = np.cumsum(new)
    return counts


def at_newest_level(
    calibration: Platt, margin: Floats, label: Int8s, view: View, until: int
) -> tuple[Platt, NewestWindow | None]:
    """The calibration with the intercept of the newest matured window, where there is one.

    `margin`, `label` and `view` are of all snapshots that were learned from, `margin` of the
    model that is to be calibrated.
    """
    rows = newest_matured(view, label, until)
    if rows is None:
        return calibration, None
    return at_level_of(calibration, margin[rows], label[rows], view.snapshots.only(rows))


def at_level_of(
    calibration: Platt, margin: Floats, label: Int8s, newest: Snapshots
) -> tuple[Platt, NewestWindow]:
    """The calibration with the intercept of these snapshots, as far as that is beyond noise."""
    log_odds = calibration.log_odds(margin)
    leads = len(np.unique(newest.lead))
    seen = fit_intercept(log_odds, label.astype(np.float64), np.ones(len(label)))
    moved_by = beyond_noise(seen, sigmoid(log_odds + seen), leads)
    window = NewestWindow(
        begins_at=format_time(int(newest.as_of.min())),
        ends_at=format_time(int(newest.as_of.max())),
        n_leads=leads,
        won=float(label.mean()),
        moved_by=moved_by,
    )
    return replace(calibration, intercept=calibration.intercept + moved_by), window


def beyond_noise(moved_by: float, probability: Floats, leads: int) -> float:
    """A move of the intercept, less what so few leads move it by without reason.

    Shrunk by 1 - variance / move^2, and to 0 within one standard error (James and Stein 1961, the
    positive part): a level from a year ago is not worth its noise where the base rate stood still.
    """
    variance = 1 / (leads * float((probability * (1 - probability)).mean()))
    return moved_by * max(0.0, 1 - variance / moved_by**2) if moved_by else 0.0
