"""Fields that give leads away by being filled: for closed leads only, or for the one outcome."""

from collections.abc import Iterator

import numpy as np

from leads.arrays import Bools, Int64s
from leads.outcome import NOT_WON_LABEL, WON_LABEL
from training.suspicion import FEWEST_LEADS, SURE, Audited, Suspicion, error_of_share

# Leads are compared with those of the same fifth of the time in which they came in.
_STRATA = 5
# A field of many leads is filled for closed ones so many times as often as for open ones.
_TIMES = 5.0
_LEAST_FILLED = 0.05
# One of few leads so many times: an honest reason to close fast (a referral) may make some of it.
_TIMES_OF_FEW = 50.0
# So much more often filled for the one outcome than for the other.
_FILLED_APART = 0.4
# So many times, and so much, more often: to be looked at.
_TIMES_TO_LOOK, _APART_TO_LOOK = 5.0, 0.1


def filled_at_close(audited: Audited) -> Iterator[Suspicion]:
    """Fields that closed leads have and open ones of the same time of creation do not."""
    for where, rows in audited.parts(audited.closed, ~audited.closed):
        closed = audited.closed[rows]
        stratum = _strata(audited.created_at[rows])
        both = np.minimum(_count(stratum, closed), _count(stratum, ~closed))
        if not both.any():
            continue
        for column in audited.values:
            found = _compared(column.filled[rows], closed, stratum, both)
            if found is not None:
                of_closed, of_open = found
                yield Suspicion(
                    column.attribute,
                    "filled_at_close",
                    f"filled for {of_closed:.0%} of closed leads and {of_open:.0%} of open ones "
                    f"that came in at the same time{where}: it seems to be written at the close",
                )


def _strata(created_at: Int64s) -> Int64s:
    edges = np.quantile(created_at, np.linspace(0, 1, _STRATA + 1)[1:-1])
    return np.searchsorted(edges, created_at, "right")


def _count(stratum: Int64s, chosen: Bools) -> Int64s:
    counts: Int64s = np.bincount(stratum[chosen], minlength=_STRATA)
    return counts


def _compared(
    filled: Bools, closed: Bools, stratum: Int64s, both: Int64s
) -> tuple[float, float] | None:
    """The shares filled of closed and of open leads, if closed ones have it alone; else None.

    Strata weigh as `both`: as many leads as the smaller group has there.
    """
    n_closed, n_open = _count(stratum, closed), _count(stratum, ~closed)
    of_closed = np.average(_count(stratum, closed & filled) / np.maximum(n_closed, 1), weights=both)
    of_open = np.average(_count(stratum, ~closed & filled) / np.maximum(n_open, 1), weights=both)
    least = of_closed - SURE * error_of_share(of_closed, both.sum())
    # Half an open lead where none has it: that none of few has it says little.
    half_a_lead = 0.5 / n_open[both > 0].sum()
    common = least > _LEAST_FILLED and of_closed > _TIMES * of_open + _LEAST_FILLED
    few = (
        least > of_open
        and (closed & filled).sum() >= FEWEST_LEADS
        and of_closed > _TIMES_OF_FEW * max(of_open, half_a_lead)
    )
    return (float(of_closed), float(of_open)) if common or few else None


def filled_by_outcome(audited: Audited) -> Iterator[Suspicion]:
    """Fields that leads of the one outcome have and those of the other mostly do not."""
    is_won, is_other = audited.label == WON_LABEL, audited.label == NOT_WON_LABEL
    for where, rows in audited.parts(is_won, is_other):
        won, other = is_won[rows], is_other[rows]
        for column in audited.values:
            filled = column.filled[rows]
            of_won, of_other = float(filled[won].mean()), float(filled[other].mean())
            error = np.hypot(
                error_of_share(of_won, won.sum()), error_of_share(of_other, other.sum())
            )
            apart = abs(of_won - of_other) - SURE * error
            less, more = sorted((of_won, of_other))
            said = f"filled for {of_won:.0%} of the won leads and {of_other:.0%} of the others"
            if apart > _FILLED_APART:
                yield Suspicion(
                    column.attribute,
                    "filled_by_outcome",
                    f"{said}{where}: it seems to be written on the way to the one outcome",
                )
            elif apart > _APART_TO_LOOK and more > _TIMES_TO_LOOK * less:
                yield Suspicion(
                    column.attribute,
                    "strong",
                    f"{said}{where}: make sure that it was filled when they came in",
                )
