"""The simulator of a CRM whose true win probabilities are known.

Frozen under `SIMULATOR_VERSION`: the same leads, seed and cut give the same folder.
"""

from crm.simulator.export import write_folder
from crm.simulator.simulated import DEFAULT_END_US, SimulatedCrm, simulate
from crm.simulator.truth import (
    random_snapshots,
    true_horizons_at,
    true_probability,
    true_probability_at,
)
from crm.simulator.world import SIMULATOR_VERSION

__all__ = [
    "DEFAULT_END_US",
    "SIMULATOR_VERSION",
    "SimulatedCrm",
    "random_snapshots",
    "simulate",
    "true_horizons_at",
    "true_probability",
    "true_probability_at",
    "write_folder",
]
