"""`leadscore promote`: a registered model becomes the one that serves."""

import os
from typing import Annotated

import typer

from crm.store import Store
from leadscore.options import AsJson
from leadscore.scoring import load_scorer, refresh_scores
from leadscore.settings import Settings, read_settings
from leadscore.terminal import Progress, progress, say, show_json
from training.promotion import promote as promote_version


def promote(
    version: Annotated[str, typer.Argument(help="A version that `leadscore models` lists.")],
    as_json: AsJson = False,
) -> None:
    """Make a registered model the champion and score all open leads with it.

    Example: leadscore promote 3
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store, progress("promoting") as step:
        previous = store.champion()
        manifest_hash = promote_and_rescore(version, store, settings, step)
    before = None if previous is None else previous.version
    record = {"version": version, "manifest_hash": manifest_hash, "previous": before}
    if as_json:
        show_json(record)
    else:
        say(f"Version {version} is now the champion; before: {before or 'none'}.")


def promote_and_rescore(
    version: str, store: Store, settings: Settings, step: Progress, *, rescore: bool = True
) -> str:
    """Promote a version and, unless told otherwise, refresh the current scores."""
    manifest_hash = promote_version(version, store, settings.models, settings.tracking_uri, step)
    if rescore and store.pipelines() is not None:
        step("scoring open leads")
        refresh_scores(store, load_scorer(store, settings.models), settings.grades, step)
    return manifest_hash
