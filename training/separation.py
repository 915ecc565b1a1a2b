"""Fields that alone tell at creation who will be won, better than is plausible."""

from collections.abc import Iterator

import numpy as np

from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL
from models.metrics import auc
from training.suspicion import SURE, Audited, Suspicion

# On real leads all fields together reach .60 to .70 at creation. The strongest honest field alone
# that was seen reached .75 (the time spent on a website). One that surely passes .70 is to be
# looked at, one that surely passes .80 is a leak until shown otherwise.
STRONG_AUC, PLAUSIBLE_AUC = 0.7, 0.8
# The share won of a level is shrunk to that of all by so many leads.
_SHRUNK_BY = 5.0
_FEWEST_IN_HALF = 10


def separates(audited: Audited) -> Iterator[Suspicion]:
    """Fields by which alone later leads are ranked by earlier ones, and earlier by later ones.

    Never are leads judged that the shares won were learned from.
    """
    is_won, is_other = audited.label == WON_LABEL, audited.label == NOT_WON_LABEL
    for where, rows in audited.parts(is_won, is_other):
        decided = rows[audited.label[rows] != CENSORED_LABEL]
        decided = decided[np.argsort(audited.created_at[decided], kind="stable")]
        halves = np.array_split(decided, 2)
        for column in audited.values:
            found = _cross_judged(column.bins(), audited.label, halves)
            if found is None:
                continue
            value, error = found
            least = value - SURE * error
            if least <= STRONG_AUC:
                continue
            ranks = (
                f"alone it ranks won above other leads when they come in{where}, with an AUC of "
                f"{value:.2f} (at least {least:.2f}) on {len(decided):,} leads, where all fields "
                "together rarely pass .70"
            )
            if least > PLAUSIBLE_AUC:
                yield Suspicion(
                    column.attribute, "separates", f"{ranks}: it seems to be written later"
                )
            else:
                yield Suspicion(
                    column.attribute, "strong", f"{ranks}: make sure that it was known by then"
                )


def _cross_judged(bins: Int64s, label: Int8s, halves: list[Int64s]) -> tuple[float, float] | None:
    """The mean AUC of both halves, each ranked by what the other one says; with its error.

    Of one half where the other has too few leads of an outcome to be judged; None without any.
    """
    size = int(bins.max(initial=0)) + 1
    values, errors = [], []
    for learned, judged in (halves, halves[::-1]):
        won = int((label[judged] == WON_LABEL).sum())
        if min(won, len(judged) - won) < _FEWEST_IN_HALF:
            continue
        said = _learned_share(bins[learned], label[learned] == WON_LABEL, size)[bins[judged]]
        value = auc(label[judged], said)
        if value is not None:
            values.append(value)
            errors.append(_auc_error(value, won, len(judged) - won))
    if not values:
        return None
    return float(np.mean(values)), float(np.sqrt(np.sum(np.square(errors)))) / len(values)


def _learned_share(bins: Int64s, won: Bools, size: int) -> Floats:
    """The share won by bin, shrunk to the whole."""
    whole = won.mean() if len(won) else 0.0
    counts, wins = np.bincount(bins, minlength=size), np.bincount(bins, won, size)
    shares: Floats = (wins + _SHRUNK_BY * whole) / (counts + _SHRUNK_BY)
    return shares


def _auc_error(value: float, won: int, other: int) -> float:
    """The standard error of an AUC (Hanley and McNeil 1982)."""
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = (
        value * (1 - value) + (won - 1) * (q1 - value**2) + (other - 1) * (q2 - value**2)
    ) / (won * other)
    return float(np.sqrt(max(variance, 0.25 / min(won, other) ** 2)))
