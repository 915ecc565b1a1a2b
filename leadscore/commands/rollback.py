"""`leadscore rollback`: the champion before serves again."""

import os

from crm.store import Store
from leadscore.commands.promote import follow_in_mlflow
from leadscore.options import AsJson
from leadscore.scoring import open_now, score_open
from leadscore.settings import read_settings
from leadscore.terminal import progress, say, show_json
from training.promotion import former_champion


def rollback(as_json: AsJson = False) -> None:
    """Bring the champion before back, byte for byte, and score all open leads with it.

    Again goes one further back; to return to what was left, promote it.
    Example: leadscore rollback
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store, progress("rolling back") as step:
        left = store.champion()
        step("checking the champion before")
        former, scorer = former_champion(store, settings.models, settings.tracking_uri)
        scores = None
        if store.pipelines() is not None:
            step("scoring open leads")
            scores = score_open(open_now(store), scorer, settings.grades, step)
        store.roll_back(former, scores)
        follow_in_mlflow(former.version, settings)
    left_version = None if left is None else left.version
    if as_json:
        show_json(
            {
                "version": former.version,
                "manifest_hash": former.manifest_hash,
                "previous": left_version,
            }
        )
    else:
        say(f"Version {former.version} is the champion again; before: {left_version}.")
