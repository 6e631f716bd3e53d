"""Which figures a study gets, what each is called, and what stands under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, listed, number
from hybridrep.studies.hybrid.fusion.methods import COMPARED, title_of
from hybridrep.studies.hybrid.names import (
    DIRECTIONS,
    SHARED,
    TRANSFER,
    TRANSFER_METRICS,
    UNSIZED,
    readable,
)
from hybridrep.studies.hybrid.report.figures.architecture import architecture
from hybridrep.studies.hybrid.report.figures.comparisons import bottleneck_sizes as draw_sizes
from hybridrep.studies.hybrid.report.figures.comparisons import (
    item_sets,
    studies_rsa,
    studies_transfer,
)
from hybridrep.studies.hybrid.report.figures.correlations import correlation_matrices
from hybridrep.studies.hybrid.report.figures.curves import (
    autoencoder_curves,
    lstm_curves,
    transfer_curves,
)
from hybridrep.studies.hybrid.report.figures.design import design_of, study_design
from hybridrep.studies.hybrid.report.figures.diffusion import diffusion_map
from hybridrep.studies.hybrid.report.figures.measures import measure_plans
from hybridrep.studies.hybrid.report.figures.trajectories import trajectories
from hybridrep.studies.hybrid.report.figures.transfer import transfer_results
from hybridrep.studies.hybrid.report.figures.tsne import autoencoded, originals, whole_way
from hybridrep.studies.hybrid.results.comparison import Comparison
from hybridrep.studies.hybrid.results.facts import encoder_name, more_classes_than_the_paper
from hybridrep.studies.hybrid.results.fused import COMPARED_ON, final_fusion
from hybridrep.studies.hybrid.results.published import BOTTLENECKS, published_table_1
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import (
    bottleneck_sizes,
    directions_of,
    final_transfer,
    used_rsa,
)
from hybridrep.studies.hybrid.similarity.figure import similarity_grid
from hybridrep.studies.hybrid.similarity.items import ExampleItems


def plan_figures(
    tables: StudyTables, example: ExampleItems | None = None,
    frames: Mapping[str, pd.DataFrame] | None = None,
) -> list[Plan]:  # fmt: skip
    """Return the figures that a study's tables, its report's tables and its example seed allow."""
    sizes = bottleneck_sizes(tables)
    return [
        *_design(tables), *(example_plans(example, sizes) if example is not None else ()),
        *(plan for place in range(len(sizes)) for plan in _rsa(tables, sizes[place], place)),
        *_sizes(tables, sizes), *_fusion(tables, sizes),
        *measure_plans(tables, sizes, frames or {}), *_transfer(tables, sizes),
        *_curves(tables, sizes),
    ]  # fmt: skip


def _seeds_in(frame: pd.DataFrame) -> str:
    return f"n = {counted(frame['seed'].nunique(), 'seed')}"


def _design(tables: StudyTables) -> Iterator[Plan]:
    facts = design_of(tables)
    yield Plan(
        name="fig_1_design", title="The study’s design",
        caption="Drawn from the configuration (the paper’s Fig. 1). BERT stands for the frozen "
        f"encoder throughout: here {encoder_name(tables)}.",
        alternative="Three steps from left to right: emotion tweets give LSTM and BERT "
        "representations; two autoencoders turn one into the other; seven representations are "
        "tried on a new task.",
        group="design", draw=partial(study_design, facts),
    )  # fmt: skip
    yield Plan(
        name="fig_2_architecture", title="The autoencoders",
        caption="Drawn from the configuration (the paper’s Fig. 2). Numbers are the widths of the "
        "layers.",
        alternative="Two rows of seven layers, narrowing from the input to the bottleneck "
        f"({listed([str(b) for b in facts.bottlenecks])} wide) and widening to the output.",
        group="design", draw=partial(architecture, facts),
    )  # fmt: skip


def _rsa(tables: StudyTables, size: int, place: int) -> Iterator[Plan]:
    used = used_rsa(tables)
    used = used[used["bottleneck"] == size]
    every = tables.rsa[(tables.rsa["item_set"] == "test") & (tables.rsa["bottleneck"] == size)]
    if not len(used):
        return
    directions = directions_of(tables)
    linear = tables.linear_baseline.rename(columns={"reconstructed_vs_target_test": "value"})
    remark = f"{_seeds_in(used)}, bottleneck {size}"
    group = "transformation" if place == 0 else "appendix"
    yield Plan(
        name=f"fig_5_correlations_b{size}", title=f"Correlations, bottleneck {size}",
        caption="Pearson r between the similarity matrices of every two representations, mean ± "
        f"SD over seeds, at epoch {tables.half_epoch} (the paper’s Fig. 5).",
        alternative=f"Two annotated four-by-four matrices. {_levels(used)}", group=group,
        draw=partial(
            correlation_matrices, used[used["item_set"] == "test"], directions,
            f"{remark}, test tweets",
        ),
        plain=True,
    )  # fmt: skip
    lines = partial(
        trajectories, every, used_epoch=tables.half_epoch, remark=f"{remark}, test tweets",
        linear=linear,
    )  # fmt: skip
    yield Plan(
        name=f"fig_6_trajectories_b{size}", title=f"Trajectories over epochs, bottleneck {size}",
        caption="Pearson r over the autoencoder’s epochs, mean over seeds with a band of ± 1 SD "
        f"(the paper’s Fig. 6). The model at epoch {tables.half_epoch} is the one that is used.",
        alternative=f"Six lines per direction over epochs. {_levels(used)}", group=group,
        draw=partial(lines, directions),
    )  # fmt: skip
    yield Plan(
        name=f"item_sets_b{size}", title=f"Seen, test and unseen tweets, bottleneck {size}",
        caption="The same correlations on tweets that both models were trained on, on the paper’s "
        "test tweets, and on tweets that neither model saw"
        + (", those that are the same for every seed apart."
           if SHARED in set(used["item_set"]) else "."),
        alternative="Dot plot of mean r and its interval for six pairs and three sets of tweets.",
        group=group, draw=partial(item_sets, used, directions, remark),
    )  # fmt: skip
    for letter, direction in zip("ab", DIRECTIONS, strict=True):
        if direction in directions:
            number_there = BOTTLENECKS.index(size) + 1 if size in BOTTLENECKS else ""
            there = f"Fig. {letter.upper()}{number_there}" if number_there else "Appendix II"
            yield Plan(
                name=f"fig_{letter}{number_there}_trajectories_{direction}_b{size}",
                title=f"{readable(direction)} over epochs, bottleneck {size}",
                caption=f"One direction (the paper’s {there}): Pearson r over epochs, mean over "
                "seeds with a band of ± 1 SD.",
                alternative=f"Six lines over epochs. {_levels(used)}", group="appendix",
                draw=partial(lines, (direction,)),
            )  # fmt: skip


def _levels(rsa: pd.DataFrame) -> str:
    """Return the mean r that matters most, per direction, for texts that replace a picture."""
    chosen = rsa[(rsa["pair"] == "reconstructed_vs_target") & (rsa["item_set"] == "test")]
    means = chosen.groupby("direction", sort=False)["value"].mean()
    parts = [f"{number(means[d], 2)} for {readable(d)}" for d in DIRECTIONS if d in means]
    return f"Reconstruction and target correlate with r = {listed(parts)}." if parts else ""


def _sizes(tables: StudyTables, sizes: tuple[int, ...]) -> Iterator[Plan]:
    rows = used_rsa(tables, "test")
    if len(sizes) < 2 or not len(rows):
        return
    yield Plan(
        name="bottleneck_sizes", title="The size of the bottleneck",
        caption=f"Pearson r at epoch {tables.half_epoch} for every size, mean and SD over seeds.",
        alternative="Six lines per direction over bottleneck sizes "
        f"{listed([str(s) for s in sizes])}.",
        group="transformation",
        draw=partial(draw_sizes, rows, directions_of(tables), f"{_seeds_in(rows)}, test tweets"),
    )  # fmt: skip


def _fusion(tables: StudyTables, sizes: tuple[int, ...]) -> Iterator[Plan]:
    rows = tables.fusion
    for place, size in enumerate(sizes if len(rows) else ()):
        mine = rows[rows["bottleneck"].isin([0, size])]
        shares = final_fusion(tables, COMPARED_ON)
        shares = shares[shares["bottleneck"].isin([0, size])]
        best = shares.groupby("method")["share_of_ceiling"].mean()
        yield Plan(
            name=f"diffusion_map_b{size}", title=f"The diffusion map, bottleneck {size}",
            caption="How much of BERT (across) and of the LSTM (upwards) each representation "
            "carries: every seed a point, lines the way of their mean over epochs, from a dot "
            "before training. No representation whatever can lie outside the ellipse; along the "
            "dashed line both are carried alike, up to the ceiling in its corner.",
            alternative="Scatter plots inside an ellipse, on unseen and on test tweets. Mean share "
            "of the ceiling: "
            + listed([f"{title_of(m)} {number(best[m], 2)}" for m in COMPARED if m in best]) + ".",
            group="fusion" if place == 0 else "appendix",
            draw=partial(
                diffusion_map, mine, ("unseen", "test"), f"{_seeds_in(mine)}, bottleneck {size}"
            ),
        )  # fmt: skip


def _transfer(tables: StudyTables, sizes: tuple[int, ...]) -> Iterator[Plan]:
    last = final_transfer(tables)
    if not len(last):
        return
    paper = {} if more_classes_than_the_paper(tables) else {
        (str(row["representation"]), str(row["metric"])): float(row["mean"])
        for row in published_table_1().to_dict("records")
    }  # fmt: skip
    for place, size in enumerate(sizes or (0,)):
        # Table 1 is of one bottleneck; only what has none stands beside every size
        shown = TRANSFER if size == BOTTLENECKS[0] else UNSIZED
        printed = {key: mean for key, mean in paper.items() if key[0] in shown}
        beside = "" if not paper else (
            ", and the mean that the paper printed for its own corpora and encoder"
            + ("" if size == BOTTLENECKS[0]
               else f", where it has one (it printed the autoencoders’ at {BOTTLENECKS[0]} only)")
        )  # fmt: skip
        mine = last[last["bottleneck"].isin([0, size])]
        best = mine.groupby("representation")["test_accuracy"].mean()
        yield Plan(
            name=f"transfer_b{size}", title=f"The new task, bottleneck {size}",
            caption="Every seed as a point, the mean and its 95% confidence interval (Student’s "
            f"t) above it{beside}.",
            alternative=f"Three dot plots ({listed([readable(m) for m in TRANSFER_METRICS])}) of "
            f"seven representations. Highest mean test accuracy: {number(best.max(), 2)} "
            f"({readable(str(best.idxmax()))}).",
            group="transfer" if place == 0 else "appendix",
            draw=partial(transfer_results, mine, f"bottleneck {size}, last epoch", printed or None),
        )  # fmt: skip


def _curves(tables: StudyTables, sizes: tuple[int, ...]) -> Iterator[Plan]:
    band = "Mean over seeds with a band of ± 1 SD"
    if len(tables.lstm):
        yield Plan(
            name="curves_lstm", title="Learning curves of the LSTM", caption=f"{band}.",
            alternative="Losses and accuracies over epochs.", group="curves",
            draw=partial(lstm_curves, tables.lstm, _seeds_in(tables.lstm)),
        )  # fmt: skip
    for place, size in enumerate(sizes):
        group = "curves" if place == 0 else "appendix"
        mine = tables.autoencoder[tables.autoencoder["bottleneck"] == size]
        if len(mine):
            yield Plan(
                name=f"curves_autoencoders_b{size}",
                title=f"Learning curves, autoencoders, bottleneck {size}",
                caption=f"{band}, beside closed-form ridge regression on the same split and "
                "beside predicting the mean.",
                alternative="Train and test loss over epochs, one panel per direction, with two "
                "level lines.",
                group=group,
                draw=partial(
                    autoencoder_curves, mine, tables.linear_baseline,
                    [d for d in DIRECTIONS if d in set(mine["direction"])], tables.half_epoch,
                    f"{_seeds_in(mine)}, bottleneck {size}",
                ),
            )  # fmt: skip
        rows = tables.transfer[tables.transfer["bottleneck"].isin([0, size])]
        if len(rows):
            yield Plan(
                name=f"curves_transfer_b{size}",
                title=f"Learning curves, new task, bottleneck {size}", caption=f"{band}.",
                alternative="Losses and accuracy of seven representations over epochs.",
                group=group,
                draw=partial(transfer_curves, rows, f"{_seeds_in(rows)}, bottleneck {size}"),
            )  # fmt: skip


def plan_comparison(compared: Comparison) -> list[Plan]:
    """Return the figures of every shared size; the first has no size in its name."""
    names, rsa = compared.names, compared.rsa
    directions = [d for d in DIRECTIONS if d in set(rsa["direction"])]
    plans: list[Plan] = []
    for place, size in enumerate(compared.sizes or (0,)):
        end, at = (f"_b{size}", f", bottleneck {size}") if place else ("", "")
        remark = f"bottleneck {size}" if size else "representations without a bottleneck"
        results = compared.transfer[compared.transfer["bottleneck"].isin([0, size])]
        correlations = rsa[rsa["bottleneck"] == size]
        if len(results):
            plans.append(
                Plan(
                    f"compare_transfer{end}", f"The new task, side by side{at}",
                    "Mean and 95% confidence interval over seeds at the last epoch.",
                    "Three dot plots of seven representations, one mark for each of "
                    f"{listed(names)}.",
                    "comparison", partial(studies_transfer, results, names, remark),
                )
            )  # fmt: skip
        if len(correlations):
            plans.append(
                Plan(
                    f"compare_rsa{end}", f"Correlations, side by side{at}",
                    "Mean and 95% confidence interval over seeds at the epoch used, test tweets.",
                    f"Dot plots of six pairs, one mark for each of {listed(names)}.", "comparison",
                    partial(studies_rsa, correlations, names, directions, f"{remark}, test tweets"),
                )
            )  # fmt: skip
    return plans


def example_plans(example: ExampleItems, sizes: tuple[int, ...]) -> Iterator[Plan]:
    """Plan the figures that the example seed allows, for every bottleneck size."""
    if any(not p.direction for p in example.emotion_projections):
        points = counted(len(example.emotion_projections[0].items.labels), "tweet")
        yield Plan(
            name="fig_3_tsne", title="t-SNE of LSTM and BERT",
            caption=f"Each point is an emotion tweet (the paper’s Fig. 3). {example.reason}",
            alternative="Two scatter plots of tweets coloured and shaped by emotion: LSTM "
            "embeddings left, BERT embeddings right.",
            group="representations",
            draw=partial(originals, example.emotion_projections, f"Seed {example.seed}, {points}"),
        )  # fmt: skip
    for size in sizes:
        yield from _matrices(example, size)
        yield from _projections(example, size)


def _matrices(example: ExampleItems, size: int) -> Iterator[Plan]:
    sets = (
        ("fig_4_similarity", "Similarity matrices", "emotion", "Fig. 4", example.emotion_matrices),
        ("fig_e1_similarity_hate", "Similarity matrices, new task", "hate", "Fig. E1",
         example.hate_matrices),
    )  # fmt: skip
    for name, title, corpus, paper, records in sets:
        chosen = [r for r in records if r.bottleneck == size]
        if not chosen:
            continue
        items = counted(len(chosen[0].items.labels), "tweet")
        remark = f"Seed {example.seed}, bottleneck {size}, {items} sorted by class"
        yield Plan(
            name=f"{name}_b{size}", title=f"{title}, bottleneck {size}",
            caption=f"Cosine similarity of {items}, sorted by class, white lines where classes "
            f"meet (the paper’s {paper}). Colours span each matrix’s own range, written above it: "
            f"Pearson r compares patterns, not levels. {example.reason}",
            alternative="Rows of four square colour maps, one row per direction: LSTM, BERT, "
            f"bottleneck and reconstruction of {corpus} tweets; blocks on the diagonal are "
            "classes.",
            group="representations" if corpus == "emotion" else "appendix",
            draw=partial(similarity_grid, chosen, remark), plain=True,
        )  # fmt: skip


def _projections(example: ExampleItems, size: int) -> Iterator[Plan]:
    sets = (
        ("fig_c1_tsne_autoencoders", "t-SNE of bottleneck and reconstruction", "emotion",
         "Fig. C1", example.emotion_projections, autoencoded),
        ("fig_d1_tsne_hate", "t-SNE of the new task’s tweets", "hate", "Fig. D1",
         example.hate_projections, whole_way),
    )  # fmt: skip
    for name, title, corpus, paper, projections, function in sets:
        if not any(p.bottleneck == size for p in projections):
            continue
        points = counted(len(projections[0].items.labels), "tweet")
        remark = f"Seed {example.seed}, bottleneck {size}, {points}"
        yield Plan(
            name=f"{name}_b{size}", title=f"{title}, bottleneck {size}",
            caption=f"Each point is a tweet of the {corpus} corpus (the paper’s {paper}). "
            f"{example.reason}",
            alternative=f"Scatter plots of {corpus} tweets coloured and shaped by class, one row "
            "per direction, from the autoencoder’s layers.",
            group="representations" if corpus == "emotion" else "appendix",
            draw=partial(function, projections, size, remark),
        )  # fmt: skip
