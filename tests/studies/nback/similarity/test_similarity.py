"""Networks by measures of similarity: planted states whose answers are known, and the small run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist

from hybridrep.analysis.measures import MEASURES
from hybridrep.execution.store import Store
from hybridrep.running.stage import Reader
from hybridrep.running.study import Prepared
from hybridrep.studies.nback.decoding.states import analysed_network, analysis_of, state_needs
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.results.gather import across_tables
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.similarity import across, items, within
from hybridrep.studies.nback.similarity.questions import Kind, left_out, questions
from hybridrep.testing.small_nback import small_config, small_study
from tests.studies.nback.made_up import made_up

ITEMS, UNITS, STEPS = 40, 6, 3
DIETS = ("mtmf", "stmf_1", "stmf_2", "stsf_1L", "stsf_1C", "stsf_2I", "untrained")


def turned(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return items after a random rotation and a change of scale: nothing a measure sees."""
    return 2.5 * x @ np.linalg.qr(rng.normal(size=(x.shape[-1],) * 2))[0]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("key", within.COMPARED_BY)
def test_a_rotation_changes_nothing_and_other_states_give_chance(key, rng):
    code = rng.normal(size=(200, UNITS))
    states = np.stack([turned(code, rng), rng.normal(size=(200, UNITS))]).astype(np.float32)
    found = within.measured(MEASURES[key], code, states, rng.permutation(200))
    found = found.set_index(["first", "second"])
    assert found["value"][0, 1] == pytest.approx(1, abs=1e-6)
    for pair in ((0, 2), (1, 2)):
        assert found["value"][pair] == pytest.approx(found["chance"][pair], abs=0.06)


def test_values_are_scipys(rng):
    seen, states = rng.normal(size=(ITEMS, 9)), rng.normal(size=(2, ITEMS, UNITS))
    states[1] += states[0]
    order = rng.permutation(ITEMS)
    found = {
        key: within.measured(MEASURES[key], seen, states, order).set_index(["first", "second"])
        for key in ("procrustes", "rsa.cosine.pearson", "rsa.cosine_centred.spearman")
    }
    wide = [np.pad(states[0], ((0, 0), (0, 3))), states[0], states[1]]
    expected = np.sqrt(1 - procrustes(seen, wide[0])[2])
    assert found["procrustes"]["value"][0, 1] == pytest.approx(expected)
    expected = np.sqrt(1 - procrustes(states[0], states[1])[2])
    assert found["procrustes"]["value"][1, 2] == pytest.approx(expected)
    expected = np.sqrt(1 - procrustes(states[0], states[1][order])[2])
    assert found["procrustes"]["chance"][1, 2] == pytest.approx(expected)
    distances = [pdist(each, "cosine") for each in states]
    plain = stats.pearsonr(*distances).statistic
    assert found["rsa.cosine.pearson"]["value"][1, 2] == pytest.approx(plain)
    distances = [pdist(each - each.mean(axis=0), "cosine") for each in states]
    ranks = stats.spearmanr(*distances).statistic
    assert found["rsa.cosine_centred.spearman"]["value"][1, 2] == pytest.approx(ranks)


def test_few_coordinates_keep_all_products(rng):
    maps = rng.normal(3, 1, size=(10, 500)).astype(np.float32)
    short = items.with_products(maps)
    assert short.shape == (10, 10)
    np.testing.assert_allclose(short @ short.T, maps.astype(float) @ maps.T.astype(float))


def test_shared_trials_show_no_frame_twice_at_a_time_and_frames_in_orders_of_their_own(rng):
    shown = items.shared_images(384, 6, rng)
    assert shown.shape == (items.MOST, 6)
    assert all(len(set(at)) == items.MOST for at in shown.T.tolist())
    for one in range(6):
        for other in range(one):
            locations = np.histogram2d(shown[:, one] % 4, shown[:, other] % 4, 4)[0]
            assert stats.chi2_contingency(locations).pvalue > 1e-3


def test_only_networks_that_are_told_the_same_are_set_against_each_other():
    kinds = [Kind(name, name, diet) for name in ("rnn", "gru") for diet in DIETS]
    kinds.append(Kind("rnn-8", "rnn", "mtmf"))
    asked = {(each.what, each.held): each for each in questions(kinds, [1, 2])}
    assert {*asked} == {
        *(("architecture", diet) for diet in DIETS if "_2" not in diet),
        ("size", "rnn"), ("diet", "rnn"), ("diet", "gru"),
    }  # fmt: skip
    diet = asked["diet", "gru"]
    assert diet.groups == ("mtmf", "stmf", "stsf")
    assert diet.tasks == ("1back_location", "1back_category")  # no network of 1back_identity
    told = [[kinds[place].diet for place in members] for members in diet.members]
    assert told == [["mtmf", "stmf_1", "stsf_1L"], ["mtmf", "stmf_1", "stsf_1C"]]
    assert asked["size", "rnn"].groups == ("rnn", "rnn-8")
    assert left_out(kinds, [1, 2]) == (
        "rnn/stmf_2", "rnn/stsf_2I", "gru/stmf_2", "gru/stsf_2I",
    )  # fmt: skip
    assert questions(kinds[:1], [1, 2]) == []


def planted(
    store: Store, kinds: tuple[Kind, ...], seeds: int, related: bool, rng: np.random.Generator,
    steps: int = STEPS,
) -> Reader:  # fmt: skip
    """Store states of every seed and kind: a kind's own code, turned anew in each; or noise."""
    shape = (steps, ITEMS, UNITS)
    codes = {kind: rng.normal(size=shape) for kind in kinds}
    keys = []
    for seed in range(seeds):
        for kind in kinds:
            code = codes[kind] if related else rng.normal(size=shape)
            states = {"1back_location": np.ascontiguousarray(turned(code, rng), np.float32)}
            keys.append(f"{seed}{kind.name}{kind.diet}{related}".encode().hex().ljust(64, "0")[:64])
            store.write(keys[-1], stage="planted", inputs={}, arrays={"states": states}, seconds=0)
    return Reader.of(store, kept=keys)


KINDS = tuple(Kind(name, name, "stsf_1L") for name in ("rnn", "gru", "lstm"))


@pytest.mark.parametrize("key", ["cka", "procrustes"])
def test_kinds_that_share_a_code_over_seeds_are_told_apart(key, rng, tmp_path, monkeypatch):
    monkeypatch.setattr(across, "RESAMPLES", 199)
    read = planted(Store(tmp_path), KINDS, 4, True, rng)
    made = across.make(read, key, KINDS, (1,), (0, 1, 2, 3))
    told = made.tables["identification"]
    assert told["frame"].tolist() == [1, 2, 3]
    assert (told["accuracy"] == 1).all()
    assert (told["auc"] == 1).all()
    assert told["chance"].to_numpy() == pytest.approx(1 / 3)
    assert (told["p"] < 0.05).all()
    between = made.tables["between"].set_index(["first", "second", "frame"])
    assert between["value"]["gru/stsf_1L", "gru/stsf_1L", 2] == pytest.approx(1, abs=1e-6)
    row = between.loc[("rnn/stsf_1L", "gru/stsf_1L", 2)]
    assert row["value"] == pytest.approx(row["chance"], abs=0.1)
    assert row["pairs"] == 4 * 3
    assert between["pairs"]["gru/stsf_1L", "gru/stsf_1L", 2] == 4 * 3 / 2


def test_networks_that_share_nothing_are_told_apart_by_chance_alone(rng, tmp_path, monkeypatch):
    monkeypatch.setattr(across, "RESAMPLES", 39)
    read = planted(Store(tmp_path), KINDS, 6, False, rng, steps=20)
    made = across.make(read, "cka", KINDS, (1,), tuple(range(6)))
    told = made.tables["identification"]
    assert (told["p"] > 0.05).mean() > 0.8
    assert told["accuracy"].mean() == pytest.approx(1 / 3, abs=0.07)
    assert told["auc"].mean() == pytest.approx(0.5, abs=0.04)


@pytest.fixture(scope="module")
def finished(small_nback: Path) -> Prepared:
    config = small_config(small_nback)
    store = Store(Path(config.store))
    return Prepared(small_study().prepare(config, store), store)


def test_states_are_those_that_all_analyses_read(finished):
    (recipe,) = (each for each in recipes(finished.config) if each.place == "gru/mtmf")
    needs = state_needs(finished, recipe, 0)
    network = analysed_network(
        Reader.of(finished.store, **needs), recipe, finished.inputs.stimuli.objects, 0,
        analysis_of(finished.config),
    )  # fmt: skip
    tested = network.states("independent", "test")
    for number, drawn in enumerate(tested.trials):
        task, states = within.shown_states(network, drawn.image)[number]
        assert task == tested.tasks[number]
        np.testing.assert_allclose(states.swapaxes(0, 1), tested.h[number], atol=1e-6)


def test_networks_of_a_study_are_compared_on_the_same_trials(finished):
    """The stored matrix is the measure of the stored states, and these are the networks' own."""
    made = recipes(finished.config)
    some = [(seed, recipe) for seed in (0, 1) for recipe in made]
    states = [finished.open(within.node(finished, r, seed)).arrays("states") for seed, r in some]
    assert [{*each} == {"1back_location"} for each in states] == [
        recipe.diet == "stsf_1L" for _, recipe in some
    ]
    (node,) = (each for each in across.nodes(finished, (0, 1)) if each.name == "cka")
    matrices = finished.open(node).arrays("matrices")
    places = [recipe.place for recipe in made]
    first, second = places.index("rnn/mtmf"), len(made) + places.index("gru/mtmf")
    for task in ("1back_location", "1back_category"):
        pair = [states[place][task][2].astype(np.float64) for place in (first, second)]
        expected = MEASURES["cka"].compute(*pair).value
        assert matrices[task][2, first, second] == pytest.approx(expected, abs=1e-9)
    alone = [place for place, (_, recipe) in enumerate(some) if recipe.diet == "stsf_1L"]
    assert np.isnan(matrices["1back_category"][:, alone]).all()
    assert np.isfinite(matrices["1back_location"][0][alone[0], first])


def test_a_study_tells_architectures_sizes_and_diets_apart_and_one_seed_nothing(finished):
    found = across_tables(finished, (0, 1))["identification"]
    asked = found[["what", "held"]].drop_duplicates()
    assert set(map(tuple, asked.itertuples(index=False))) == {
        ("architecture", "mtmf"), ("architecture", "stsf_1L"), ("architecture", "untrained"),
        ("size", "gru"), ("diet", "rnn"), ("diet", "gru"),
    }  # fmt: skip
    assert found["accuracy"].between(0, 1).all()
    assert (found["chance"] == 1 / found["groups"]).all()
    assert len(found) == 6 * 4 * len(within.COMPARED_BY)
    assert across.nodes(finished, (0,)) == []
    assert not len(across_tables(finished, (0,))["between"])


def test_tables_of_before_are_read_with_an_empty_table_of_similarities():
    tables = made_up(1)
    parts, meta = tables.to_parts()
    del parts["similarities"]
    read_back = NBackTables.from_parts(parts, {**meta, "schema_version": 2})
    assert not len(read_back.similarities)
    assert len(read_back.decoding) == len(tables.decoding)
