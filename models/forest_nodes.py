"""The nodes of many trees as flat arrays, with every kind of split asked in one of two ways."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from leads.arrays import Bools, Floats, Int32s, Int64s
from models.booster_text import Tree
from models.forest_kernel import (
    CATEGORY,
    NAN_IS_ZERO,
    NAN_LEFT,
    NAN_RIGHT,
    ZERO_LEFT,
    ZERO_RIGHT,
)

# By how a missing value is told (not at all, as zero, as NaN) and whether it goes left.
_KINDS = np.array([[NAN_IS_ZERO, NAN_IS_ZERO], [ZERO_RIGHT, ZERO_LEFT], [NAN_RIGHT, NAN_LEFT]])
_WORD_BITS = 32

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Nodes:
    """The inner nodes of all trees, one after the other, and their leaves likewise.

    A slot is a feature and what is done with its missing values; a node compares the value in its
    `slot` with its `threshold`, or looks it up in its set: `in_set` from `set_begin` on holds 1 for
    the categories that go left, `threshold` is how many it has, `with_set` lists these nodes.
    `child[2 * node + 1]` is the left one, a leaf is `~number`; so is the root of a tree that is a
    single leaf.
    """

    slot_feature: Int32s
    slot_kind: Int32s
    slot: Int32s
    threshold: Floats
    set_begin: Int32s
    in_set: Bools
    with_set: Int32s
    child: Int32s
    leaf_value: Floats
    root: Int32s
    first_node: Int64s


def merge_nodes(trees: Sequence[Tree]) -> Nodes:
    """The nodes of some trees, in order."""
    first_node = _starts([len(tree.feature) for tree in trees])
    first_leaf = _starts([len(tree.leaf_value) for tree in trees])
    decision = _joined([tree.decision for tree in trees], np.int32)
    feature = _joined([tree.feature for tree in trees], np.int32)
    categorical = (decision & 1) == 1
    kind = np.where(categorical, CATEGORY, _KINDS[decision >> 2, (decision >> 1) & 1])
    slots, slot = np.unique(feature.astype(np.int64) * len(_KINDS) * 2 + kind, return_inverse=True)
    threshold = _joined([tree.threshold for tree in trees], np.float64)
    sets = [_sets(tree) for tree in trees]
    set_begin = np.full(len(feature), -1, np.int32)
    set_sizes = [len(members) for members in itertools.chain(*sets)]
    set_begin[categorical] = _starts(set_sizes)[:-1]
    threshold[categorical] = np.array(set_sizes, np.float64) - 1
    child = [
        _numbered(np.stack([tree.right, tree.left], axis=1).ravel(), node, leaf)
        for tree, node, leaf in zip(trees, first_node[:-1], first_leaf[:-1], strict=True)
    ]
    return Nodes(
        slot_feature=(slots // (len(_KINDS) * 2)).astype(np.int32),
        slot_kind=(slots % (len(_KINDS) * 2)).astype(np.int32),
        slot=slot.astype(np.int32),
        threshold=threshold,
        set_begin=set_begin,
        in_set=_joined(list(itertools.chain(*sets)), np.bool_),
        with_set=np.flatnonzero(categorical).astype(np.int32),
        child=_joined(child, np.int32),
        leaf_value=_joined([tree.leaf_value for tree in trees], np.float64),
        root=np.where(np.diff(first_node) > 0, first_node[:-1], ~first_leaf[:-1]).astype(np.int32),
        first_node=first_node,
    )


def _sets(tree: Tree) -> list[Bools]:
    """Which categories go left at each categorical node, and one more, which does not."""
    found = []
    for place in tree.threshold[(tree.decision & 1) == 1].astype(np.int64):
        words = tree.words[tree.boundaries[place] : tree.boundaries[place + 1]]
        members = (words[:, None] >> np.arange(_WORD_BITS)) & 1
        found.append(np.append(members.ravel() == 1, False))
    return found


def _numbered(children: Int32s, first_node: int, first_leaf: int) -> Int32s:
    """Children numbered in the forest instead of in their tree."""
    return np.where(children >= 0, children + first_node, children - first_leaf).astype(np.int32)


def _starts(sizes: Sequence[int]) -> Int64s:
    return np.concatenate([[0], np.cumsum(np.array(sizes, np.int64))]).astype(np.int64)


def _joined(parts: Sequence[NDArray[Any]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)
