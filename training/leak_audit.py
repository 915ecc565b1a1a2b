"""Fields that may tell the outcome: by their name, by when they are filled, by how well they tell.

A value in the table of leads is taken as known when the lead came in. What was written at the
close, or overwritten since, would tell the future. Evidence is computed on what is known of leads
at creation; a name alone is only a reason to look.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL, closings, labels
from leads.pipelines import OPEN, plain_name
from leads.quarantine import Quarantined
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look
from models.metrics import auc
from training.creation_values import CreationValues, values_at_creation

Ground = Literal[
    "overwritten", "filled_at_close", "filled_by_outcome", "separates", "strong", "name"
]

# On real leads all fields together reach .60 to .70 at creation. One that alone passes that is to
# be looked at; one far above it is a leak until shown otherwise.
STRONG_AUC, PLAUSIBLE_AUC = 0.7, 0.8
# So much more often filled for the one outcome than for the other.
_FILLED_APART = 0.4
FEWEST_LEADS = 20
_STRATA = 5
# Filled for closed leads so many times as often as for open ones of the same time.
_TIMES = 5.0
_LEAST_FILLED = 0.05
# The lower ends of two-sided 99.9 % intervals, for many fields are looked at.
_SURE = 3.29

# As parts of plain names: without case, accents, spaces and punctuation.
_TELLING = """reason, lost, won, closed, closing, close date, elapsed, duration, to close, result,
    outcome, payment, paid, invoice, contract signed, signed, converted, conversion, last activity,
    last notable, disqualified, churn, status, stage, orsak, förlust, förlorad, vunnen, avslut,
    resultat, betal, faktura, 原因, 输单, 赢单, 输赢, 成交, 付款, 支付, 结果, 关闭, 签约, 状态,
    輸單, 贏單, 結果, 關閉, 簽約, 狀態"""
_TELLING_PARTS = tuple(plain_name(part) for part in _TELLING.split(","))
# Short words that are parts of many others ("wonder", "colost") count as whole words only.
_WHOLE_WORDS = frozenset({"won", "lost", "closed", "paid", "stage", "status", "signed", "result"})
_KNOWN_AT_CREATION = (
    "expected",
    "forecast",
    "planned",
    "marital",
    "employment",
    "förvänta",
    "预计",
)


@dataclass(frozen=True)
class Suspicion:
    """A field, what speaks against it, and whether that is evidence or its name alone."""

    attribute: str
    ground: Ground
    evidence: str

    @property
    def is_evidence(self) -> bool:
        """Whether leads show it; else it is a reason to look."""
        return self.ground not in ("strong", "name")

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return {"field": self.attribute, "ground": self.ground, "evidence": self.evidence}


def suspicious_fields(timelines: Timelines, until: int) -> tuple[Suspicion, ...]:
    """The suspicious fields as known by `until`: those with evidence first, one entry a field."""
    known = known_by(timelines, until)
    overwritten = [
        Suspicion(one.attribute, "overwritten", one.evidence) for one in timelines.quarantined
    ]
    audited = _Audited.of(known, until)
    found = [*overwritten, *(s for look_for in _GROUNDS for s in look_for(audited))]
    first: dict[str, Suspicion] = {}
    for suspicion in found:
        first.setdefault(suspicion.attribute, suspicion)
    return tuple(first.values())


def set_aside(timelines: Timelines, suspicions: Sequence[Suspicion]) -> Timelines:
    """The same timelines, but nothing is learned from the fields that evidence speaks against."""
    fields = tuple(
        Quarantined(one.attribute, one.evidence) for one in suspicions if one.is_evidence
    )
    return replace(timelines, quarantined=fields)


@dataclass(frozen=True)
class _Audited:
    """What the grounds look at: leads in order of creation, one entry each.

    `label` is whether the lead was won within the window of its creation; `closed` whether it is.
    """

    values: tuple[CreationValues, ...]
    created_at: Int64s
    label: Int8s
    closed: Bools

    @classmethod
    def of(cls, known: Timelines, until: int) -> "_Audited":
        """All leads known by `until`."""
        every = Snapshots(np.arange(len(known)), known.created_at)
        return cls(
            values=values_at_creation(known),
            created_at=known.created_at,
            label=labels(look(known, every), until),
            closed=closings(known, until).status != OPEN,
        )


def _filled_at_close(audited: _Audited) -> Iterator[Suspicion]:
    """Fields that closed leads have and open ones of the same time of creation do not."""
    if min(audited.closed.sum(), (~audited.closed).sum()) < FEWEST_LEADS:
        return
    edges = np.quantile(audited.created_at, np.linspace(0, 1, _STRATA + 1)[1:-1])
    stratum = np.searchsorted(edges, audited.created_at, "right")
    of_open = np.bincount(stratum, ~audited.closed, _STRATA)
    of_closed = np.bincount(stratum, audited.closed, _STRATA)
    both = np.minimum(of_open, of_closed)
    if not both.any():
        return
    for column in audited.values:
        open_filled = np.bincount(stratum, ~audited.closed & column.filled, _STRATA)
        closed_filled = np.bincount(stratum, audited.closed & column.filled, _STRATA)
        share_open = np.average(open_filled / np.maximum(of_open, 1), weights=both)
        share_closed = np.average(closed_filled / np.maximum(of_closed, 1), weights=both)
        error = np.sqrt(share_closed * (1 - share_closed) / both.sum() + 0.25 / both.sum() ** 2)
        if (
            share_closed - _SURE * error > _LEAST_FILLED
            and share_closed > _TIMES * share_open + _LEAST_FILLED
        ):
            yield Suspicion(
                column.attribute,
                "filled_at_close",
                f"filled for {share_closed:.0%} of closed leads and {share_open:.0%} of open ones "
                "that came in at the same time: it seems to be written at the close",
            )


def _filled_by_outcome(audited: _Audited) -> Iterator[Suspicion]:
    """Fields that leads of the one outcome have and those of the other mostly do not."""
    won, other = audited.label == WON_LABEL, audited.label == NOT_WON_LABEL
    if min(won.sum(), other.sum()) < FEWEST_LEADS:
        return
    for column in audited.values:
        of_won, of_other = column.filled[won].mean(), column.filled[other].mean()
        error = np.sqrt(of_won * (1 - of_won) / won.sum() + of_other * (1 - of_other) / other.sum())
        if abs(of_won - of_other) - _SURE * error > _FILLED_APART:
            yield Suspicion(
                column.attribute,
                "filled_by_outcome",
                f"filled for {of_won:.0%} of the won leads and {of_other:.0%} of the others: it "
                "seems to be written on the way to the one outcome",
            )


def _separates(audited: _Audited) -> Iterator[Suspicion]:
    """Fields that alone tell at creation who will be won, better than is plausible.

    Shares won are learned from the earlier half of the leads and judged on the later half.
    """
    decided = np.flatnonzero(audited.label != CENSORED_LABEL)
    decided = decided[np.argsort(audited.created_at[decided], kind="stable")]
    early, late = np.array_split(decided, 2)
    label = audited.label[late]
    for column in audited.values:
        bins = column.bins()
        size = int(bins.max(initial=0)) + 1
        said = _learned_share(bins[early], audited.label[early] == WON_LABEL, size)[bins[late]]
        value = auc(label, said)
        least = 0.0 if value is None else value - _SURE * _auc_error(value, label)
        if least <= STRONG_AUC:
            continue
        ranks = (
            f"alone it ranks won above other leads when they come in, with an AUC of {value:.2f} "
            f"on {len(late):,} later leads, where all fields together rarely pass .70"
        )
        if least > PLAUSIBLE_AUC:
            yield Suspicion(column.attribute, "separates", f"{ranks}: it seems to be written later")
        else:
            yield Suspicion(
                column.attribute, "strong", f"{ranks}: make sure that it was known by then"
            )


def _learned_share(bins: Int64s, won: Bools, size: int) -> Floats:
    """The share won by bin, shrunk to the whole by five leads."""
    whole = won.mean() if len(won) else 0.0
    counts, wins = np.bincount(bins, minlength=size), np.bincount(bins, won, size)
    shares: Floats = (wins + 5 * whole) / (counts + 5)
    return shares


def _auc_error(value: float, label: Int8s) -> float:
    """The standard error of an AUC (Hanley and McNeil 1982)."""
    won, other = int((label == WON_LABEL).sum()), int((label != WON_LABEL).sum())
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = (
        value * (1 - value) + (won - 1) * (q1 - value**2) + (other - 1) * (q2 - value**2)
    ) / (won * other)
    return float(np.sqrt(max(variance, 0.25 / min(won, other) ** 2)))


def _telling_name(audited: _Audited) -> Iterator[Suspicion]:
    for column in audited.values:
        part = telling_part(column.attribute)
        if part is not None and column.filled.any():
            yield Suspicion(
                column.attribute,
                "name",
                f"its name says {part!r}: leave it out unless it is known when a lead comes in",
            )


def telling_part(attribute: str) -> str | None:
    """The part of a field's name that sounds like the outcome or the close; None without one."""
    plain = plain_name(attribute)
    words = {plain_name(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", attribute)}
    if any(plain_name(known) in plain for known in _KNOWN_AT_CREATION):
        return None
    for part, shown in zip(_TELLING_PARTS, _TELLING.split(","), strict=True):
        if part in words if part in _WHOLE_WORDS else part in plain:
            return " ".join(shown.split())
    return None


# Evidence before names: of a field's suspicions the first is kept.
_GROUNDS: tuple[Callable[[_Audited], Iterator[Suspicion]], ...] = (
    _filled_at_close,
    _filled_by_outcome,
    _separates,
    _telling_name,
)
