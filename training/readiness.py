"""Is this data ready? What there is, what is wrong with it, what it may reach, in one verdict."""

from dataclasses import dataclass
from typing import Any, Literal

from leads.errors import TooFewLeadsError
from leads.timeline import Timelines
from models.bootstrap import Estimate
from training.data_problems import problems
from training.drift import BaseRateShift, base_rate_shift
from training.inventory import Inventory, inventory
from training.leak_audit import NOT_OVERRULED, Audit, Overruled, audit
from training.learner import Progress, no_progress
from training.learning_curve import Expected, expected_accuracy
from training.problem import Problem
from training.suspicion import Suspicion

Verdict = Literal["ready", "ready with care", "not ready"]

_CHANCE = 0.5
# Less than this much AUC more is nothing that a team would notice.
_NOTICEABLE_AUC = 0.005


@dataclass(frozen=True)
class Readiness:
    """All that `check` says. `expected` is None, with `unmeasured` the reason, if too few closed.

    It was measured without the quarantined fields: those that evidence speaks against, if nobody
    overruled it.
    """

    inventory: Inventory
    problems: tuple[Problem, ...]
    audit: Audit
    shift: BaseRateShift | None
    expected: Expected | None
    unmeasured: str | None

    @property
    def suspicious(self) -> tuple[Suspicion, ...]:
        """All that was found of fields, whatever was overruled."""
        return self.audit.suspicions

    @property
    def verdict(self) -> Verdict:
        """Whether to train on it."""
        stopped = any(problem.weight == "stops" for problem in self.problems)
        if stopped or self.expected is None or not _has_signal(self.expected):
            return "not ready"
        return "ready with care" if self._cares() else "ready"

    @property
    def sentence(self) -> str:
        """The verdict and its reason."""
        if self.verdict == "ready":
            return "Ready: nothing was found that speaks against learning from these records."
        if self.verdict == "ready with care":
            return f"Ready with care: {'; '.join(self._cares())}."
        return f"Not ready: {self._why_not()}."

    @property
    def accuracy_sentences(self) -> list[str]:
        """The accuracy to expect, and what twice the leads would add."""
        if self.expected is None:
            return [f"Cannot be measured: {self.unmeasured}."]
        strong = [one.attribute for one in self.audit.to_look_at if one.ground == "strong"]
        if_known = f"That counts on {', '.join(strong)} being known by then." if strong else ""
        said = (_accuracy(self.expected), if_known, _what_more_would_buy(self.expected))
        return [sentence for sentence in said if sentence]

    def as_record(self) -> dict[str, Any]:
        """The object of `check --json`."""
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            **self.inventory.as_record(),
            "problems": [problem.as_record() for problem in self.problems],
            **self.audit.as_record(),
            "suspicious": [suspicion.as_record() for suspicion in self.suspicious],
            "base_rate_shift": None if self.shift is None else self.shift.as_record(),
            "expected": None if self.expected is None else self.expected.as_record(),
            "unmeasured": self.unmeasured,
            "accuracy": self.accuracy_sentences,
        }

    def _cares(self) -> list[str]:
        """In a few words each, what is to be taken with care."""
        cares = [
            problem.name.replace("_", " ") for problem in self.problems if problem.weight == "care"
        ]
        shown = {one.attribute for one in self.suspicious if one.is_evidence}
        telling = [one.attribute for one in self.audit.quarantined if one.attribute in shown]
        if telling:
            cares.append(f"fields that tell the outcome ({', '.join(telling)})")
        if self.shift is not None:
            cares.append("a base rate that moved")
        return cares

    def _why_not(self) -> str:
        stopping = [problem.sentence for problem in self.problems if problem.weight == "stops"]
        if stopping:
            return "; ".join(stopping)
        if self.unmeasured is not None:
            return self.unmeasured
        return (
            "what is recorded does not tell later leads apart (an AUC of one half is within its "
            "interval); import interactions, stage changes and more fields that are known before "
            "the close"
        )


def readiness(
    timelines: Timelines,
    until: int,
    seed: int,
    progress: Progress = no_progress,
    overruled: Overruled = NOT_OVERRULED,
    families: str = "",
) -> Readiness:
    """Look through what is known by `until`; fits a few quick models of switched families.

    Raises `InvalidInputError` for a field that is overruled and not there.
    """
    progress("counting")
    counted = inventory(timelines, until)
    found = problems(timelines, counted)
    progress("looking for fields that tell the outcome")
    audited = audit(timelines, until, overruled)
    shift = base_rate_shift(timelines, until)
    expected, unmeasured = None, None
    try:
        expected = expected_accuracy(audited.timelines, until, seed, progress, families)
    except TooFewLeadsError as error:
        unmeasured = str(error)
    return Readiness(counted, found, audited, shift, expected, unmeasured)


def _has_signal(expected: Expected) -> bool:
    ranks, gains = expected.auc["low"], expected.log_loss_gain["low"]
    return (ranks is not None and ranks > _CHANCE) or (gains is not None and gains > 0)


def _accuracy(expected: Expected) -> str:
    gain = expected.log_loss_gain
    less = _range(gain, ".3f") + " less"
    if gain["value"] is not None and gain["value"] < 0:
        less = f"no less ({_range(gain, '.3f')})"
    return (
        f"On leads to come expect an AUC of about {_range(expected.auc, '.2f')} and {less} "
        "log loss than the base rate: that is what a "
        f"quick model reached on {expected.judged_leads:,} later leads, {expected.judged_won:,} of "
        f"them won, having known {expected.learned_leads:,} earlier ones (95 % intervals)."
    )


def _what_more_would_buy(expected: Expected) -> str:
    twice = expected.twice_auc
    if twice is None or twice["low"] is None or twice["high"] is None:
        return "What more leads would add cannot be told: a part of these is too few to learn from."
    said = (
        f"With twice as many leads expect {_range(twice, '+.3f')} AUC, going by models of a "
        "quarter and a half of them: "
    )
    if twice["high"] < _NOTICEABLE_AUC:
        return said + "more leads of this kind add next to nothing, other fields or events might."
    if twice["low"] > 0:
        return said + "more history is worth importing."
    return said + "whether more history helps cannot be told from so few."


def _range(estimate: Estimate, form: str) -> str:
    value, low, high = (
        "unknown" if end is None else format(end, form)
        for end in (estimate["value"], estimate["low"], estimate["high"])
    )
    return f"{value} ({low} to {high})"
