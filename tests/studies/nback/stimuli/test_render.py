import hashlib

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from hybridrep.studies.nback.features.decodability import mean_colours
from hybridrep.studies.nback.stimuli.frames import FRAME, GREY, frames, over
from hybridrep.studies.nback.stimuli.meshes import Mesh, joined, tube
from hybridrep.studies.nback.stimuli.objects import CATEGORIES, PALETTES, object_mesh
from hybridrep.studies.nback.stimuli.render import _nearest, render
from hybridrep.studies.nback.stimuli.shapes import NOVEL, rendered, shapes_set, views
from hybridrep.studies.nback.stimuli.textures import BLOCK, boundary_cut, noise, quilt

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def plain_nearest(flat, depth, size):
    """The nearest triangle of each sample, one sample and one triangle at a time."""
    owner = np.full((size, size), -1)
    for row in range(size):
        for column in range(size):
            best = np.inf
            for number, (corners, z) in enumerate(zip(flat, depth, strict=True)):
                matrix = np.vstack([corners.T, np.ones(3)])
                if abs(np.linalg.det(matrix)) < 1e-9:
                    continue
                weights = np.linalg.solve(matrix, [column + 0.5, row + 0.5, 1])
                if weights.min() > 0 and weights @ z < best:
                    best, owner[row, column] = weights @ z, number
    return owner.ravel()


def test_the_rasteriser_agrees_with_one_sample_at_a_time():
    rng = np.random.default_rng(0)
    flat, depth = rng.uniform(-3, 19, (25, 3, 2)), rng.uniform(0, 1, (25, 3))
    np.testing.assert_array_equal(_nearest(flat, depth, 16), plain_nearest(flat, depth, 16))


def test_what_is_nearer_hides_what_is_behind():
    front = Mesh.of(np.array([[[-1.0, -1, -1], [1, -1, -1], [0, -1, 1]]]), RED)
    back = Mesh.of(np.array([[[-1.0, 1, -1], [1, 1, -1], [0, 1, 1]]]), BLUE)
    for mesh in (joined([front, back]), joined([back, front])):
        seen, behind = render(mesh, 0, 0, 32), render(mesh, 180, 0, 32)
        assert seen[16, 16, 0] > 0
        assert seen[16, 16, 2] == 0
        assert behind[16, 16, 2] > 0
        assert behind[16, 16, 0] == 0


def test_both_sides_of_a_triangle_are_lit_alike():
    corners = np.array([[[-1.0, 0, -1], [1, 0, -1], [0, 0, 1]]])
    one, other = (render(Mesh.of(c, RED), 0, 10, 32) for c in (corners, corners[:, ::-1]))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(8))
def test_triangles_that_share_an_edge_leave_no_crack_between_them(seed):
    angles = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, 7))
    ring = 16 + 14 * np.stack([np.cos(angles), np.sin(angles)], axis=1)  # convex
    fan = np.stack([np.stack([ring[0], ring[i], ring[i + 1]]) for i in range(1, 6)])
    owner = _nearest(fan, np.zeros((5, 3)), 32).reshape(32, 32)
    assert (owner >= 0).any()
    for row in owner:
        inside = np.flatnonzero(row >= 0)
        assert inside.size == 0 or inside.size == inside[-1] - inside[0] + 1


@pytest.mark.parametrize("azimuth", [0, 90, 210])
def test_the_whole_object_is_in_its_patch(azimuth):
    for category in range(len(CATEGORIES)):
        alpha = render(object_mesh(category, 0, 0), azimuth, 27)[..., 3]
        edge = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert edge.max() == 0
        assert alpha.max() == 255


def test_the_same_view_gives_the_same_bytes():
    hashes = {
        hashlib.sha256(render(object_mesh(2, 1, 0), 30, 20).tobytes()).hexdigest() for _ in range(2)
    }
    assert len(hashes) == 1


def test_objects_made_by_hand_know_no_seed_and_others_do():
    for identity, same in ((3, True), (4, False)):
        one, other = (object_mesh(0, identity, seed).corners for seed in (0, 1))
        assert (one.shape == other.shape and np.array_equal(one, other)) is same


def test_all_categories_share_their_palettes():
    assert len(PALETTES) >= 6
    for category in range(len(CATEGORIES)):
        colours = {tuple(row) for row in object_mesh(category, 1, 0).colours.tolist()}
        assert PALETTES[1].main in colours


def test_the_mean_colour_of_the_default_set_does_not_tell_the_category():
    """Decoded across views from half of them; 0.9 before palettes lay opposite each other."""
    sides = views("train")
    colours = np.array([
        [render(object_mesh(category, identity, 0), *side, 40) for side in sides]
        for category in range(4)
        for identity in range(2)
    ])  # fmt: skip
    mean = mean_colours(colours.reshape(-1, 40, 40, 4))
    view = np.tile(np.arange(24), 8)
    category = np.repeat(np.arange(4), 48)
    scores = []
    for fold in (0, 1):
        fitted = view % 2 == fold
        decoder = LinearSVC(C=1.0, class_weight="balanced", intercept_scaling=10, max_iter=100_000)
        decoder.fit((mean[fitted] - GREY) / 10, category[fitted])
        scores.append(decoder.score((mean[~fitted] - GREY) / 10, category[~fitted]))
    assert np.mean(scores) < 0.4  # chance: 0.25


def test_the_splits_are_as_large_as_they_should_be():
    sets = {split: shapes_set(4, 2, split) for split in ("train", "val_angle", "val_identity")}
    assert {split: len(each) for split, each in sets.items()} == {
        "train": 768, "val_angle": 384, "val_identity": 384
    }  # fmt: skip
    assert len(shapes_set(8, 4, "train")) == 3072
    assert sets["train"].identities == sets["val_angle"].identities
    assert not {*sets["train"].identities} & {*sets["val_identity"].identities}
    assert len(sets["val_identity"].identities) == 4 * NOVEL
    assert not {*views("train")} & {*views("val_angle")}


@pytest.mark.slow
def test_patches_lie_in_the_order_of_their_labels():
    these = shapes_set(2, 2, "val_angle")
    patches = rendered(2, 2, "val_angle", 0)
    assert len(patches) * 4 == len(these)
    azimuth, elevation = views("val_angle")[5]
    place = np.flatnonzero((these.identity_of == 3) & (these.view_of == 5))[0]
    np.testing.assert_array_equal(patches[place], render(object_mesh(1, 1, 0), azimuth, elevation))


def test_a_frame_holds_its_patch_at_its_place():
    patches = np.zeros((2, 112, 112, 4), dtype=np.uint8)
    patches[1] = (200, 10, 20, 255)
    made = frames(patches, np.array([4 * 1 + 2, 0]))
    assert made.shape == (2, FRAME, FRAME, 3)
    assert (made[1] == GREY).all()
    assert (made[0, 112:, :112] == (200, 10, 20)).all()
    assert (made[0, :112] == GREY).all()
    assert (made[0, :, 112:] == GREY).all()


def test_alpha_mixes_as_pillow_does():
    from PIL import Image

    rng = np.random.default_rng(0)
    patch = rng.integers(0, 256, (20, 20, 4), dtype=np.uint8)
    behind = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    theirs = Image.fromarray(behind).convert("RGBA")
    theirs.alpha_composite(Image.fromarray(patch))
    difference = over(patch, behind).astype(int) - np.asarray(theirs)[..., :3].astype(int)
    assert np.abs(difference).max() <= 1


def test_noise_has_the_slope_that_was_drawn():
    seed = 5
    slope = np.random.default_rng(seed).uniform(0.8, 1.6)
    image = noise(np.random.default_rng(seed)).astype(float)
    power = np.zeros((FRAME, FRAME))
    for channel in range(3):
        power += np.abs(np.fft.fft2(image[..., channel] - image[..., channel].mean())) ** 2
    f = np.sqrt(np.fft.fftfreq(FRAME)[:, None] ** 2 + np.fft.fftfreq(FRAME)[None] ** 2)
    band = (f > 0.02) & (f < 0.2)
    fitted = np.polyfit(np.log(f[band]), np.log(power[band]), 1)[0]
    assert abs(-fitted / 2 - slope) < 0.15


def test_a_cut_is_the_cheapest_path():
    import itertools

    error = np.random.default_rng(0).random((6, 4))
    paths = (p for p in itertools.product(range(4), repeat=6)
             if all(abs(a - b) <= 1 for a, b in itertools.pairwise(p)))  # fmt: skip
    best = min(paths, key=lambda p: error[range(6), p].sum())
    assert tuple(boundary_cut(error)) == best


def test_a_quilt_is_made_of_the_image_s_own_pixels():
    rng = np.random.default_rng(0)
    image = np.zeros((80, 90, 3), dtype=np.uint8)
    image[:, ::6] = (250, 40, 10)  # upright stripes
    made = quilt(image, rng)
    assert made.shape == (FRAME, FRAME, 3)
    colours = {tuple(c) for c in made.reshape(-1, 3).tolist()}
    assert colours == {(0, 0, 0), (250, 40, 10)}
    striped = made[:, :, 0] > 0
    # blocks were laid so that stripes go on: far more columns are of one colour than by chance
    same = (striped[1:] == striped[:-1]).mean()
    assert same > 0.98
    assert BLOCK <= 80


def test_a_tube_is_as_long_and_thick_as_it_should_be():
    corners = tube((0, 0, 0), (0, 0, 2), (0.5, 0.5), RED, sides=64).corners.reshape(-1, 3)
    assert corners[:, 2].max() == 2
    assert np.hypot(corners[:, 0], corners[:, 1]).max() == pytest.approx(0.5)
