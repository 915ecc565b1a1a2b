"""The signals that the settings choose: families on and off, and a data team's own ones."""

from collections.abc import Mapping
from pathlib import Path

from features.families import families_in_use, own_family, switched, use_families, use_own_family
from features.own_laws import LAWS, check_own_laws
from features.own_signals import OwnSignals, read_own_signals
from features.plan import learn_plan
from features.signal import Family
from leads.errors import SettingsError
from leads.timeline import Timelines

VARIABLE, SWITCHES = "LEADSCORE_SIGNALS", "LEADSCORE_FAMILIES"


def use_signals(environment: Mapping[str, str]) -> None:
    """Have this process learn from the families of LEADSCORE_FAMILIES and know LEADSCORE_SIGNALS.

    Raises `SettingsError`.
    """
    use_families(switched(environment.get(SWITCHES, "")))
    if environment.get(VARIABLE):
        use_own_family(_read(environment).family)


def check_own_signals(environment: Mapping[str, str], timelines: Timelines) -> OwnSignals:
    """Try every law on the signals of LEADSCORE_SIGNALS, over these leads.

    Raises `SettingsError` that names the signal and the law it breaks.
    """
    own = _read(environment)
    check_own_laws(own, timelines, learn_plan(timelines, _others()))
    return own


def laws() -> tuple[str, ...]:
    """The names of the laws."""
    return ("columns named", *LAWS)


def _read(environment: Mapping[str, str]) -> OwnSignals:
    path = environment.get(VARIABLE)
    if not path:
        raise SettingsError(f"{VARIABLE} is not set; set it to the file of your own signals")
    return read_own_signals(Path(path))


def _others() -> tuple[Family, ...]:
    own = own_family()
    return tuple(one for one in families_in_use().always if one is not own)
