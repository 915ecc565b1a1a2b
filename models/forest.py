"""The bag's trees merged into one forest of flat arrays, which our own compiled kernels walk.

Margins are LightGBM's to the last bit. Contributions are exact path-dependent TreeSHAP, as its
`pred_contrib` gives them, many times as fast: most is looked up in tables made here
(`models.forest_groups`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.arrays import Floats, Int32s
from leads.errors import DamagedArtifactError
from models.booster_text import REMEDY, read_trees
from models.forest_kernel import add_contributions, add_margins
from models.forest_nodes import Nodes, merge_nodes
from models.forest_tables import Tables, make_tables

FEWEST_ROWS_OF_A_THREAD = 1_000


@dataclass(frozen=True)
class Forest:
    """A bag of models over the same features; `base` is the mean of a row without contributions.

    `base` goes by counts of rows, as LightGBM's does.
    """

    n_features: int
    n_members: int
    base: float
    _nodes: Nodes
    _member: Int32s
    _tables: Tables | None
    _threads: int

    def margins(self, rows: Floats) -> Floats:
        """(row x member) the raw score by each member; NaN is a missing value."""
        rows = self._checked(rows)
        margins = np.zeros((len(rows), self.n_members))
        nodes = self._nodes
        trees = (nodes.child, nodes.leaf_value, nodes.root, self._member)
        self._in_parts(
            lambda part: add_margins(rows[part], self._asked, trees, margins[part]), len(rows)
        )
        return margins

    def contributions(self, rows: Floats) -> Floats:
        """(row x feature) what each feature adds to the mean of the members' margins."""
        rows = self._checked(rows)
        contributions = np.zeros((len(rows), self.n_features))
        tables = self._tables
        if tables is None:
            return contributions
        sums = np.zeros((len(rows), len(tables.features_used)))
        groups, long_paths = tuple(tables.groups), tuple(tables.long_paths)
        self._in_parts(
            lambda part: add_contributions(rows[part], self._asked, groups, long_paths, sums[part]),
            len(rows),
        )
        contributions[:, tables.features_used] = sums / self.n_members
        return contributions

    def _in_parts(self, work: Callable[[slice], None], rows: int) -> None:
        """Do the work on one part of the rows per thread; the kernels run without Python's lock."""
        if self._threads == 1 or rows < FEWEST_ROWS_OF_A_THREAD:
            work(slice(0, rows))
            return
        share = -(-rows // self._threads)
        with ThreadPoolExecutor(self._threads) as threads:
            for _ in threads.map(work, (slice(at, at + share) for at in range(0, rows, share))):
                pass

    @property
    def table_bytes(self) -> int:
        """The size of the tables."""
        return 0 if self._tables is None else self._tables.groups.table.nbytes

    @property
    def _asked(self) -> tuple[NDArray[Any], ...]:
        """What the kernels ask of a row, as they unpack it."""
        nodes = self._nodes
        return (nodes.slot_feature, nodes.slot_kind, nodes.slot, nodes.threshold,
                nodes.set_begin, nodes.in_set, nodes.with_set, nodes.first_node)  # fmt: skip

    def _checked(self, rows: Floats) -> Floats:
        rows = np.ascontiguousarray(rows, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise DamagedArtifactError(
                f"the model takes rows of {self.n_features} signals, not of shape {rows.shape}; "
                f"its list of signals does not match its trees: {REMEDY}"
            )
        return rows


def grow_forest(texts: Sequence[str], n_features: int, *, threads: int = 1) -> Forest:
    """The forest of some boosters' texts, its kernels compiled or loaded.

    Raises `DamagedArtifactError` for a text that is not whole or takes rows of another width.
    """
    members = [read_trees(text) for text in texts]
    for member in members:
        if member.n_features != n_features:
            raise DamagedArtifactError(
                f"the model lists {n_features} signals, its trees take {member.n_features}; "
                f"{REMEDY}"
            )
    trees = [tree for member in members for tree in member.trees]
    tables = make_tables(trees) if any(len(tree.feature) for tree in trees) else None
    total = sum(float(tree.leaf_value[0]) for tree in trees) if tables is None else tables.base
    sizes = [len(member.trees) for member in members]
    forest = Forest(
        n_features=n_features,
        n_members=len(members),
        base=total / max(len(members), 1),
        _nodes=merge_nodes(trees),
        _member=np.repeat(np.arange(len(members)), sizes).astype(np.int32),
        _tables=tables,
        _threads=threads,
    )
    # Not at the first score: what is compiled when a model is trained or promoted is kept.
    nothing_known = np.full((1, n_features), np.nan)
    forest.margins(nothing_known)
    forest.contributions(nothing_known)
    return forest
