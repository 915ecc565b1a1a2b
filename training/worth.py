"""Whether a model is worth using, and where: one sentence from paired differences over leads."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from leads.arrays import Bools, Floats
from leads.counting import count_of
from models.bootstrap import Estimate, paired_difference
from models.metrics import auc, log_loss
from models.scorer import NO_SUPPORT
from training.censoring import LEAST_DECIDED
from training.evaluation import (
    MODEL,
    Judged,
    age_masks,
    cautious_figures,
    snapshot_weights,
)
from training.rows import leads_of_each

BASE_RATE, STAGE_WIN_RATE = "base_rate", "stage_win_rate"
CHANCE = 0.5
# Below this many leads of an outcome nothing is concluded from how they were told apart.
_FEWEST_EACH = 10
# Below this many leads a span of ages is not spoken of.
_FEWEST_LEADS = 30


@dataclass(frozen=True)
class Worth:
    """Whether later leads show any signal (`support` is "none" where they do not), in a sentence.

    With fewer than ten later leads of an outcome that is not concluded from them. `above` are log
    losses of the baselines minus the model's, paired over leads: above 0 the model is better.
    """

    support: Literal["none"] | None
    sentence: str
    above: dict[str, Estimate]

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return {"support": self.support, "sentence": self.sentence, "log_loss_above": self.above}


def worth(judged: Judged) -> Worth:
    """Compare the model with the baselines on later leads.

    There is no signal where neither the AUC's interval is above one half nor the log loss's
    difference to the base rate above 0.
    """
    weight = snapshot_weights(judged)
    above = {name: _above(judged, name, weight) for name in judged.probability if name != MODEL}
    each = leads_of_each(judged.view.snapshots.lead, judged.label)
    if min(each) < _FEWEST_EACH:
        return Worth(None, _too_early(*each), above)
    ranks = _auc_above_chance(judged, weight)
    if not (_is_above(ranks) or _is_above(above[BASE_RATE])):
        return Worth(NO_SUPPORT, _no_signal(judged, weight, above[BASE_RATE]), above)
    return Worth(None, _worth_using(judged, weight, above) + _mostly_open(judged, weight), above)


def _too_early(won: int, other: int) -> str:
    judged = f"of later leads {count_of(won, 'was', 'were')} won and {other:,} not"
    return (
        f"Not judged yet: {judged if won + other else 'too few later leads are decided'}, and "
        f"{_FEWEST_EACH} of each are needed to tell; until then it leans on the win rates of "
        "stages and what is usual."
    )


def _mostly_open(judged: Judged, weight: Floats) -> str:
    """What AUC to expect where most of what was judged is still open.

    A school's deals: AUC .85 of those decided, a third; .74 when most had become known; .58 here.
    """
    decided = len(judged.label) / max(len(judged.label) + judged.n_censored, 1)
    if decided >= LEAST_DECIDED:
        return ""
    reached = auc(judged.label, judged.probability[MODEL], weight)
    least = cautious_figures(judged)["auc"]["value"]
    return (
        f" Only {decided:.0%} of these snapshots are decided, and what is decided first is often "
        f"told apart more easily: its AUC is {_figure(reached)} of them, and {_figure(least)} if "
        "nobody could tell the others of a stage and age apart; expect no more than the first."
    )


def _above(
    judged: Judged, name: str, weight: Floats, rows: Bools | slice = slice(None)
) -> Estimate:
    """The log loss of a baseline minus the model's."""
    return paired_difference(
        "log_loss",
        judged.label[rows],
        judged.probability[name][rows],
        judged.probability[MODEL][rows],
        weight[rows],
        judged.view.snapshots.lead[rows],
    )


def _auc_above_chance(judged: Judged, weight: Floats) -> Estimate:
    flat = np.full(len(weight), CHANCE)
    return paired_difference(
        "auc",
        judged.label,
        judged.probability[MODEL],
        flat,
        weight,
        judged.view.snapshots.lead,
    )


def _is_above(estimate: Estimate) -> bool:
    return estimate["low"] is not None and estimate["low"] > 0


def _no_signal(judged: Judged, weight: Floats, above: Estimate) -> str:
    rate = np.average(judged.label, weights=weight)
    reached = auc(judged.label, judged.probability[MODEL], weight)
    return (
        f"Not worth using: on {_leads(judged):,} later leads the signals rank no better than "
        f"chance (AUC {_figure(reached)}) and say no more than the base rate of {rate:.1%} "
        f"(log loss {_signed(above)}), so the base rate is what is registered."
    )


def _worth_using(judged: Judged, weight: Floats, above: dict[str, Estimate]) -> str:
    gain = above[BASE_RATE]
    used = (
        "Worth using" if _is_above(gain) else "Worth using to rank, not yet for its probabilities"
    )
    return (
        f"{used}: on {_leads(judged):,} later leads, each of their snapshots counting once, its "
        f"log loss is {_signed(gain)} below that of "
        f"the base rate{_beside_the_best(judged, weight, above)}; {_where(judged, weight)}."
    )


def _beside_the_best(judged: Judged, weight: Floats, above: dict[str, Estimate]) -> str:
    """How the model stands to the best of the other baselines."""
    losses = {
        name: log_loss(judged.label, judged.probability[name], weight) or np.inf
        for name in above
        if name != BASE_RATE
    }
    best = min(losses, key=losses.__getitem__)
    difference = above[best]
    shown = f"{best.replace('_', ' ')}, the best of the simple rules ({_signed(difference)})"
    if _is_above(difference):
        return f" and below that of {shown}"
    if difference["high"] is not None and difference["high"] < 0:
        return f", but above that of {shown}"
    return f" and level with that of {shown}"


def _where(judged: Judged, weight: Floats) -> str:
    """The ages at which the model says more than the stage's win rate."""
    spans = {name: rows for name, rows in age_masks(judged.view).items() if _enough(judged, rows)}
    better = [
        name for name, rows in spans.items()
        if _is_above(_above(judged, STAGE_WIN_RATE, weight, rows))
    ]  # fmt: skip
    if not better:
        return "at no age alone is it clearly better than the win rate of the lead's stage"
    if len(better) == len(spans):
        return (
            "it is better than the win rate of the lead's stage at every age of which there are "
            f"{_FEWEST_LEADS} leads"
        )
    return f"it is clearly better than the win rate of the lead's stage at {_listed(better)}"


def _enough(judged: Judged, rows: Bools) -> bool:
    return len(np.unique(judged.view.snapshots.lead[rows])) >= _FEWEST_LEADS


def _leads(judged: Judged) -> int:
    return len(np.unique(judged.view.snapshots.lead))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _signed(estimate: Estimate) -> str:
    value, low, high = (_figure(estimate[end]) for end in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
