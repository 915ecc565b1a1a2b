"""Censoring: decided snapshots stand for those of which it is too early to tell.

Leads that close quickly are decided first, so that figures over decided snapshots alone are those
of the quick. Inverse-probability-of-censoring weights undo that (Robins and Rotnitzky 1992; Graf
et al. 1999): a snapshot decided after `t` weighs 1 / G(t), where G(t) is the share of snapshots
that have been followed for `t`.
"""

import numpy as np

from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, outcomes
from leads.view import View

# Within a stratum nobody has been followed for less than this share of them; the few that are
# decided later would otherwise stand for very many.
LEAST_SHARE = 0.1
# Where less of a week's snapshots of an age is decided, the decided ones are the quick ones, and no
# weight can tell of the rest: sellers reported AUC .77, and .58 when their outcomes were known.
LEAST_DECIDED = 0.8
WEEK_US = 7 * DAY_US
# How long a lead stays open depends on its age, and so does how long it was followed: in a holdout
# the old snapshots are the late ones. Within a span of ages the two are unrelated.
_AGE_EDGES_US = np.array([1, 3, 7, 14, 30, 90]) * DAY_US


def censoring_weights(view: View, until: int, weight: Floats) -> Floats:
    """The weights of `weight` moved from censored snapshots to decided ones of the same age.

    One per snapshot, 0 for a censored one. How long a snapshot was followed is known of all of
    them: up to `until`. Those decided later than any were followed are stood for by nobody.
    """
    found = outcomes(view, until)
    decided = found.label != CENSORED_LABEL
    age = _age_span(view)
    moved = np.zeros(len(view))
    for stratum in np.unique(age):
        rows = age == stratum
        moved[rows] = _moved(
            until - view.as_of[rows],
            (found.decided_at - view.as_of)[rows],
            decided[rows],
            weight[rows],
        )
    return moved


def _moved(followed_us: Int64s, decided_after_us: Int64s, decided: Bools, weight: Floats) -> Floats:
    order = np.argsort(followed_us)
    at_least = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0) / weight.sum()
    place = np.searchsorted(followed_us[order], decided_after_us[decided], "left")
    moved = np.zeros(len(weight))
    moved[decided] = weight[decided] / np.maximum(at_least[place], LEAST_SHARE)
    return moved


def mostly_decided(view: View, label: Int8s, until: int) -> Bools:
    """The snapshots of those weeks, at each age, of which it is known how at least 80 % ended."""
    week = (until - view.as_of) // WEEK_US
    cohort = week * (len(_AGE_EDGES_US) + 1) + _age_span(view)
    _, place, snapshots = np.unique(cohort, return_inverse=True, return_counts=True)
    decided = np.bincount(place, label != CENSORED_LABEL)
    enough: Bools = (decided >= LEAST_DECIDED * snapshots)[place]
    return enough


def _age_span(view: View) -> Int64s:
    """The span of ages that each snapshot is in."""
    spans: Int64s = np.searchsorted(_AGE_EDGES_US, view.as_of - view.created_at, "right")
    return spans
