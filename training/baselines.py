"""Baselines: what a model must beat to be worth using, fitted on the same signals and leads."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from features.attributes import MOST_LEVELS
from features.plan import SignalPlan
from leads.arrays import Floats, Int8s, Int64s

BASELINES = ("base_rate", "stage_win_rate", "naive_bayes", "logistic_regression")

_BINS = 10
_STAGE = "stage"


class QuantileBins(BaseEstimator):  # type: ignore[misc]
    """Few distinct values as they are, many cut at their deciles; 0 is missing."""

    def fit(self, X: Floats, y: Int8s | None = None) -> "QuantileBins":
        """Learn the upper edges of each column's bins."""
        self.edges_ = [_edges(column[~np.isnan(column)]) for column in X.T]
        return self

    def transform(self, X: Floats) -> Int64s:
        """The bin of each value, 0 for missing."""
        bins = [
            np.where(np.isnan(column), 0, 1 + np.searchsorted(edges, column, "right"))
            for column, edges in zip(X.T, self.edges_, strict=True)
        ]
        return np.stack(bins, axis=1)


def _edges(values: Floats) -> Floats:
    distinct = np.unique(values)
    if len(distinct) <= MOST_LEVELS:
        return distinct[1:]
    return np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))


class PresentColumns(BaseEstimator):  # type: ignore[misc]
    """Leaves out columns without any value, which an imputer cannot fill."""

    def fit(self, X: Floats, y: Int8s | None = None) -> "PresentColumns":
        """Learn which columns have a value."""
        self.present_ = np.flatnonzero(~np.isnan(X).all(axis=0))
        return self

    def transform(self, X: Floats) -> Floats:
        """The columns that had a value when fitted."""
        return X[:, self.present_]


class StageRate(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The share won of each stage; an unseen stage has the share of all."""

    def __init__(self, stage_column: int) -> None:
        self.stage_column = stage_column

    def fit(self, X: Floats, y: Int8s, sample_weight: Floats) -> "StageRate":
        """Learn each stage's share, smoothed by one lead at the share of all."""
        self.overall_ = float(np.average(y, weights=sample_weight))
        stage = X[:, self.stage_column].astype(np.int64)
        weight = np.bincount(stage, sample_weight)
        won = np.bincount(stage, sample_weight * y)
        self.rate_ = (won + self.overall_) / (weight + 1.0)
        return self

    def predict_proba(self, X: Floats) -> Floats:
        """Columns not won, won."""
        stage = X[:, self.stage_column].astype(np.int64)
        seen = stage < len(self.rate_)
        won = np.where(seen, self.rate_[np.where(seen, stage, 0)], self.overall_)
        return np.stack([1 - won, won], axis=1)


def fitted_baselines(plan: SignalPlan, X: Floats, target: Floats, weight: Floats) -> dict[str, Any]:
    """The four baselines by name, each with `predict_proba`; the second column is winning.

    A target between 0 and 1 is learned as a win and as none, each with its share of the weight.
    """
    wins, others = np.flatnonzero(target > 0), np.flatnonzero(target < 1)
    X = np.concatenate([X[wins], X[others]])
    y = np.repeat(np.array([1, 0], np.int8), [len(wins), len(others)])
    weight = np.concatenate([(weight * target)[wins], (weight * (1 - target))[others]])
    stage = [column.name for column in plan.columns].index(_STAGE)
    estimators: dict[str, tuple[Any, dict[str, Floats]]] = {
        "base_rate": (DummyClassifier(strategy="prior"), {"sample_weight": weight}),
        "stage_win_rate": (StageRate(stage), {"sample_weight": weight}),
        "naive_bayes": (
            make_pipeline(
                ColumnTransformer([("bins", QuantileBins(), _fields(plan))]),
                CategoricalNB(min_categories=MOST_LEVELS + 2),
            ),
            {"categoricalnb__sample_weight": weight},
        ),
        "logistic_regression": (
            _logistic_regression(plan),
            {"logisticregression__sample_weight": weight},
        ),
    }
    return {name: model.fit(X, y, **extra) for name, (model, extra) in estimators.items()}


def _fields(plan: SignalPlan) -> list[int]:
    """What CRMs give to naive Bayes: the stage and the lead's own fields.

    On all signals, which tell the same thing many times, its log loss is ten times that of the
    base rate.
    """
    names = [column.name for column in plan.columns]
    return [p for p, n in enumerate(names) if n == _STAGE or n.startswith("attribute_")]


def _logistic_regression(plan: SignalPlan) -> Pipeline:
    categorical = list(plan.categorical)
    numeric = [place for place in range(len(plan.columns)) if place not in set(categorical)]
    numbers = make_pipeline(
        PresentColumns(),
        FunctionTransformer(_compressed),
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
    )
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1, keep_empty_features=True),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return make_pipeline(
        ColumnTransformer([("numbers", numbers, numeric), ("words", words, categorical)]),
        LogisticRegression(C=0.1, max_iter=2000),
    )


def _compressed(X: Floats) -> Floats:
    """Signed log1p: counts and amounts have long tails."""
    return np.asarray(np.sign(X) * np.log1p(np.abs(X)), np.float64)
