"""Seeds compared item by item, where it is known what must come out."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.record import CORE
from hybridrep.execution.store import Store
from hybridrep.running.stage import Reader
from hybridrep.studies.hybrid.similarity import across
from hybridrep.studies.hybrid.similarity.measured import FOLDS
from hybridrep.studies.hybrid.transformation.stage import Variant

VARIANTS = (Variant("bert_to_lstm", 4, 2), Variant("lstm_to_bert", 4, 2))
SEEDS = (3, 5, 8)
ITEMS = 40


def kept(seed: int, noise: float) -> dict[str, dict[str, np.ndarray]]:
    """Return a seed's representations: each kind a geometry of its own, turned, with noise."""
    known, own = np.random.default_rng(0), np.random.default_rng(seed)

    def kind(shared: np.ndarray) -> np.ndarray:
        turned = shared @ np.linalg.qr(own.normal(size=(shared.shape[1],) * 2))[0]
        return turned + noise * own.normal(size=shared.shape)

    base = {name: known.normal(size=(ITEMS, 6)) for name in ("global", "task_specific")}
    files = {"originals": {"task_specific": kind(base["task_specific"]), "global": base["global"]}}
    for variant in VARIANTS:
        layers = known.normal(size=(3, ITEMS, 4)), known.normal(size=(3, ITEMS, 6))
        files[f"{variant.direction}_b4"] = {
            f"{name}_{epoch}": kind(each[epoch])
            for name, each in zip(("diffused", "transformed"), layers, strict=True)
            for epoch in (0, 1, 2)
        }
    return files


@pytest.fixture
def made(tmp_path):
    """Return what a question is answered by, of three seeds with some noise."""

    def answer(what: str, noise: float = 0.1):
        store = Store(tmp_path)
        keys = {seed: f"{seed}{noise}".encode().hex().ljust(64, "0") for seed in SEEDS}
        for seed, key in keys.items():
            store.write(key, stage="kept", inputs={}, arrays=kept(seed, noise), seconds=0.0)
        return across.make(Reader.of(store, kept=list(keys.values())), what, VARIANTS, SEEDS)

    return answer


@pytest.mark.parametrize("key", [*CORE, "shape_angle", "svcca.v99"])
def test_kinds_that_differ_are_told_apart_by_every_measure(made, key):
    result = made(key)
    (row,) = result.tables["identification"].to_dict("records")
    assert (row["measure"], row["groups"], row["seeds"]) == (key, 5, 3)
    assert row["accuracy"] > 0.9
    assert row["chance"] == pytest.approx(0.2)
    assert row["p"] < 0.01
    matrix = result.arrays["matrices"][key]
    first, last = (kept(seed, 0.1) for seed in (SEEDS[0], SEEDS[-1]))
    sides = first["originals"]["task_specific"], last["lstm_to_bert_b4"]["transformed_1"]
    more = {"folds": FOLDS} if key == "ridge_r2" else {}
    both = [MEASURES[key].compute(*pair, **more).value for pair in (sides, sides[::-1])]
    assert matrix.shape == (15, 15)
    assert matrix[0, -1] == pytest.approx(np.mean(both), rel=1e-9)


def test_kinds_that_are_noise_are_not(made):
    (row,) = made("cka", noise=1e6).tables["identification"].to_dict("records")
    assert row["p"] > 0.01
    assert row["accuracy"] < 0.7


def test_the_ceiling_is_that_of_similarities_of_the_same_tweets(made):
    table = made("ceiling", noise=1.0).tables["ceiling"].set_index("kind")
    layers = [kept(seed, 1.0)["bert_to_lstm_b4"]["diffused_1"] for seed in SEEDS]
    profiles = np.array([1 - pdist(each, "cosine") for each in layers])
    scores = (profiles - profiles.mean(axis=1, keepdims=True)) / profiles.std(axis=1, keepdims=True)
    lower = [
        np.corrcoef(scores[i], np.delete(scores, i, axis=0).mean(axis=0))[0, 1] for i in range(3)
    ]
    upper = [np.corrcoef(score, scores.mean(axis=0))[0, 1] for score in scores]
    row = table.loc["bert_to_lstm.diffused"]
    assert row["lower"] == pytest.approx(np.mean(lower))
    assert row["upper"] == pytest.approx(np.mean(upper))
    assert row["seeds"] == 3


def test_tweets_are_found_again_only_where_seeds_share_their_geometry(made):
    near = made("retrieval", noise=0.01).tables["retrieval"]
    far = made("retrieval", noise=1e6).tables["retrieval"]
    assert (near["reciprocal_rank"] > 0.95).all()
    assert (far["reciprocal_rank"] < 0.3).all()
    assert near["chance"].iloc[0] == pytest.approx(np.mean(1 / np.arange(1, ITEMS + 1)))
    assert len(near) == 5


def test_the_map_holds_every_seed_kind_and_epoch_and_puts_equal_shapes_together(made):
    table = made("space", noise=0.01).tables["space"]
    assert len(table) == 1 + 3 * (1 + 2 * 2 * 3)
    spread = table.groupby(["kind", "epoch"])[["x", "y"]].std(ddof=0).max().max()
    assert spread < 0.1 * table[["x", "y"]].std().max()
    assert table["stress"].nunique() == 1
