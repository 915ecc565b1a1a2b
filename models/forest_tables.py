"""The tables of a forest: its trees' leaves in groups, and what each group adds by its answers."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from leads.arrays import Bools, Floats, Int16s, Int32s, Int64s
from models.booster_text import Tree
from models.forest_groups import (
    group_table,
    group_terms,
    leaf_paths,
    mean_value,
    partition,
    path_features,
)

MOST_BYTES = 64 * 2**20
# The bits of a group, and how many more the only leaf of one may have. With 11 the number of an
# entry of a table is below 2**16, as the kernel takes it.
MOST_BITS = 8
_MORE_ALONE = 3

Patterns = NDArray[np.uint16]
Number = TypeVar("Number", bound=np.generic)


class Groups(NamedTuple):
    """Groups of leaves, tree by tree; terms, features and tables of all one after the other.

    A row's pattern in a group begins as `all_bits`; a term whose node is not answered as `wanted`
    leaves only `others` of it. The table is (pattern x feature) of the group's features, flat.
    """

    tree_group: Int64s
    first_term: Int64s
    term_node: Int32s
    term_wanted: Bools
    term_others: Patterns
    first_feature: Int64s
    feature: Int32s
    first_entry: Int64s
    all_bits: Patterns
    table: Floats


class LongPaths(NamedTuple):
    """Leaves with too many features for a table: a bit per feature, and what goes into its value.

    Row n of `points` and `weights` is the Gauss-Legendre rule from 0 to 1 of n points.
    """

    first_term: Int64s
    term_node: Int32s
    term_wanted: Bools
    term_bit: Int16s
    first_feature: Int64s
    feature: Int32s
    follow: Floats
    leaf_value: Floats
    points: Floats
    weights: Floats


@dataclass(frozen=True)
class Tables:
    """What contributions are made of, and the sum of the trees' means."""

    groups: Groups
    long_paths: LongPaths
    base: float
    features_used: Int32s


@dataclass(frozen=True)
class _Paths:
    """A tree with the paths to its leaves; its features are numbered among those used."""

    tree: Tree
    first_node: int
    feature: Int32s
    share: Floats
    leaf: Int64s
    steps: Int32s
    length: Int64s


@dataclass(frozen=True)
class _Piece:
    """Neighbouring leaves of a tree, what they ask for, and the features they are about."""

    paths: _Paths
    first: int
    stop: int
    terms: Int64s
    features: Int32s

    @property
    def bits(self) -> int:
        return int(self.terms[:, 1].max()) + 1

    @property
    def entries(self) -> int:
        """Of its table, if it gets one."""
        return len(self.features) << self.bits


def make_tables(trees: Sequence[Tree], most_bytes: int = MOST_BYTES) -> Tables:
    """The tables of trees of which at least one has a node; at most so many bytes of them.

    Where those of 8 bits would be more, groups have fewer bits, and more leaves have no table.
    """
    used = np.unique(np.concatenate([tree.feature for tree in trees]))
    first_node = _starts([len(tree.feature) for tree in trees])
    paths = [
        _paths(tree, int(first), used)
        for tree, first in zip(trees, first_node[:-1], strict=True)
        if len(tree.feature)
    ]
    means = [mean_value(p.tree.leaf_value, p.leaf, p.steps, p.length, p.share) for p in paths]
    alone = [float(tree.leaf_value[0]) for tree in trees if not len(tree.feature)]
    short, long = _divided(paths, most_bytes)
    rules = _rules((max(p.steps.shape[1] for p in paths) + 1) // 2)
    return Tables(
        groups=_groups(short, first_node, rules),
        long_paths=_long_paths(long, rules),
        base=sum(means) + sum(alone),
        features_used=used.astype(np.int32),
    )


def _divided(paths: Sequence[_Paths], most_bytes: int) -> tuple[list[_Piece], list[_Piece]]:
    """The pieces that get tables of so many bytes at most, and those that do without."""
    for most_bits in range(MOST_BITS, -1 - _MORE_ALONE, -1):
        most_alone = most_bits + _MORE_ALONE
        pieces = [piece for path in paths for piece in _pieces(path, most_bits, most_alone)]
        short = [piece for piece in pieces if piece.bits <= most_alone]
        if 8 * sum(piece.entries for piece in short) <= most_bytes:
            break
    return short, [piece for piece in pieces if piece.bits > most_alone]


def _paths(tree: Tree, first_node: int, used: Int32s) -> _Paths:
    child = np.stack([tree.right, tree.left], axis=1).ravel()
    count = np.where(child < 0, tree.leaf_count[~np.minimum(child, -1)],
                     tree.node_count[np.maximum(child, 0)])  # fmt: skip
    share = count / np.repeat(tree.node_count, 2)
    feature = np.searchsorted(used, tree.feature).astype(np.int32)
    return _Paths(tree, first_node, feature, share, *leaf_paths(tree.left, tree.right))


def _pieces(paths: _Paths, most_bits: int, most_alone: int) -> list[_Piece]:
    about = (paths.steps, paths.length, paths.feature)
    pieces = []
    for first, stop in itertools.pairwise(partition(*about, most_bits, most_alone).tolist()):
        terms = group_terms(*about, first, stop)
        features = np.unique(paths.feature[terms[:, 0] >> 1])
        pieces.append(_Piece(paths, first, stop, terms, features))
    return pieces


def _groups(pieces: Sequence[_Piece], first_node: Int64s, rules: tuple[Floats, Floats]) -> Groups:
    terms = _terms(pieces)
    tables = [
        group_table(
            p.paths.tree.leaf_value, p.paths.leaf, p.paths.steps, p.paths.length, p.paths.feature,
            p.paths.share, p.terms, p.features, p.first, p.stop, *rules,
        ).ravel()
        for p in pieces
    ]  # fmt: skip
    return Groups(
        tree_group=np.searchsorted([p.paths.first_node for p in pieces], first_node),
        first_term=terms.first,
        term_node=terms.node,
        term_wanted=terms.wanted,
        term_others=np.invert(np.left_shift(np.uint16(1), terms.bit.astype(np.uint16))),
        first_feature=_starts([len(p.features) for p in pieces]),
        feature=_joined([p.features for p in pieces], np.int32),
        first_entry=_starts([p.entries for p in pieces]),
        all_bits=np.array([(1 << p.bits) - 1 for p in pieces], np.uint16),
        table=_joined(tables, np.float64),
    )


def _long_paths(pieces: Sequence[_Piece], rules: tuple[Floats, Floats]) -> LongPaths:
    terms = _terms(pieces)
    about = [
        path_features(
            p.paths.steps[p.first, : p.paths.length[p.first]], p.paths.feature, p.paths.share
        )
        for p in pieces
    ]
    values = [p.paths.tree.leaf_value[p.paths.leaf[p.first]] for p in pieces]
    return LongPaths(
        first_term=terms.first,
        term_node=terms.node,
        term_wanted=terms.wanted,
        term_bit=terms.bit,
        first_feature=_starts([len(features) for features, _ in about]),
        feature=_joined([features for features, _ in about], np.int32),
        follow=_joined([follow for _, follow in about], np.float64),
        leaf_value=np.array(values, np.float64),
        points=rules[0],
        weights=rules[1],
    )


@dataclass(frozen=True)
class _Terms:
    """Where each piece's terms begin; their nodes in the forest, the answers wanted, their bits."""

    first: Int64s
    node: Int32s
    wanted: Bools
    bit: Int16s


def _terms(pieces: Sequence[_Piece]) -> _Terms:
    steps = _joined([p.terms[:, 0] + 2 * p.paths.first_node for p in pieces], np.int64)
    bits = _joined([p.terms[:, 1] for p in pieces], np.int16)
    first = _starts([len(p.terms) for p in pieces])
    return _Terms(first, (steps >> 1).astype(np.int32), (steps & 1) == 1, bits)


def _rules(most: int) -> tuple[Floats, Floats]:
    """The Gauss-Legendre rules from 0 to 1 of up to so many points."""
    points, weights = np.zeros((most + 1, most)), np.zeros((most + 1, most))
    for n in range(1, most + 1):
        x, w = np.polynomial.legendre.leggauss(n)
        points[n, :n], weights[n, :n] = (x + 1) / 2, w / 2
    return points, weights


def _starts(sizes: Sequence[int] | Int64s) -> Int64s:
    return np.concatenate([[0], np.cumsum(np.asarray(sizes, np.int64))]).astype(np.int64)


def _joined(parts: Sequence[NDArray[Any]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)
