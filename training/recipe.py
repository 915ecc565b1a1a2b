"""The recipe: how a model is fitted, as plain values that are kept with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted: small, strongly regularised trees in a bag of seeds, and a line.

    `rounds` are the numbers of trees to choose from, `usual_rounds` the one that stays unless
    another is surely better. Of `members` there are fewer where they would have more than
    `most_trees` together: these take the 20 microseconds that a row's margin may take. `folds` are
    the shares of leads, in order of creation, between which they are chosen and the calibration is
    cross-fitted: each part is predicted by models that knew only what was known when it began.
    `rows_per_leaf` and `l2` fall with few rows or leads. `linear_share` is the part of the logistic
    regression in the margin, which stays unless one of `other_shares` is surely better, `linear_c`
    its C in scikit-learn's terms. `last_days` and `half_lives_days` are histories to choose from
    beside everything: see `training.history`. `families` switches families of signals on and off:
    see `features.families.switched`.
    """

    learning_rate: float = 0.1
    leaves: int = 6
    rows_per_leaf: int = 300
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.7
    l2: float = 10.0
    max_bin: int = 63
    members: int = 10
    most_trees: int = 1500
    folds: tuple[float, ...] = (0.5, 0.65, 0.8, 1.0)
    rounds: tuple[int, ...] = (25, 50, 100, 150, 200, 300)
    usual_rounds: int = 100
    linear_c: float = 0.1
    linear_share: float = 0.5
    other_shares: tuple[float, ...] = (0.25, 0.75)
    last_days: tuple[float, ...] = (365.0, 180.0)
    half_lives_days: tuple[float, ...] = (365.0, 180.0, 90.0, 45.0)
    families: str = ""

    def members_of(self, rounds: int) -> int:
        """How many members a bag has, of so many trees each."""
        return max(1, min(self.members, self.most_trees // rounds))

    def as_params(self) -> dict[str, str]:
        """What a run logs of it."""
        return {name: str(value) for name, value in asdict(self).items()}

    def as_record(self) -> dict[str, Any]:
        """A plain record, kept with the model so that its recipe can be fitted again."""
        return asdict(self)


def recipe_from_record(record: Mapping[str, Any]) -> Recipe:
    """The recipe of a stored record; settings that this version does not know are left out."""
    values: dict[str, Any] = {
        name: tuple(record[name]) if isinstance(record[name], list) else record[name]
        for name in Recipe.__dataclass_fields__
        if name in record
    }
    return Recipe(**values)
