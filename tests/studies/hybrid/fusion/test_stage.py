"""Fusions of seeds: what is measured against SciPy, alone as beside others, and the new task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from hybridrep.analysis.diffusion import ellipse_excess
from hybridrep.execution.store import Store
from hybridrep.running.stage import Made, Reader
from hybridrep.studies.hybrid.fusion import new_task
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.fusion.measured import COLUMNS
from hybridrep.studies.hybrid.fusion.methods import METHODS
from hybridrep.studies.hybrid.fusion.stage import Fusion, fusion_of
from hybridrep.studies.hybrid.names import DIRECTIONS, ITEM_SETS
from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig
from hybridrep.studies.hybrid.transfer.items import Items, train_representations
from hybridrep.studies.hybrid.transformation.seed_data import SeedData
from hybridrep.studies.hybrid.tweets.rows import EmotionRows
from hybridrep.studies.hybrid.tweets.splits import EmotionSplit
from hybridrep.transforms.methods import load_transform

pytestmark = pytest.mark.usefixtures("one_thread")
TWEETS = 160
NOTHING = Reader(Store("nowhere"), {})


def made_up(seed: int) -> SeedData:
    """A seed whose two representations share a little."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(TWEETS, 3))
    sides: Mapping[str, np.ndarray] = {
        "global": np.hstack([shared, 2 * rng.normal(size=(TWEETS, 17))]).astype(np.float32),
        "task_specific": np.hstack([shared, rng.normal(size=(TWEETS, 9))]).astype(np.float32),
    }
    order = rng.permutation(TWEETS)
    items = {name: np.sort(order[n * 20 : n * 20 + 20]) for n, name in enumerate(ITEM_SETS)}
    rows = EmotionRows(
        EmotionSplit(order[:100], order[100:130], order[130:]), order[:80], order[80:100], items
    )
    return SeedData(seed, rows, np.zeros(TWEETS, dtype=np.int64), sides)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusing, "seed_data", lambda read, seed, per_emotion: made_up(seed))


def make(fusion: Fusion, seeds: tuple[int, ...]) -> list[Made]:
    if fusion.epochs:
        return list(fusing.train([(NOTHING, fusion, seed, 2) for seed in seeds]))
    return [fusing.fit(NOTHING, fusion, seed, 2) for seed in seeds]


def opened(made: Made, folder):
    path = folder / "t.safetensors"
    path.write_bytes(made.files[fusing.FILE])
    return load_transform(path)


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("method", METHODS)
def test_what_is_measured_is_scipys_and_no_method_leaves_the_ellipse(method, tmp_path):
    fusion = fusion_of(method, 9, epochs=2, weight=0.5)
    (made,) = make(fusion, (3,))
    table, data = made.tables["fusion"], made_up(3)
    assert list(table.columns) == list(COLUMNS)
    assert set(table["epoch"]) == ({0, 1, 2} if fusion.epochs else {0})
    assert set(table["bottleneck"]) == set(fusion.sizes)
    excess = ellipse_excess(
        *(table[name].to_numpy() for name in ("vs_global", "vs_task_specific", "between"))
    )
    assert excess.max() < 1e-9
    assert (table["diffusibility"] <= table["ceiling"] + 1e-9).all()
    last = table[table["epoch"] == table["epoch"].max()].set_index(["item_set", "bottleneck"])
    transform = opened(made, tmp_path)
    for name, rows in data.rows.items.items():
        sides = [side[rows] for side in data.sides("bert_to_lstm")]
        fused = transform.apply(*sides)
        for size in fusion.sizes:
            units = fused[:, :size] if size else fused
            first, second, own = (pdist(x.astype(float), "cosine") for x in (*sides, units))
            expected = [np.corrcoef(own, other)[0, 1] for other in (first, second)]
            row = last.loc[(name, size)]
            found = row[["vs_global", "vs_task_specific"]].to_numpy(float)
            np.testing.assert_allclose(found, expected, atol=1e-5)
            between = np.corrcoef(first, second)[0, 1]
            ceiling = np.sqrt((1 + between) / 2)
            np.testing.assert_allclose(row["ceiling"], ceiling, atol=1e-9)
            np.testing.assert_allclose(row["diffusibility"], min(expected), atol=1e-5)
            np.testing.assert_allclose(
                row["share_of_ceiling"], row["diffusibility"] / row["ceiling"]
            )


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("method", ["matryoshka_matched", "matryoshka_joint", "two_headed_task"])
def test_no_number_of_a_seed_depends_on_the_seeds_beside_it(method):
    fusion = fusion_of(method, 9, epochs=2, weight=0.3)
    together, alone = make(fusion, (0, 1, 2)), make(fusion, (1,))
    pd.testing.assert_frame_equal(together[1].tables["fusion"], alone[0].tables["fusion"])
    assert together[1].files == alone[0].files
    assert together[0].files != alone[0].files


def test_the_papers_bottlenecks_are_read_off_their_autoencoders(tmp_path):
    rsa = pd.DataFrame(
        [
            ("test", epoch, pair, epoch / 10 + place / 100)
            for epoch in range(4)
            for place, pair in enumerate(
                ("input_vs_target", "bottleneck_vs_input", "bottleneck_vs_target")
            )
        ],
        columns=["item_set", "epoch", "pair", "value"],
    )  # fmt: skip
    store, key = Store(tmp_path), "a" * 64
    store.write(key, stage="autoencode", inputs={}, tables={"rsa": rsa}, seconds=0.0)
    read = Reader.of(store, autoencoder=key)
    for direction in DIRECTIONS:
        table = fusing.of_bottleneck(read, direction, 8, 2).tables["fusion"]
        assert table["epoch"].tolist() == [0, 1, 2], "up to the epoch that is used"
        last = table.iloc[-1]
        carried = (0.21, 0.22) if direction == "bert_to_lstm" else (0.22, 0.21)
        assert (last["vs_global"], last["vs_task_specific"]) == pytest.approx(carried)
        assert (last["between"], last["diffusibility"]) == pytest.approx((0.2, 0.21))
        assert last["ceiling"] == pytest.approx(0.6**0.5)


def tweets(seed: int) -> Items:
    rng = np.random.default_rng(seed)
    return Items(
        seed=seed, rows=np.arange(40), labels=rng.permutation(40) % 2, train=30,
        task_specific=rng.normal(size=(40, 12)).astype(np.float32),
        global_=rng.normal(size=(40, 20)).astype(np.float32), classes=2,
    )  # fmt: skip


@pytest.mark.usefixtures("data")
def test_fusions_serve_the_new_task_as_the_seven_do_each_with_streams_of_its_own(
    monkeypatch, tmp_path
):
    asked = [
        (fusion_of("concatenated", 9, 1, 0.5), (0,)),
        (Fusion("matryoshka_matched", 9, 1, None, (4, 8)), (4, 9)),
    ]
    transforms = {}
    for fusion, _ in asked:
        for seed in (0, 1):
            transforms[f"{fusion.method} {seed}"] = opened(make(fusion, (seed,))[0], tmp_path)
    monkeypatch.setattr(new_task, "items_of", lambda read, seed, duplicates: tweets(seed))
    monkeypatch.setattr(new_task.fusing, "read_transform", lambda read, key: transforms[key])
    stack = [
        (
            Reader(Store("nowhere"), {"fused": (f"{fusion.method} {seed}",)}),
            fusion,
            sizes,
            2,
            "drop",
            seed,
        )
        for fusion, sizes in asked
        for seed in (0, 1)
    ]
    together = [made.tables["curves"] for made in new_task.train(stack)]
    (alone,) = new_task.train(stack[3:])
    pd.testing.assert_frame_equal(together[3], alone.tables["curves"])
    assert set(together[0]["representation"]) == {"fused_concatenated"}
    assert together[3]["bottleneck"].tolist() == [4, 4, 9, 9]
    items = tweets(1)
    fused = transforms["matryoshka_matched 1"].apply(*items.sides("bert_to_lstm"))
    ((expected,),) = train_representations(
        ClassifierConfig(classes=2, epochs=2), 4, [items],
        [{"fused_matryoshka_matched": fused[:, :4].astype(np.float32)}],
    )  # fmt: skip
    pd.testing.assert_frame_equal(together[3][:2].drop(columns="bottleneck"), expected)
