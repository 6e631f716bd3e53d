"""Groups of several seeds: told apart, agreeing, and laid out in a map."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from hybridrep.analysis.agreement import seed_retrieval
from hybridrep.analysis.ceilings import noise_ceiling
from hybridrep.analysis.projections import mds
from hybridrep.analysis.schema import table_problems
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.comparison import Comparison, measure
from hybridrep.studies.given.map import map_of, shape_angles
from hybridrep.studies.given.report import page
from hybridrep.studies.given.tables import SCHEMAS

IDS = tuple(f"i{n}" for n in range(24))
MEASURES = ["rsa.cosine.pearson", "cka", "shape_angle", "ridge_r2"]


def made() -> list[Representation]:
    rng = np.random.default_rng(0)
    found = []
    for group in ("rnn", "gru"):
        base = rng.normal(size=(24, 5))
        for seed in range(3):
            turned = base @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
            values = turned + 0.2 * rng.normal(size=(24, 5))
            name = f"{group}.s{seed}"
            found.append(Representation(name, "vectors", values, IDS, name, group=group, seed=seed))
    return found


@pytest.fixture(scope="module")
def found() -> Comparison:
    return measure(made(), MEASURES, resamples=30, permutations=19, k=5)


def test_groups_are_told_apart_by_every_measure(found):
    table = found.tables["identification"].set_index("measure")
    assert list(table.index) == MEASURES
    assert (table["accuracy"] == 1).all()
    assert (table["chance"] == 0.5).all()
    assert (table["auc"] == 1).all()
    assert set(table["groups"]) == {2}
    assert set(table["seeds"]) == {3}


@pytest.mark.parametrize("change", ["two seeds", "one group", "none", "reference"])
def test_without_groups_of_three_seeds_nothing_is_told_apart(change):
    given = made()
    if change == "two seeds":
        given = [one for one in given if one.seed < 2]
    if change == "one group":
        given = given[:3]
    asked = {"none": {"identify": "none"}, "reference": {"reference": "rnn.s0"}}.get(change, {})
    table = measure(given, "cka", resamples=0, permutations=0, k=5, **asked)
    assert not len(table.tables["identification"])


def test_seeds_agree_as_far_as_the_ceiling_says(found):
    table = found.tables["ceiling"].set_index(["measure", "group"])
    given = made()
    expected = noise_ceiling(np.stack([pdist(one.values, "cosine") for one in given[:3]]))
    row = table.loc[("rsa.cosine.pearson", "rnn")]
    assert row["lower"] == pytest.approx(expected.lower, rel=1e-9)
    assert row["upper"] == pytest.approx(expected.upper, rel=1e-9)
    pairs = [seed_retrieval(given[a].values, given[b].values) for a, b in ((3, 4), (3, 5), (4, 5))]
    mean = float(np.mean([each.value for each in pairs]))
    assert table.loc[("seed_retrieval", "gru"), "lower"] == pytest.approx(mean)


def test_subjects_of_a_file_have_a_ceiling_too():
    rng = np.random.default_rng(1)
    whole = rng.normal(size=(24, 4))
    matrices = []
    for _ in range(4):
        moved = whole + 0.3 * rng.normal(size=whole.shape)
        matrices.append(np.linalg.norm(moved[:, None] - moved, axis=2))
    people = Representation("people", "rdm", np.stack(matrices), IDS, "people.npy", group="people")
    given = [people, made()[0]]
    found = measure(given, "rsa.euclidean.spearman", resamples=0, permutations=0, k=5)
    row = found.tables["ceiling"].iloc[0]
    assert (row["group"], row["of"], row["n"]) == ("people", "subjects", 4)
    assert 0.5 < row["lower"] < row["upper"] < 1


def test_a_map_keeps_distances_that_a_plane_can_keep():
    points = np.random.default_rng(2).normal(size=(9, 2))
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    found = mds(apart)
    again = np.linalg.norm(found.points[:, None] - found.points, axis=2)
    np.testing.assert_allclose(again, apart, atol=1e-6)
    assert found.stress < 1e-6
    np.testing.assert_array_equal(mds(apart).points, found.points)
    even = mds(1.0 - np.eye(6))
    again = np.linalg.norm(even.points[:, None] - even.points, axis=2)
    above = np.triu_indices(6, 1)
    stress = np.sqrt(np.square(again[above] - 1).sum() / np.square(again[above]).sum())
    assert even.stress == pytest.approx(stress)
    assert even.stress > 0.1
    assert mds(np.zeros((3, 3))).stress == 0


@pytest.mark.parametrize(
    "wrong", [np.ones((2, 3)), np.full((2, 2), np.nan), np.triu(np.ones((3, 3)))]
)
def test_what_are_no_distances_is_refused(wrong):
    with pytest.raises(ValueError, match=r"square matrix|the distance from"):
        mds(wrong)


def test_the_map_puts_groups_apart(found):
    chart = map_of(found.given)
    assert chart.groups == ["rnn"] * 3 + ["gru"] * 3
    points = chart.layout.points
    centres = points[:3].mean(axis=0), points[3:].mean(axis=0)
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * np.linalg.norm(points[0] - centres[0])
    angles = shape_angles([one.values for one in made()])
    shown = found.matrix("shape_angle").to_numpy()
    np.testing.assert_allclose(angles, shown, atol=1e-7)
    assert map_of(measure(made()[:2], "cka", resamples=0, permutations=0, k=5).given) is None


def test_page_and_tables_hold_them(found):
    for name, table in found.tables.items():
        assert table_problems(name, SCHEMAS[name], table) == []
    html = page(found)
    for text in ("May a measure be believed?", "Stress 0", "noise ceilings", 'id="figure-map"'):
        assert text in html
