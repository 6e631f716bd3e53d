import shutil

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.stage import Node, make_each
from hybridrep.running.study import Prepared
from hybridrep.sources.encoders.image import image_maps
from hybridrep.studies.nback import prepare as preparing
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.features import perceptual, stage
from hybridrep.studies.nback.features.decodability import _at_random, _chosen, decodability
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.stimuli.frames import frames
from hybridrep.studies.nback.stimuli.shapes import rendered, shapes_set
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.testing.tiny_vision import make_vision_model


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Prepared:
    root = tmp_path_factory.mktemp("nback")
    make_vision_model(root / "model")
    given = {"backbone": str(root / "model"), "categories": 2, "identities": 2,
             "background": "texture"}  # fmt: skip
    store = Store(root / "store")
    return Prepared(preparing.prepare(resolve(given, Config), store), store)


def make(study: Prepared, node: Node) -> None:
    for need in node.needed_nodes:
        make(study, need)
    make_each(study.store, (node.call,), (node.key,) if not study.has(node) else ())


@pytest.mark.slow
def test_maps_are_those_of_the_frames_in_order(study):
    nodes = stage.nodes(study, "val_angle")
    for node in nodes:
        make(study, node)
    maps = stage.split_features(study, "val_angle")
    labels = study.inputs.stimuli.labels("val_angle")
    assert maps.shape == (len(labels), *study.inputs.backbone.map_shape)
    assert maps.dtype == np.float32
    assert not maps.flags.writeable
    from hybridrep.running.stage import Reader
    from hybridrep.studies.nback.stimuli.backgrounds import canvas

    patches = rendered(2, 2, "val_angle", 0)
    behind = canvas(study.inputs.background, Reader.of(study.store), "val_angle")
    numbers = np.array([0, 5, 130])
    shown = frames(patches, numbers, behind)
    assert shown[0].std() > 20  # a texture, not grey
    expected = image_maps(study.inputs.backbone, shown)
    np.testing.assert_allclose(maps[numbers], expected, atol=2e-3 * np.abs(expected).max())


def test_each_frame_is_in_one_chunk(study):
    for split in SPLITS:
        nodes = stage.nodes(study, split)
        bounds = [node.arguments[-2:] for node in nodes]
        covered = [image for start, stop in bounds for image in range(start, stop)]
        assert covered == list(range(len(study.inputs.stimuli.labels(split))))


def test_a_key_follows_model_and_background_and_no_network(study, tmp_path):
    def key(**given) -> str:
        config = resolve({**study.config.as_text(), **given}, Config)
        other = Prepared(preparing.prepare(config, study.store), study.store)
        return stage.nodes(other, "train")[0].key

    moved = shutil.copytree(study.config.backbone, tmp_path / "moved")
    assert key(hidden="rnn=8,gru=8,lstm=8") == key()
    assert key(background="plain") != key()
    assert key(stimulus_seed="1") != key()
    make_vision_model(tmp_path / "other", hidden_sizes=[4, 8])
    assert key(backbone=str(tmp_path / "other")) != key()
    assert moved.exists()


def made_up(noise: float):
    stimuli = shapes_set(2, 2, "train")
    rng = np.random.default_rng(0)
    parts = [np.eye(stimuli.values(f))[stimuli.labels(f)] for f in ("location", "identity")]
    clear = np.concatenate(parts, axis=1)
    return clear + noise * rng.normal(size=clear.shape), stimuli


def test_what_is_linear_in_the_maps_is_read_whole_and_noise_by_chance():
    clear, stimuli = made_up(0.01)
    rng = np.random.default_rng(1)
    blind = rng.normal(size=(len(stimuli), 3))
    table = decodability(clear[:, :, None, None], blind, stimuli, rng)
    table = table.set_index(["space", "folds", "feature"])
    assert (table.loc["perceptual"]["multiclass"] == 1).all()
    for feature, chance in (("location", 0.25), ("identity", 0.25), ("category", 0.5)):
        found = table.loc[("mean_colour", "images", feature), "multiclass"]
        assert abs(found - chance) < 0.1
    within = table.loc[("perceptual", "grouped", "identity"), "within_category"]
    assert within == 1
    assert table["within_category"].notna().sum() == 4  # of identity alone


def test_the_grouped_folds_are_those_of_scikit_learn_by_view():
    noisy, stimuli = made_up(0.6)
    table = decodability(
        noisy[:, :, None, None], noisy[:, :3], stimuli, np.random.default_rng(2)
    ).set_index(["space", "folds", "feature"])
    scores = []
    for fold in (0, 1):
        fitted = stimuli.view % 2 == fold
        mean = noisy[fitted].mean(axis=0)
        scale = np.sqrt(np.square(noisy[fitted] - mean).sum(axis=1).mean() / 100)
        x = (noisy - mean) / scale
        svc = LinearSVC(C=1.0, class_weight="balanced", intercept_scaling=1e3, tol=1e-8,
                        max_iter=100_000, dual=False)  # fmt: skip
        svc.fit(x[fitted], stimuli.identity[fitted])
        scores.append(svc.score(x[~fitted], stimuli.identity[~fitted]))
    found = table.loc[("perceptual", "grouped", "identity"), "multiclass"]
    assert found == pytest.approx(np.mean(scores), abs=0.011)


def test_of_a_large_set_some_views_of_every_object_are_decoded():
    large = StimulusSet.of(
        ["a", "b"], ["a/0", "a/1", "b/0", "b/1"], [0, 0, 1, 1], [300, 100, 96, 2]
    )
    shown, rank = _chosen(large)
    patches, views = np.unique(shown // 4), large.view[shown]
    assert len(np.unique(shown)) == len(shown) == 4 * len(patches)
    assert np.bincount(large.identity_of[patches]).tolist() == [96, 96, 96, 2]
    assert views[large.identity[shown] == 0].max() == 299
    assert rank.max() == 95


def test_random_folds_hold_half_of_the_views_of_each_object_at_each_place():
    stimuli = shapes_set(2, 2, "train")
    shown = np.arange(len(stimuli))
    half = _at_random(stimuli, shown, np.random.default_rng(0))
    other = _at_random(stimuli, shown, np.random.default_rng(1))
    for mine in (half, other):
        cells = np.stack([stimuli.identity[shown], stimuli.location[shown], mine])
        assert np.unique(cells, axis=1, return_counts=True)[1].tolist() == [12] * 32
    assert not np.array_equal(half, other)


@pytest.mark.long
def test_the_default_set_s_maps_tell_what_is_shown(tmp_path):
    """At least what is asked of the default set: location 99.5, identity 98, category 99.5 %."""
    store = Store(tmp_path / "store")
    study = Prepared(preparing.prepare(resolve({}, Config), store), store)
    node = perceptual.node(study)
    make(study, node)
    table = study.open(node).table("decodability").set_index(["space", "folds", "feature"])
    scores = table.loc[("perceptual", "images"), "multiclass"]
    assert scores["location"] >= 0.995
    assert scores["identity"] >= 0.98
    assert scores["category"] >= 0.995


def test_a_stimulus_set_numbers_its_frames_by_patch_and_place():
    two = StimulusSet.of(["a", "b"], ["a/0", "b/0"], [0, 1], [3, 2])
    assert len(two) == 20
    assert two.view.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [0] * 4 + [1] * 4
    with pytest.raises(ValueError, match="as many objects"):
        StimulusSet.of(["a", "b"], ["a/0", "a/1", "b/0"], [0, 0, 1], [1, 1, 1])
