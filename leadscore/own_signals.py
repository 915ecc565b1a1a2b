"""A data team's own signals: read from the file that the settings name, tried before training."""

from collections.abc import Mapping
from pathlib import Path

from features.families import FAMILIES, use_own_family
from features.own_laws import LAWS, check_own_laws
from features.own_signals import OwnSignals, read_own_signals
from features.plan import learn_plan
from leads.errors import SettingsError
from leads.timeline import Timelines

VARIABLE = "LEADSCORE_SIGNALS"


def use_own_signals(environment: Mapping[str, str]) -> None:
    """Have this process know the signals of LEADSCORE_SIGNALS. Raises `SettingsError`."""
    use_own_family(_read(environment).family)


def check_own_signals(environment: Mapping[str, str], timelines: Timelines) -> OwnSignals:
    """Try every law on the signals of LEADSCORE_SIGNALS, over these leads, beside all families.

    Raises `SettingsError` that names the signal and the law it breaks.
    """
    own = _read(environment)
    check_own_laws(own, timelines, learn_plan(timelines, FAMILIES))
    return own


def laws() -> tuple[str, ...]:
    """The names of the laws."""
    return ("columns named", *LAWS)


def _read(environment: Mapping[str, str]) -> OwnSignals:
    path = environment.get(VARIABLE)
    if not path:
        raise SettingsError(f"{VARIABLE} is not set; set it to the file of your own signals")
    return read_own_signals(Path(path))
