"""The margin: a bag of trees and a line, mixed on the log-odds, and what each column adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leads.arrays import Floats
from leads.errors import DamagedArtifactError
from models.forest import Forest, grow_forest
from models.linear import Linear, linear_from_record

# In the record of a line: its share of the margin.
SHARE = "share"


@dataclass(frozen=True)
class Margin:
    """`1 - linear_share` times the mean of the bag plus `linear_share` times the line.

    Either may be missing; without both the margin is 0.
    """

    forest: Forest
    linear: Linear | None
    linear_share: float

    @property
    def is_empty(self) -> bool:
        """Whether every row gets the same."""
        return not self.forest.n_members and self.linear is None

    @property
    def base(self) -> float:
        """The margin of a row to which no column adds anything."""
        line = 0.0 if self.linear is None else self.linear.intercept
        return (1 - self.linear_share) * self.forest.base + self.linear_share * line

    def of(self, matrix: Floats) -> Floats:
        """The margin of each row."""
        members = self.forest.margins(matrix)
        bag = np.zeros(len(matrix))
        # In the bag's order: a mean over the axis would add in another one for many members.
        for member in members.T:
            bag = bag + member
        return mixed(bag / max(members.shape[1], 1), self._line(matrix), self.linear_share)

    def of_members(self, matrix: Floats) -> Floats:
        """(row x member) the margins with each member of the bag alone in the bag's place."""
        return mixed(self.forest.margins(matrix), self._line(matrix)[:, None], self.linear_share)

    def contributions(self, matrix: Floats) -> Floats:
        """(row x column) what each column adds to the margin, beside the base."""
        contributions = (1 - self.linear_share) * self.forest.contributions(matrix)
        if self.linear is not None:
            contributions += self.linear_share * self.linear.contributions(matrix)
        return contributions

    def _line(self, matrix: Floats) -> Floats:
        return np.zeros(len(matrix)) if self.linear is None else self.linear.margins(matrix)


def mixed(bag: Floats, line: Floats, linear_share: float) -> Floats:
    """The margins of a bag and of a line, mixed."""
    return (1 - linear_share) * bag + linear_share * line


def margin_of(
    texts: Sequence[str], line: Mapping[str, Any], n_columns: int, *, threads: int = 1
) -> Margin:
    """The margin of the texts of a bag and the record of a line with its share; empty for none.

    Raises `DamagedArtifactError` for parts that take rows of another width.
    """
    forest = grow_forest(texts, n_columns, threads=threads)
    if not line:
        return Margin(forest, None, 0.0)
    linear = linear_from_record(line)
    share = line.get(SHARE)
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        raise DamagedArtifactError(
            f"the line has a share of {share!r} in the margin instead of one from 0 to 1; "
            "train again or promote another version"
        )
    if linear.n_columns != n_columns:
        raise DamagedArtifactError(
            f"the model lists {n_columns} signals, its line takes {linear.n_columns}; "
            "train again or promote another version"
        )
    # Not at the first score: what is compiled when a model is trained or promoted is kept.
    linear.margins(np.full((1, n_columns), np.nan))
    return Margin(forest, linear, float(share))
