"""`leadscore signals`: your own signals, held to the laws of signals."""

import os

from crm.store import Store
from leads.clock import now_us
from leads.view import known_by
from leadscore.options import AsJson, DataFolder, MappingFile, Timezone
from leadscore.own_signals import check_own_signals, laws
from leadscore.settings import read_settings
from leadscore.sources import read_records
from leadscore.terminal import progress, say, show_json


def signals(
    data: DataFolder = None,
    mapping: MappingFile = None,
    timezone: Timezone = None,
    as_json: AsJson = False,
) -> None:
    """Try every law of signals on those of LEADSCORE_SIGNALS, over your own leads.

    `train` does the same before it learns. Example: LEADSCORE_SIGNALS=own.py leadscore signals
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store, progress("trying the laws") as step:
        records = read_records(store, settings, data, timezone, None, None, step, mapping)
        own = check_own_signals(os.environ, known_by(records.timelines, now_us()))
    names = [one.column.name for one in own.signals]
    if as_json:
        show_json({"sha256": own.sha256, "signals": names, "laws": list(laws())})
        return
    say(f"{own.path}: {', '.join(names)}", f"Keeps all {len(laws())} laws: {', '.join(laws())}.")
