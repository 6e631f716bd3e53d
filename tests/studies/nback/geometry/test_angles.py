"""Orthogonalisation of a space: its halves, its features, components that are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridrep.studies.nback.geometry.angles import Settings, angles, angles_by_unit, halves
from hybridrep.studies.nback.names import FEATURES
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

STIMULI = StimulusSet.of(
    ["a", "b", "c", "d"], [f"{k}{n}" for k in "abcd" for n in (1, 2)], [0, 0, 1, 1, 2, 2, 3, 3],
    [6] * 8,
)  # fmt: skip


def found(scaling: str = "global", penalties: tuple[float, ...] = (0.01,), **changed):
    """Angles of a space in which places and objects are simplexes on axes of their own."""
    rng = np.random.default_rng(0)
    place, thing = rng.normal(size=(4, 60)), rng.normal(size=(8, 60))
    states = place[STIMULI.location] + thing[STIMULI.identity]
    states += 0.3 * rng.normal(size=states.shape)
    states *= changed.get("units", np.ones(60))
    settings = Settings(200, 1, penalties, scaling)
    drawn = [halves(STIMULI, settings.trials, rng) for _ in range(2)]
    dimensions = changed.get("dimensions", (12, 60))
    table = pd.DataFrame(list(angles(states, STIMULI, settings, FEATURES, drawn, dimensions)))
    return table.set_index(["feature", "other", "dimensions", "measure"])["score"]


def test_halves_share_no_view_and_show_every_object_anywhere():
    first, second = halves(STIMULI, 4000, np.random.default_rng(1))
    assert len(first) == len(second) == 2000
    assert not {*(first // 4)} & {*(second // 4)}
    for half in (first, second):
        for feature in FEATURES:
            counts = np.bincount(STIMULI.labels(feature)[half])
            assert abs(counts / len(half) * len(counts) - 1).max() < 0.3
    with pytest.raises(ValueError, match="no two halves of views"):
        halves(StimulusSet.of(["a", "b"], ["a", "b"], [0, 1], [1, 1]), 8, np.random.default_rng(0))


def test_simplexes_are_found_in_all_dimensions_and_in_fewer():
    scores = found()
    for feature, expected in (("location", 2 / 3), ("identity", 6 / 7)):
        for size in (0, 12):
            assert scores[feature, feature, size, "corrected"] == pytest.approx(expected, abs=0.03)
        assert scores[feature, feature, 0, "simplex"] == pytest.approx(expected)
    assert 60 not in scores.index.get_level_values("dimensions")
    assert scores["location", "identity", 0, "index"] > 0.85
    assert scores["identity", "category", 0, "corrected"] < 0.75


def test_a_grid_takes_its_best_penalty_and_z_scores_forget_the_units():
    pd.testing.assert_series_equal(found(penalties=(0.01,)), found(penalties=(0.01, 1e-9)))
    units = np.linspace(1, 50, 60)
    one, other = found("zscore", dimensions=()), found("zscore", dimensions=(), units=units)
    names = [each for each in one.index if each[3] == "floor"]
    # the normals are brought back into the space, whose units differ; what is read is the same
    assert one[names].max() < 0.2
    assert np.isfinite(other).all()


def test_both_scalings_are_taken_from_the_same_trials():
    rng = np.random.default_rng(3)
    thing = rng.normal(size=(8, 30))[STIMULI.identity] * np.linspace(1, 9, 30)
    states = thing + 0.3 * rng.normal(size=thing.shape)
    drawn = [halves(STIMULI, 100, rng) for _ in range(3)]
    one, other, both = (Settings(100, 2, (0.01,), name) for name in ("global", "zscore", "both"))
    assert [*angles(states, STIMULI, both, ["identity"], drawn)] == [
        *angles(states, STIMULI, one, ["identity"], drawn)
    ]
    beside = {
        (a.resample, a.measure): a.score
        for a in angles_by_unit(states, STIMULI, both, ["identity"], drawn)
    }
    alone = {
        (a.resample, f"{a.measure}_zscored"): a.score
        for a in angles(states, STIMULI, other, ["identity"], drawn)
        if a.measure in ("index", "floor", "corrected") and a.other == "identity"
    }
    assert beside == alone
    assert len(beside) == 6
    assert angles_by_unit(states, STIMULI, one, ["identity"], drawn) == []
