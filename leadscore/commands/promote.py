"""`leadscore promote`: what a registered model would change, and then that model serves."""

import os
import sys
from typing import Annotated

import typer

from crm.store import Store
from leads.errors import LeadscoreError
from leadscore.impact import Impact, impact_of, show_impact
from leadscore.options import AsJson
from leadscore.scoring import load_scorer, open_now, score_open
from leadscore.settings import Settings, read_settings
from leadscore.terminal import Progress, progress, say, show_json, warn
from models.scorer import Scorer
from training.promotion import Candidate, find_candidate
from training.promotion import promote as promote_candidate
from training.registry import set_champion_alias


def promote(
    version: Annotated[str, typer.Argument(help="A version that `leadscore models` lists.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a registered model would change, make it the champion and score all open leads.

    On a terminal it asks first. Example: leadscore promote 3 --dry-run
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store:
        previous = store.champion()
        before = None if previous is None else previous.version
        with progress("looking at what would change") as step:
            candidate = find_candidate(version, settings.tracking_uri, step)
            impact = preview(candidate, store, settings, step)
        if not as_json and impact is not None:
            show_impact(impact, version, before)
        if not (dry_run or yes or as_json) and sys.stdin.isatty():
            typer.confirm(f"Make version {version} the champion?", abort=True, err=True)
        if not dry_run:
            with progress("promoting") as step:
                make_champion(candidate, store, settings, step)
    if as_json:
        show_json(
            {
                "version": version,
                "manifest_hash": candidate.manifest_hash,
                "previous": before,
                "promoted": not dry_run,
                "impact": None if impact is None else impact.as_record(),
            }
        )
    elif dry_run:
        say(f"Nothing was changed; the champion is {before or 'none'}.")
    else:
        say(f"Version {version} is now the champion; before: {before or 'none'}.")


def preview(
    candidate: Candidate, store: Store, settings: Settings, step: Progress
) -> Impact | None:
    """What the open leads of the store would see of a candidate; None in an empty store."""
    if store.pipelines() is None:
        return None
    step("comparing the scores of open leads")
    return impact_of(open_now(store), candidate.scorer(), _present_scorer(store, settings))


def make_champion(
    candidate: Candidate,
    store: Store,
    settings: Settings,
    step: Progress,
    *,
    rescore: bool = True,
) -> None:
    """Promote a candidate together with its scores of all open leads; MLflow's alias follows."""
    scores = None
    if rescore and store.pipelines() is not None:
        step("scoring open leads")
        scores = score_open(open_now(store), candidate.scorer(), settings.grades, step)
    promote_candidate(candidate, store, settings.models, step, scores)
    follow_in_mlflow(candidate.version, settings)


def promote_and_rescore(
    version: str, store: Store, settings: Settings, step: Progress, *, rescore: bool = True
) -> Impact | None:
    """Promote a version and, unless told otherwise, refresh the current scores; its impact."""
    candidate = find_candidate(version, settings.tracking_uri, step)
    impact = preview(candidate, store, settings, step)
    make_champion(candidate, store, settings, step, rescore=rescore)
    return impact


def follow_in_mlflow(version: str, settings: Settings) -> None:
    """Point MLflow's alias at the champion; it serves nothing, so a failure is only told."""
    try:
        set_champion_alias(settings.tracking_uri, version)
    except LeadscoreError as error:
        warn(f"note: version {version} serves, but MLflow's alias did not follow: {error}")


def _present_scorer(store: Store, settings: Settings) -> Scorer | None:
    """The champion's scorer; None, and why, when its files cannot be used."""
    if store.champion() is None:
        return None
    try:
        return load_scorer(store, settings.models)
    except LeadscoreError as error:
        warn(f"note: the present champion cannot be compared with: {error}")
        return None
