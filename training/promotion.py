"""Promotion: whether a challenger replaces the champion, and how it comes to serve."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crm.store import Store
from features.population import population_of
from leads.clock import parse_time
from models.bootstrap import paired_difference
from models.export import copy_verified
from models.scorer import Scorer
from models.verification import verify_in_child
from training.evaluation import MODEL, Judged
from training.registry import artifact_path

# A challenger that is newer may be worse by at most this much log loss, at the 95 % upper end.
TOLERATED_LOG_LOSS = 0.002
FEWEST_LEADS = 100


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, and why, in one sentence."""

    promote: bool
    reason: str


def compare(judged: Judged, champion: Scorer) -> Verdict:
    """Judge the challenger against the champion on snapshots that neither has learned from.

    The challenger's holdout model knows nothing after the holdout's cut; of its snapshots those
    later than the champion's `until` count. Paired over leads.
    """
    until = parse_time(champion.about["until"])
    rows = np.flatnonzero(judged.view.as_of > until)
    lead = judged.view.snapshots.lead[rows]
    n_leads = len(np.unique(lead))
    if n_leads < FEWEST_LEADS:
        return Verdict(
            False,
            f"only {n_leads} decided leads are later than what version {champion.version} learned "
            f"from; {FEWEST_LEADS} are needed to compare, or promote it yourself",
        )
    probability = champion.probabilities(judged.view, population_of(judged.view.timelines))
    difference = paired_difference(
        "log_loss",
        judged.label[rows],
        judged.probability[MODEL][rows],
        probability[rows],
        judged.weight[rows],
        lead,
    )
    upper = difference["high"]
    better = upper is not None and upper < TOLERATED_LOG_LOSS
    return Verdict(
        better,
        f"log loss differs by {_signed(difference['value'])} "
        f"({_signed(difference['low'])} to {_signed(upper)}, 95 %) from version "
        f"{champion.version} on {n_leads} later leads; "
        + ("not worse, and newer" if better else f"the upper end is above {TOLERATED_LOG_LOSS}"),
    )


def promote(
    version: str,
    store: Store,
    models: Path,
    tracking_uri: str,
    progress: Callable[[str], None],
) -> str:
    """Export a registered version, try it in a process of its own, then make it the champion.

    The answer is the hash of its manifest. Killed at any point, the old champion stays. Raises
    `UnknownModelError` or `DamagedArtifactError`.
    """
    progress("exporting the model")
    manifest_hash = copy_verified(artifact_path(tracking_uri, version), models, version)
    progress("trying it in a process of its own")
    verify_in_child(models / version, manifest_hash)
    store.set_champion(version, manifest_hash)
    return manifest_hash


def _signed(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.4f}"
