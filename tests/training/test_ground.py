"""What a choice is made on: all rows, or whole leads of very many."""

import numpy as np

from features.plan import SignalPlan
from training import ground as grounds
from training.folds import Fold
from training.forward import Material
from training.ground import ground_of


def material_of(leads: int, rows_each: int) -> Material:
    lead = np.repeat(np.arange(leads) * 3, rows_each)
    return Material(SignalPlan(()), np.arange(len(lead))[:, None] * 1.0, lead, lead + 1)


def test_few_rows_are_all_chosen_on():
    material = material_of(10, 4)
    fold = Fold(20, np.zeros(40), np.arange(30, 40))

    ground = ground_of(material, np.zeros(40), [fold])

    assert ground.material is material
    assert ground.folds == (fold,)


def test_of_very_many_rows_every_so_many_leads_are_taken_whole(monkeypatch):
    monkeypatch.setattr(grounds, "MOST_ROWS", 30)
    material = material_of(20, 4)
    target = np.arange(80) / 80
    learned = np.where(np.arange(80) < 40, target, np.nan)

    ground = ground_of(material, target, [Fold(20, learned, np.arange(50, 80))])

    assert len(ground.target) == 28
    assert set(np.unique(ground.material.lead, return_counts=True)[1]) == {4}
    (fold,) = ground.folds
    kept = ground.material.matrix[:, 0]
    assert (ground.target == kept / 80).all()
    assert np.array_equal(fold.target, learned[kept.astype(int)], equal_nan=True)
    assert (kept[fold.test] >= 50).all()
    assert len(fold.test) == (kept >= 50).sum()
    assert (ground.lead == ground.material.lead[fold.test]).all()
