"""Figures: every kind is drawn, says what it stands on, and can be told apart without colour."""

import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from hybridrep.reporting.style import (
    CLASS_COLOURS,
    CLASS_MARKERS,
    PRINT_DPI,
    class_look,
    house_style,
    to_png,
)
from hybridrep.studies.hybrid.names import SHOWN_REPRESENTATIONS
from hybridrep.studies.hybrid.report.figures.architecture import layer_widths
from hybridrep.studies.hybrid.report.figures.catalogue import plan_figures
from hybridrep.studies.hybrid.report.figures.correlations import correlation_table
from hybridrep.studies.hybrid.report.figures.design import design_of
from hybridrep.studies.hybrid.report.figures.trajectories import trajectories
from hybridrep.studies.hybrid.report.figures.transfer import transfer_results
from hybridrep.studies.hybrid.report.looks import PAIR_STROKES, TRANSFER_STROKES
from hybridrep.studies.hybrid.results.views import used_rsa
from hybridrep.studies.hybrid.similarity.figure import (
    class_borders,
    colour_range,
    similarity_grid,
    similarity_matrices_picture,
)
from hybridrep.studies.hybrid.similarity.items import Items, SimilarityMatrices
from hybridrep.testing.reporting_fixtures import EMOTIONS, example_items, study_tables, without_seed


def opened(png):
    return Image.open(io.BytesIO(png))


def test_every_figure_of_the_paper_is_there(small_report):
    names = set(small_report.figures)
    assert {
        "fig_1_design", "fig_2_architecture", "fig_3_tsne", "fig_4_similarity_b32",
        "fig_5_correlations_b32", "fig_6_trajectories_b32",
        "fig_a1_trajectories_bert_to_lstm_b32", "fig_b1_trajectories_lstm_to_bert_b32",
        "fig_c1_tsne_autoencoders_b32", "fig_d1_tsne_hate_b32", "fig_e1_similarity_hate_b32",
        "transfer_b32", "curves_lstm", "curves_autoencoders_b32", "curves_transfer_b32",
        "item_sets_b32", "measures_bert_to_lstm_b32", "measures_lstm_to_bert_b32",
        "measures_agreement", "identification", "space",
    } <= names  # fmt: skip


def test_figures_have_print_resolution_and_a_white_ground(small_report):
    for name, png in small_report.figures.items():
        picture = opened(png)
        assert picture.info["dpi"][0] >= 200, name
        assert picture.width >= 1400, name
        assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255), name


def test_a_colour_scale_keeps_its_steps():
    with house_style():
        figure = similarity_grid(example_items(6).emotion_matrices, "")
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(PRINT_DPI)
        canvas.draw()
        exact = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
        kept = np.asarray(opened(to_png(figure)).convert("RGB")).astype(int)
    assert np.abs(kept - exact).max() <= 8  # of 255; an octree's palette is off by 15


def test_further_bottlenecks_get_their_own_figures_with_the_papers_numbers():
    sizes = (64, 32, 16)
    plans = plan_figures(study_tables(seeds=2, epochs=4, bottlenecks=sizes),
                         example_items(4, sizes, 12))  # fmt: skip
    names = [plan.name for plan in plans]
    captions = {plan.name: plan.caption for plan in plans}
    assert "the paper’s Fig. A2)" in captions["fig_a2_trajectories_bert_to_lstm_b64"]
    assert "the paper’s Fig. B1)" in captions["fig_b1_trajectories_lstm_to_bert_b32"]
    assert "the paper’s Appendix II)" in captions["fig_b_trajectories_lstm_to_bert_b16"]
    kinds = {
        "fig_4_similarity", "fig_e1_similarity_hate", "fig_c1_tsne_autoencoders",
        "fig_d1_tsne_hate", "fig_5_correlations", "fig_6_trajectories", "item_sets", "transfer",
        "curves_autoencoders", "curves_transfer",
    }  # fmt: skip
    assert {f"{kind}_b{size}" for kind in kinds for size in sizes} <= set(names)
    assert "bottleneck_sizes" in names
    assert len(names) == len(set(names))


def test_plans_carry_texts_for_those_who_cannot_see_them():
    for plan in plan_figures(study_tables(seeds=2, epochs=2), example_items(4, projected=12)):
        assert len(plan.alternative) > 20
        assert plan.caption.endswith(".")


def test_a_study_without_transfer_or_rsa_still_gets_what_it_has():
    tables = study_tables(seeds=1, epochs=2)
    bare = without_seed(tables, 0, "rsa", "transfer")
    names = {plan.name for plan in plan_figures(bare)}
    assert "curves_lstm" in names
    assert not any(name.startswith(("transfer", "fig_5", "fig_6")) for name in names)


@pytest.mark.parametrize("strokes", [PAIR_STROKES, TRANSFER_STROKES])
def test_lines_differ_in_more_than_colour(strokes):
    looks = [(stroke.dash, stroke.marker) for stroke in strokes.values()]
    assert len(set(looks)) == len(looks)


def test_classes_differ_in_marker_as_well_as_in_colour():
    looks = [class_look(index) for index in range(len(CLASS_COLOURS))]
    assert len({colour for colour, _ in looks}) == len(looks)
    assert len({marker for _, marker in looks}) == len(looks)
    assert len(CLASS_MARKERS) == len(CLASS_COLOURS)


def test_correlation_table_places_every_pair_of_both_directions():
    rsa = used_rsa(study_tables(seeds=4, epochs=4), "test")
    places = {  # in the order LSTM, BERT, bottleneck, reconstructed
        "bert_to_lstm": {"input": 1, "target": 0, "bottleneck": 2, "reconstructed": 3},
        "lstm_to_bert": {"input": 0, "target": 1, "bottleneck": 2, "reconstructed": 3},
    }
    for direction, place in places.items():
        mine = rsa[rsa["direction"] == direction]
        mean, sd = correlation_table(mine, direction)
        np.testing.assert_array_equal(np.diag(mean), 1)
        np.testing.assert_array_equal(mean, mean.T)
        for pair, group in mine.groupby("pair"):
            first, second = (place[part] for part in pair.split("_vs_"))
            assert mean[first, second] == pytest.approx(np.mean(group["value"]))
            assert sd[first, second] == pytest.approx(np.std(group["value"], ddof=1))


def test_class_borders_lie_between_the_classes():
    borders, middles, classes = class_borders(np.array([0, 0, 0, 2, 2, 5]))
    np.testing.assert_array_equal(borders, [2.5, 4.5])
    np.testing.assert_array_equal(middles, [1.0, 3.5, 5.0])
    np.testing.assert_array_equal(classes, [0, 2, 5])


def test_matrices_are_sorted_by_class_before_they_are_drawn():
    record = example_items(6).emotion_matrices[0]
    order = np.random.default_rng(0).permutation(len(record.items.labels))
    # a stable sort restores the order within a class only if that order is kept
    order = order[np.argsort(order % 6, kind="stable")]
    shuffled = SimilarityMatrices(
        record.direction,
        record.bottleneck,
        {name: m[np.ix_(order, order)] for name, m in record.matrices.items()},
        Items(record.items.labels[order], record.items.label_names, None),
    )
    with house_style():
        images = [
            [axes.images[0].get_array() for axes in similarity_grid([r], "").axes[:4]]
            for r in (record, shuffled)
        ]
    for straight, again in zip(*images, strict=True):
        labels = record.items.labels
        blocks = [
            [np.sort(picture[np.ix_(labels == a, labels == b)], axis=None) for a in range(6)]
            for picture in (straight, again)
            for b in range(6)
        ]
        for first, second in zip(blocks[:6], blocks[6:], strict=True):
            np.testing.assert_array_equal(first, second)


def test_every_matrix_has_the_colours_of_its_own_range_and_says_it():
    records = example_items(8).emotion_matrices
    with house_style():
        figure = similarity_grid(records, "")
    panels = [axes for axes in figure.axes if axes.images and axes.texts]
    matrices = [r.matrices[name] for r in records for name in SHOWN_REPRESENTATIONS]
    assert len(panels) == len(matrices) == 8
    for axes, matrix in zip(panels, matrices, strict=True):
        low, high = np.quantile(matrix[np.tril_indices(len(matrix), -1)], [0.01, 0.99])
        assert axes.images[0].get_clim() == pytest.approx((low, high))
        assert axes.texts[0].get_text() == f"{low:.2f} to {high:.2f}".replace("-", "−")


def test_a_matrix_without_a_pattern_shows_none():
    rng = np.random.default_rng(0)
    low, high = colour_range(1 - 1e-6 * rng.random((20, 20)))
    assert high - low > 1000e-6
    assert colour_range(np.ones((1, 1))) == (0.0, 1.0)


def test_picture_of_one_seed_takes_half_precision_and_is_the_same_every_time():
    record = example_items(10).emotion_matrices[0]
    halves = {name: matrix.astype(np.float16) for name, matrix in record.matrices.items()}
    first, second = (
        similarity_matrices_picture(halves, record.items.labels, EMOTIONS, "bert_to_lstm", 32, 7)
        for _ in range(2)
    )
    assert first == second
    assert opened(first).format == "PNG"


@pytest.mark.parametrize("known", [True, False])
def test_the_legend_names_ridge_only_where_it_is_drawn(known):
    tables = study_tables(seeds=2, epochs=4)
    linear = tables.linear_baseline.rename(columns={"reconstructed_vs_target_test": "value"})
    if not known:
        linear["value"] = np.nan
    rsa = tables.rsa[tables.rsa["item_set"] == "test"]
    with house_style():
        figure = trajectories(rsa, ("bert_to_lstm",), 2, "", linear)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert any("ridge" in name for name in names) == known


def test_trajectories_show_the_mean_the_band_and_the_epoch_that_is_used():
    tables = study_tables(seeds=5, epochs=6)
    rsa = tables.rsa[tables.rsa["item_set"] == "test"]
    with house_style():
        axes = trajectories(rsa, ("bert_to_lstm",), 3, "").axes[0]
    mine = rsa[(rsa["direction"] == "bert_to_lstm") & (rsa["pair"] == "reconstructed_vs_target")]
    expected = mine.pivot(index="epoch", columns="seed", values="value")
    drawn = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 7]
    assert any(np.allclose(y, expected.mean(axis=1)) for y in drawn)
    assert len(axes.collections) == 6  # one band a pair
    assert any(list(line.get_xdata()) == [3, 3] for line in axes.lines)
    assert "n = 5 seeds" in axes.get_title(loc="left")


def test_one_seed_has_lines_without_bands():
    tables = study_tables(seeds=1, epochs=4)
    with house_style():
        rsa = tables.rsa[tables.rsa["item_set"] == "test"]
        axes = trajectories(rsa, ("bert_to_lstm",), 2, "").axes[0]
        to_png(axes.figure)
    assert not axes.collections
    assert "n = 1 seed)" in axes.get_title(loc="left")


def test_transfer_rows_state_their_own_number_of_seeds():
    last = study_tables(seeds=4).transfer.query("epoch == 20 and bottleneck in (0, 32)")
    last = last[(last["representation"] != "lstm") | (last["seed"] != 1)]
    with house_style():
        figure = transfer_results(last, "")
        names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "LSTM  (n = 3)" in names
    assert "BERT  (n = 4)" in names


def test_layer_widths_follow_the_recipe():
    assert layer_widths(768, 32, 300) == (768, 128, 64, 32, 64, 128, 300)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("sample (synthetic)", "sample (synthetic)"),
        ("/home/someone/very/long/path/hate/train.csv", "…/hate/train.csv"),
        ("/data/" + "x" * 40, "…" + "x" * 22),
        ("hub:dair-ai/emotion@0123456789abcdef", "hub:dair-ai/\nemotion"),
        ("hub:tweets-hate-speech-detection/tweets", "hub:tweets-hate-speech-…\ntweets"),
    ],
)
def test_the_design_shows_the_end_of_a_path_and_a_hub_corpus_by_name(source, shown):
    tables = study_tables(seeds=1, epochs=2)
    tables.meta["corpora"][0]["source"] = source
    assert design_of(tables).emotion == shown


def test_no_legend_covers_a_line():
    tables = study_tables(seeds=2, epochs=4)
    with house_style():
        drawn = [plan.draw() for plan in plan_figures(tables, example_items(4, projected=12))]
    assert not [axes for figure in drawn for axes in figure.axes if axes.get_legend()]


@pytest.mark.slow
def test_drawing_never_touches_pyplot():
    program = (
        "import sys; import hybridrep.reporting.report; "
        "from hybridrep.testing.reporting_fixtures import example_items as e; "
        "from hybridrep.studies.hybrid.similarity.figure import similarity_grid as g; "
        "from hybridrep.reporting.style import to_png; "
        "to_png(g(e(3).emotion_matrices, '')); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
