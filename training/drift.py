"""Drift of the base rate: the month from which on leads are won more, or less, often."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from leads.arrays import Bools, Floats, Int64s
from leads.clock import DAY_US
from leads.outcome import closings, window_days
from leads.pipelines import WON
from leads.timeline import Timelines

DRAWS = 1999
SIGNIFICANCE = 0.01
# Smaller changes are not worth telling a person, however many leads make them certain.
LEAST_LOG_ODDS = 0.3
FEWEST_WINS, FEWEST_MONTHS = 20, 4
_HORIZONS_DAYS = (365, 180, 90, 60, 30, 14, 7)
# Of the time that the records span, at most this share is spent waiting for outcomes.
_WAITING_SHARE = 1 / 3


@dataclass(frozen=True)
class BaseRateShift:
    """Leads created in or after `month` are won within `horizon_days` at the rate `after`.

    Those before at the rate `before`; `p_value` is the chance of a change as clear as this in any
    month if nothing had changed.
    """

    month: str
    before: float
    after: float
    leads_before: int
    leads_after: int
    horizon_days: int
    p_value: float

    @property
    def at(self) -> int:
        """The beginning of the month, in microseconds."""
        return int(np.datetime64(self.month, "M").astype("datetime64[us]").astype(np.int64))

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return (
            f"leads created from {self.month} on are won within {self.horizon_days} days in "
            f"{self.after:.1%} of cases, those before in {self.before:.1%} "
            f"({self.leads_after:,} and {self.leads_before:,} leads)"
        )

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return {**vars(self), "sentence": self.sentence}


def base_rate_shift(timelines: Timelines, until: int) -> BaseRateShift | None:
    """The clearest change of the share won between months of creation; None if none is clear.

    Every lead is followed for the same time, as known by `until`: younger ones are left out. The
    clearest change is the largest difference in standard errors over all months; how large it
    gets by chance is drawn by dealing the wins out to the leads anew (a permutation test).
    """
    horizon_days = _horizon_days(timelines, until)
    followed = timelines.created_at + horizon_days * DAY_US <= until
    won = _won_within(timelines, until, horizon_days)[followed]
    names, month = np.unique(_months(timelines.created_at[followed]), return_inverse=True)
    if len(names) < FEWEST_MONTHS or min(won.sum(), (~won).sum()) < FEWEST_WINS:
        return None
    leads = np.bincount(month, minlength=len(names))
    wins = np.bincount(month, won, len(names)).astype(np.int64)
    clearness = _clearness(leads, wins[None, :])[0]
    at = int(np.argmax(clearness)) + 1
    p_value = _p_value(leads, int(wins.sum()), float(clearness.max()))
    before, after = wins[:at].sum() / leads[:at].sum(), wins[at:].sum() / leads[at:].sum()
    if (
        p_value > SIGNIFICANCE
        or abs(_smoothed(wins[at:], leads[at:]) - _smoothed(wins[:at], leads[:at])) < LEAST_LOG_ODDS
    ):
        return None
    return BaseRateShift(
        month=str(names[at]),
        before=float(before),
        after=float(after),
        leads_before=int(leads[:at].sum()),
        leads_after=int(leads[at:].sum()),
        horizon_days=horizon_days,
        p_value=p_value,
    )


def _horizon_days(timelines: Timelines, until: int) -> int:
    """The longest usual horizon, up to the window, that leaves most of the history to compare."""
    created = timelines.created_at[timelines.created_at <= until]
    span_days = (until - int(created.min())) / DAY_US if len(created) else 0.0
    longest = min(float(window_days(timelines).min()), span_days * _WAITING_SHARE)
    return next((days for days in _HORIZONS_DAYS if days <= longest), _HORIZONS_DAYS[-1])


def _won_within(timelines: Timelines, until: int, days: int) -> Bools:
    closed = closings(timelines, until)
    won: Bools = (closed.status == WON) & (closed.closed_at <= timelines.created_at + days * DAY_US)
    return won


def _months(moments: Int64s) -> np.ndarray:
    return moments.astype("datetime64[us]").astype("datetime64[M]")


def _clearness(leads: Int64s, wins: Int64s) -> Floats:
    """The difference of the two shares in standard errors, for a cut before each month but one.

    `wins` is one row per deal, one column per month; so is the answer, one column fewer.
    """
    n, total = leads.sum(), wins.sum(axis=1, keepdims=True)
    n_before, won_before = np.cumsum(leads)[:-1], np.cumsum(wins, axis=1)[:, :-1]
    n_after, won_after = n - n_before, total - won_before
    share = total / n
    error = np.sqrt(share * (1 - share) * (1 / n_before + 1 / n_after))
    clearness: Floats = np.abs(won_after / n_after - won_before / n_before) / error
    return clearness


def _p_value(leads: Int64s, wins: int, observed: float) -> float:
    dealt = np.random.default_rng(0).multivariate_hypergeometric(leads, wins, DRAWS)
    as_clear = (_clearness(leads, dealt).max(axis=1) >= observed).sum()
    return float((as_clear + 1) / (DRAWS + 1))


def _smoothed(wins: Int64s, leads: Int64s) -> float:
    """Log-odds of winning, with half a lead each way."""
    return float(np.log((wins.sum() + 0.5) / (leads.sum() - wins.sum() + 0.5)))
