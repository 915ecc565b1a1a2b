"""Seeded random numbers: one SplitMix64 generator per lead and purpose, in compiled code.

A generator depends on nothing but its keys, so that a lead is the same however many others are
simulated, and whatever the versions of the libraries (Steele, Lea and Flood 2014).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from leads.arrays import Floats, Int64s

Generator = NDArray[np.uint64]

ARRIVAL, HISTORY, SNAPSHOT_AGES, TRUTH = 1, 2, 3, 4

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_UNIT = 1.0 / (1 << 53)


@njit(cache=True)  # pragma: no cover
def _mixed(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@njit(cache=True)  # pragma: no cover
def start(generator: Generator, seed: int, purpose: int, lead: int, moment: int) -> None:
    """Set a generator (one number) to the beginning of the stream of these keys."""
    state = _mixed(np.uint64(seed) + _GAMMA)
    state = _mixed(state + _GAMMA * np.uint64(purpose))
    state = _mixed(state + _GAMMA * np.uint64(lead + 1))
    generator[0] = _mixed(state + _GAMMA * np.uint64(moment))


@njit(cache=True)  # pragma: no cover
def uniform(generator: Generator) -> float:
    """The next number from 0 to below 1."""
    generator[0] += _GAMMA
    return float(_mixed(generator[0]) >> np.uint64(11)) * _UNIT


@njit(cache=True)  # pragma: no cover
def exponential(generator: Generator) -> float:
    """The next waiting time with mean 1."""
    return float(-np.log(1.0 - uniform(generator)))


@njit(cache=True)  # pragma: no cover
def uniforms(seed: int, purpose: int, leads: Int64s, count: int) -> Floats:
    """`count` numbers from 0 to below 1 for each lead, one row per lead."""
    generator = np.zeros(1, np.uint64)
    drawn = np.empty((len(leads), count))
    for row in range(len(leads)):
        start(generator, seed, purpose, leads[row], 0)
        for column in range(count):
            drawn[row, column] = uniform(generator)
    return drawn
