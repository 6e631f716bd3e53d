"""The example seed that the report's single-simulation figures show: matrices and projections.

The projections (t-SNE) are computed for this one seed only, as tasks like all others.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from hybridrep.analysis.projections import t_sne
from hybridrep.analysis.similarity import cosine_similarity
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.randomness import generator
from hybridrep.studies.hybrid.global_vectors import stage as embed
from hybridrep.studies.hybrid.inputs import Inputs, read_corpus
from hybridrep.studies.hybrid.names import REPRESENTATIONS
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.report.example import ExampleSeed
from hybridrep.studies.hybrid.similarity import stage as rsa
from hybridrep.studies.hybrid.similarity.items import (
    ExampleItems,
    Items,
    Projection,
    SimilarityMatrices,
)
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.transformation import stage as autoencode
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.tweets.rows import emotion_rows, transfer_rows
from hybridrep.studies.hybrid.tweets.splits import sample_items

CORPORA = ("emotion", "hate")

PER_HATE_CLASS = 150
"""Test tweets shown of each class of the new task, or as many as there are: 300, as of emotions."""


@dataclass(frozen=True)
class ProjectTask:
    """Two representations of a corpus: an autoencoder's two layers, or LSTM and BERT (None)."""

    inputs: Inputs
    seed: int
    variant: Variant | None
    corpus: str


def key(inputs: Inputs, store: Store, seed: int, variant: Variant | None, corpus: str) -> str:
    """Key of the projections of two of a seed's representations."""
    return content_key(
        {
            "stage": "example",
            "code": code_version(__name__),
            "seed": seed,
            "task_specific": lstm.vectors_key(inputs, seed),
            "global": embed.keys(inputs, store),
            "autoencoder": autoencode.key(inputs, store, variant, seed) if variant else "",
            "items": inputs.config.items_per_emotion,
            "corpus": corpus,
        }
    )


def tasks(inputs: Inputs, store: Store, seed: int) -> list[Task]:
    """One task a corpus for LSTM and BERT, and for each autoencoder."""
    return [
        Task(
            stage="example",
            label=f"{corpus} {f'{v.direction} b{v.bottleneck}' if v else 'lstm and bert'}",
            produces=(key(inputs, store, seed, v, corpus),),
            needs=(
                *embed.keys(inputs, store),
                lstm.vectors_key(inputs, seed),
                *([autoencode.key(inputs, store, v, seed)] if v else []),
            ),
            function=project,
            payload=ProjectTask(inputs, seed, v, corpus),
            units=2,
            noun="projections",
            seconds=3.0,
        )
        for v in (None, *autoencode.variants(inputs))
        for corpus in CORPORA
    ]


def project(store: Store, task: ProjectTask, missing: tuple[str, ...]) -> None:
    """Store t-SNE coordinates of a corpus' items, float32 [items, 2], and hate matrices."""
    started = time.perf_counter()
    vectors = _vectors(store, task)
    matrices: dict[str, np.ndarray] = {}
    if task.variant is not None and task.corpus == "hate":
        matrices = {n: cosine_similarity(v).astype(np.float16) for n, v in vectors.items()}
    shown = ("diffused", "transformed") if task.variant else ("task_specific", "global")
    points = {name: t_sne(vectors[name]).astype(np.float32) for name in shown}
    for result_key in missing:
        store.write(
            result_key,
            stage="example",
            inputs={"seed": task.seed, "corpus": task.corpus},
            arrays={"points": points, **({"matrices": matrices} if matrices else {})},
            code=(__name__,),
            seconds=time.perf_counter() - started,
        )


def _vectors(store: Store, task: ProjectTask) -> dict[str, np.ndarray]:
    """Return the representations of the corpus' shown items, by their names."""
    from hybridrep.transforms.stacked import apply_autoencoder

    inputs, variant, corpus = task.inputs, task.variant, task.corpus
    rows = shown_rows(store, inputs, task.seed, corpus)
    global_ = embed.global_vectors(store, inputs, corpus)[rows]
    stored = store.open(lstm.vectors_key(inputs, task.seed)).arrays("vectors")
    if corpus == "emotion":
        task_specific = stored["emotion"][rows]
    else:
        split = transfer_rows(
            read_corpus(store, inputs.hate.key), task.seed, inputs.config.duplicates
        )
        task_specific = stored["hate_test"][np.searchsorted(split.test, rows)]
    vectors = {"global": global_, "task_specific": task_specific}
    if variant is not None:
        source, _, *layers = roles(variant.direction)
        state = store.open(autoencode.key(inputs, store, variant, task.seed)).arrays("half")
        network = autoencode.network(inputs, variant)
        vectors |= dict(
            zip(layers, apply_autoencoder(network, state, vectors[source]), strict=True)
        )
    return vectors


def shown_rows(store: Store, inputs: Inputs, seed: int, corpus: str) -> np.ndarray:
    """Return the rows of a corpus that the figures show, sorted by class."""
    if corpus == "emotion":
        emotion = read_corpus(store, inputs.emotion.key)
        return emotion_rows(emotion, seed, inputs.config.items_per_emotion).items["test"]
    hate = read_corpus(store, inputs.hate.key)
    test = transfer_rows(hate, seed, inputs.config.duplicates).test
    smallest = np.bincount(hate.labels[test]).min()
    return sample_items(
        hate.labels,
        min(PER_HATE_CLASS, int(smallest)),
        generator(seed, "items", "transfer"),
        candidates=test,
        label_names=hate.label_names,
    )


def example_items(inputs: Inputs, store: Store, chosen: ExampleSeed) -> ExampleItems:
    """Read everything that the report shows of the example seed."""
    seed = chosen.seed
    items = {corpus: _items(inputs, store, seed, corpus) for corpus in CORPORA}
    emotion_matrices, hate_matrices = [], []
    projections: dict[str, list[Projection]] = {corpus: [] for corpus in CORPORA}
    for variant in (None, *autoencode.variants(inputs)):
        results = {c: store.open(key(inputs, store, seed, variant, c)) for c in CORPORA}
        place = (variant.direction, variant.bottleneck) if variant else ("", 0)
        for corpus, result in results.items():
            projections[corpus] += [
                Projection(representation, *place, points, items[corpus])
                for representation, points in result.arrays("points").items()
            ]
        if variant is not None:
            hate = results["hate"].arrays("matrices")
            hate_matrices.append(SimilarityMatrices(*place, hate, items["hate"]))
            stored = store.open(rsa.key(inputs, store, variant, seed))
            with np.load(stored.file("similarity_matrices.npz"), allow_pickle=False) as arrays:
                emotion = {n: arrays[n].astype(np.float16) for n in REPRESENTATIONS}
            emotion_matrices.append(SimilarityMatrices(*place, emotion, items["emotion"]))
    return ExampleItems(
        seed=seed,
        reason=chosen.reason,
        emotion_matrices=tuple(emotion_matrices),
        emotion_projections=tuple(projections["emotion"]),
        hate_matrices=tuple(hate_matrices),
        hate_projections=tuple(projections["hate"]),
    )


def _items(inputs: Inputs, store: Store, seed: int, corpus: str) -> Items:
    source = read_corpus(store, inputs.emotion.key if corpus == "emotion" else inputs.hate.key)
    rows = shown_rows(store, inputs, seed, corpus)
    return Items(source.labels[rows], source.label_names, tuple(source.texts[r] for r in rows))
