"""Vocabularies: the levels that a category tells apart, those seen too rarely, and all others.

A level is a kind, a result or the value of a category. Its code is its place among the listed
levels, `rare_code` when it was seen in training but in too few leads to be listed, and
`unseen_code` when it was not seen at all. Rare levels are kept as fingerprints: a level that one
lead has may be a person's name, which has no place in a model.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numba import njit

from features.naming import most_common
from leads.arrays import Int32s, Int64s
from leads.timeline import Timelines

AT_LEAST_LEADS = 20
MOST_RARE = 10_000

# `levels`: the listed ones, most frequent first; `rare`: sorted fingerprints of the others.
Vocabulary = dict[str, list[str]]


def rare_code(levels: int) -> int:
    """The code of a level seen too rarely in training, given how many are listed."""
    return levels


def unseen_code(levels: int) -> int:
    """The code of a level never seen in training, given how many are listed."""
    return levels + 1


def learn_vocabulary(
    lead: Int64s, codes: Int32s, texts: tuple[str, ...], at_most: int
) -> Vocabulary:
    """The vocabulary of a column of codes into `texts`; events of one lead stand together.

    The levels that 20 leads have are listed; of more than 10,000 rare ones those that most leads
    have are known as rare.
    """
    counts = leads_with(lead, codes, len(texts))
    named = [(texts[code], int(counts[code])) for code in np.flatnonzero(counts)]
    levels = most_common(named, AT_LEAST_LEADS, at_most)
    listed = set(levels)
    others = [(text, count) for text, count in named if text not in listed]
    rare = most_common(others, 1, MOST_RARE)
    return {"levels": list(levels), "rare": sorted(fingerprint(text) for text in rare)}


def level_codes(texts: tuple[str, ...], vocabulary: Vocabulary | dict[str, Any]) -> Int64s:
    """The code of each text, and behind them -1, so that a missing one (-1) has the code -1."""
    levels, rare = vocabulary["levels"], vocabulary["rare"]
    code_of = {level: code for code, level in enumerate(levels)}
    rare_or_unseen = (unseen_code(len(levels)), rare_code(len(levels)))
    codes = [
        code_of[text] if text in code_of else rare_or_unseen[_holds(rare, text)] for text in texts
    ]
    return np.array([*codes, -1], np.int64)


def _holds(rare: Sequence[str], text: str) -> bool:
    """Whether sorted fingerprints hold a text's; a set would take longer to make for one lead."""
    if not rare:
        return False
    wanted = fingerprint(text)
    place = bisect_left(rare, wanted)
    return place < len(rare) and rare[place] == wanted


@lru_cache(maxsize=1 << 17)
def fingerprint(text: str) -> str:
    """Twelve hexadecimal digits of a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def leads_of_events(timelines: Timelines) -> Int64s:
    """The row of each event's lead."""
    return np.repeat(np.arange(len(timelines)), np.diff(timelines.start))


def enough_leads(lead: Int64s) -> bool:
    """Whether these events, of one lead standing together, are of at least 20 leads."""
    return 1 + int(np.count_nonzero(np.diff(lead))) >= AT_LEAST_LEADS


@njit(cache=True, nogil=True)  # pragma: no cover
def leads_with(lead: Int64s, codes: Int32s, n_codes: int) -> Int64s:
    """In how many leads each code occurs; events of one lead stand together, -1 is no code."""
    counts = np.zeros(n_codes, np.int64)
    last = np.full(n_codes, -1, np.int64)
    for event in range(len(lead)):
        code = codes[event]
        if code >= 0 and last[code] != lead[event]:
            last[code] = lead[event]
            counts[code] += 1
    return counts
