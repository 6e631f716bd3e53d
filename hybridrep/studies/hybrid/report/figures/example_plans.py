"""The figures of one simulation: similarity matrices and t-SNE of the example seed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hybridrep.reporting.formatting import counted
from hybridrep.reporting.plan import Plan
from hybridrep.studies.hybrid.report.figures.tsne import autoencoded, originals, whole_way
from hybridrep.studies.hybrid.similarity.figure import similarity_grid
from hybridrep.studies.hybrid.similarity.items import ExampleItems


def example_plans(example: ExampleItems, sizes: tuple[int, ...]) -> Iterator[Plan]:
    """Plan the figures that the example seed allows, for every bottleneck size."""
    if any(not p.direction for p in example.emotion_projections):
        points = counted(len(example.emotion_projections[0].items.labels), "tweet")
        yield Plan(
            name="fig_3_tsne",
            title="t-SNE of LSTM and BERT",
            caption=f"Each point is an emotion tweet (the paper’s Fig. 3). {example.reason}",
            alternative="Two scatter plots of tweets coloured and shaped by emotion: LSTM "
            "embeddings left, BERT embeddings right.",
            group="representations",
            draw=partial(originals, example.emotion_projections, f"Seed {example.seed}, {points}"),
        )
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
            name=f"{name}_b{size}",
            title=f"{title}, bottleneck {size}",
            caption=f"Each point is a tweet of the {corpus} corpus (the paper’s {paper}). "
            f"{example.reason}",
            alternative=f"Scatter plots of {corpus} tweets coloured and shaped by class, one row "
            "per direction, from the autoencoder’s layers.",
            group="representations" if corpus == "emotion" else "appendix",
            draw=partial(function, projections, size, remark),
        )
