"""Promotion: how a registered version comes to serve, and how the one before it comes back.

The champion is a row of the store, and changes with the current scores in one commit: whoever is
killed on the way leaves the old champion with its scores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crm.current_scores import CurrentScore
from crm.store import Champion, Store
from leads.errors import DamagedArtifactError, InvalidInputError, LeadscoreError
from models.artifact import MANIFEST, read_artifact, sha256, verified_contents
from models.export import copy_verified
from models.scorer import Scorer
from models.verification import verify_in_child
from training.registry import artifact_path


@dataclass(frozen=True)
class Candidate:
    """A registered version whose files are whole and which scored in a process of its own."""

    version: str
    folder: Path
    manifest_hash: str

    def scorer(self) -> Scorer:
        """A scorer of these very files."""
        return Scorer(read_artifact(self.folder, self.manifest_hash), self.version)


def find_candidate(version: str, tracking_uri: str, progress: Callable[[str], None]) -> Candidate:
    """Find a registered version and try it in a process of its own; changes nothing.

    Raises `UnknownModelError` or `DamagedArtifactError`.
    """
    progress("finding the model")
    folder = artifact_path(tracking_uri, version)
    manifest_hash = sha256(verified_contents(folder)[MANIFEST])
    progress("trying it in a process of its own")
    verify_in_child(folder, manifest_hash)
    return Candidate(version, folder, manifest_hash)


def promote(
    candidate: Candidate,
    store: Store,
    models: Path,
    progress: Callable[[str], None],
    scores: Sequence[CurrentScore] | None = None,
) -> None:
    """Export a candidate and make it the champion, with its current scores if they are given.

    Raises `DamagedArtifactError` when its files have changed since it was tried.
    """
    progress("exporting the model")
    copy_verified(candidate.folder, models, candidate.version, candidate.manifest_hash)
    progress("making it the champion")
    store.set_champion(candidate.version, candidate.manifest_hash, scores)


def former_champion(store: Store, models: Path, tracking_uri: str) -> tuple[Champion, Scorer]:
    """The champion that a rollback brings back, and its scorer; changes no champion.

    A folder that is gone or damaged is taken from MLflow again, if that still has the same bytes.
    Raises `InvalidInputError` when there is none to go back to, `DamagedArtifactError` when it
    cannot be had.
    """
    history = store.champions()
    if len(history) < 2:
        raise InvalidInputError(
            "there is no champion to go back to: "
            + (
                f"there was none before version {history[0].version}"
                if history
                else "none was promoted yet"
            )
            + "; `leadscore models` lists what can be promoted"
        )
    former = history[1]
    folder = models / former.version
    try:
        artifact = read_artifact(folder, former.manifest_hash)
    except DamagedArtifactError as damage:
        _export_again(former, models, tracking_uri, damage)
        artifact = read_artifact(folder, former.manifest_hash)
    return former, Scorer(artifact, former.version)


def _export_again(
    former: Champion, models: Path, tracking_uri: str, damage: DamagedArtifactError
) -> None:
    try:
        source = artifact_path(tracking_uri, former.version)
        copy_verified(source, models, former.version, former.manifest_hash)
    except LeadscoreError as error:
        raise DamagedArtifactError(
            f"version {former.version} cannot come back: {damage}; nor from MLflow: {error}"
        ) from error
