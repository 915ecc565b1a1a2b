"""When a registered model becomes the champion: always, never, or if it is better."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crm.store import Champion, Store
from leads.errors import LeadscoreError
from leads.timeline import Timelines
from leadscore.commands.promote import promote_and_rescore
from leadscore.impact import Impact, show_impact
from leadscore.settings import Settings
from leadscore.sources import Records
from leadscore.terminal import Progress
from models.artifact import read_artifact
from training.challenger import Contest, judge_challenger
from training.comparison import Verdict
from training.registry import artifact_path


class Promote(StrEnum):
    """When the trained model becomes the champion."""

    NEVER = "never"
    IF_BETTER = "if-better"
    ALWAYS = "always"


@dataclass(frozen=True)
class Asked:
    """What `train` was asked for, and where: records, the moment, and when to promote.

    Without `rescore` the current scores of the store stay.
    """

    records: Records
    until: int
    promote: Promote
    rescore: bool
    store: Store
    settings: Settings
    step: Progress


@dataclass(frozen=True)
class New:
    """A registered version, and the records to judge it on."""

    version: str
    manifest_hash: str
    timelines: Timelines


@dataclass(frozen=True)
class Told:
    """What a command says: one object for machines, and lines for people."""

    record: dict[str, Any]
    show: Callable[[], None]


@dataclass(frozen=True)
class Settled:
    """Whether a new version was promoted, the champion before, and what changed for open leads."""

    verdict: Verdict
    before: Champion | None
    impact: Impact | None

    def as_record(self) -> dict[str, Any]:
        """What `train --json` says of it."""
        return {
            "promoted": self.verdict.promote,
            "reason": self.verdict.reason,
            "impact": None if self.impact is None else self.impact.as_record(),
        }

    def show(self, version: str) -> None:
        """What changed for open leads, where there was a champion before."""
        if self.impact is not None and self.before is not None:
            show_impact(self.impact, version, self.before.version)


def settle(new: New, asked: Asked) -> Settled:
    """Promote a new version, or leave the champion where it is."""
    store, settings, step = asked.store, asked.settings, asked.step
    verdict = _decide(new, asked.promote, store, settings, step)
    before, impact = store.champion(), None
    if verdict.promote:
        impact = promote_and_rescore(new.version, store, settings, step, rescore=asked.rescore)
    return Settled(verdict, before, impact)


def _decide(
    new: New, promote: Promote, store: Store, settings: Settings, step: Progress
) -> Verdict:
    if promote is Promote.NEVER:
        return Verdict(False, "not asked for (--promote never)")
    if promote is Promote.ALWAYS:
        return Verdict(True, "asked for (--promote always)")
    champion = store.champion()
    if champion is None:
        return Verdict(True, "the first model")
    folder = artifact_path(settings.tracking_uri, new.version)
    challenger = read_artifact(folder, new.manifest_hash)
    try:
        present = read_artifact(settings.models / champion.version, champion.manifest_hash)
        contest = Contest(challenger, present, champion.version, new.timelines)
        return judge_challenger(contest, lambda told: step(f"comparing with the champion: {told}"))
    except LeadscoreError as error:
        return Verdict(
            False,
            f"the champion cannot be compared: {error}; to replace it all the same: leadscore "
            f"promote {new.version}",
        )
