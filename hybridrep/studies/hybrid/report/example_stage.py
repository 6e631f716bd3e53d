"""The example seed of the report's single-simulation figures: matrices and projections (t-SNE)."""

from __future__ import annotations

import numpy as np

from hybridrep.analysis.projections import t_sne
from hybridrep.analysis.similarity import cosine_similarity
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import Hybrid, read_corpus
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.results.representative import Representative
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.similarity.items import (
    ExampleItems,
    Items,
    Projection,
    SimilarityMatrices,
)
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.tweets.rows import Duplicates, emotion_rows, transfer_rows
from hybridrep.studies.hybrid.tweets.splits import sample_items

STAGE = Stage("example", module=__name__, noun="projections", entry="report")
CORPORA = ("emotion", "hate")


def corpora_of(study: Hybrid) -> tuple[str, ...]:
    """Return the corpora that there are vectors of."""
    return CORPORA if study.inputs.new_task else CORPORA[:1]


PER_HATE_CLASS = 150
"""Test tweets shown of each class of the new task, or as many as there are: 300, as of emotions."""


def nodes(study: Hybrid, seed: int) -> list[Node]:
    """Declare a seed's projections: of each corpus LSTM and BERT, and each autoencoder's layers."""
    variants, corpora = (None, *transformation.variants(study)), corpora_of(study)
    return [node(study, seed, variant, corpus) for variant in variants for corpus in corpora]


@declared_once
def node(study: Hybrid, seed: int, variant: Variant | None, corpus: str) -> Node:
    """Declare the projections of an autoencoder's two layers, or, without, of LSTM and BERT."""
    inputs, config = study.inputs, study.inputs.config
    source = inputs.emotion if corpus == "emotion" else inputs.hate
    return STAGE.node(
        make, corpus, variant, seed, config.items_per_emotion, config.duplicates,
        chunks=global_vectors.chunk_nodes(study, source),
        vectors=task_specific.vectors_node(study, seed),
        autoencoder=[transformation.node(study, variant, seed)] if variant else [],
        reads={"corpus": source.key},
        name=f"{corpus} {variant.place if variant else 'lstm and bert'}", seed=seed,
        units=2, seconds=3.0, about={"seed": seed, "corpus": corpus},
    )  # fmt: skip


def make(
    read: Reader, name: str, variant: Variant | None, seed: int, per_emotion: int,
    duplicates: Duplicates,
) -> Made:  # fmt: skip
    """Return t-SNE coordinates of a corpus' items, float32 [items, 2], and hate matrices."""
    corpus = read_corpus(read.store, read.key("corpus"))
    vectors = _vectors(read, corpus, variant, seed, per_emotion, duplicates)
    matrices: dict[str, np.ndarray] = {}
    if variant is not None and name == "hate":
        matrices = {n: cosine_similarity(v).astype(np.float16) for n, v in vectors.items()}
    projected = ("diffused", "transformed") if variant else ("task_specific", "global")
    points = {each: t_sne(vectors[each]).astype(np.float32) for each in projected}
    return Made(arrays={"points": points, **({"matrices": matrices} if matrices else {})})


def _vectors(
    read: Reader, corpus: Corpus, variant: Variant | None, seed: int, per_emotion: int,
    duplicates: Duplicates,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Return the representations of the corpus' shown items, by their names."""
    from hybridrep.transforms.stacked import apply_autoencoder

    rows = shown_rows(corpus, seed, per_emotion, duplicates)
    encoded = global_vectors.global_vectors(read.store, read.key("corpus"), read.keys["chunks"])
    stored = read["vectors"].arrays("vectors")
    if corpus.name == "emotion":
        task_vectors = stored["emotion"][rows]
    else:
        split = transfer_rows(corpus, seed, duplicates)
        task_vectors = stored["hate_test"][np.searchsorted(split.test, rows)]
    vectors = {"global": encoded[rows], "task_specific": task_vectors}
    if variant is not None:
        source, target, *layers = roles(variant.direction)
        sizes = vectors[source].shape[1], vectors[target].shape[1]
        network = transformation.network(variant, sizes)
        state = read["autoencoder"].arrays("half")
        values = apply_autoencoder(network, state, vectors[source])
        vectors |= dict(zip(layers, values, strict=True))
    return vectors


def shown_rows(corpus: Corpus, seed: int, per_emotion: int, duplicates: Duplicates) -> np.ndarray:
    """Return the rows of a corpus that the figures show, sorted by class."""
    if corpus.name == "emotion":
        return emotion_rows(corpus, seed, per_emotion).items["test"]
    test = transfer_rows(corpus, seed, duplicates).test
    smallest = np.bincount(corpus.labels[test]).min()
    return sample_items(
        corpus.labels, min(PER_HATE_CLASS, int(smallest)), generator(seed, "items", "transfer"),
        candidates=test, label_names=corpus.label_names,
    )  # fmt: skip


def example_items(study: Hybrid, chosen: Representative) -> ExampleItems:
    """Read everything that the report shows of the example seed."""
    seed = chosen.seed
    corpora = corpora_of(study)
    items = {corpus: _items(study, seed, corpus) for corpus in corpora}
    emotion_matrices, hate_matrices = [], []
    projections: dict[str, list[Projection]] = {corpus: [] for corpus in CORPORA}
    for variant in (None, *transformation.variants(study)):
        results = {c: study.open(node(study, seed, variant, c)) for c in corpora}
        place = (variant.direction, variant.bottleneck) if variant else ("", 0)
        for corpus, result in results.items():
            projections[corpus] += [
                Projection(representation, *place, points, items[corpus])
                for representation, points in result.arrays("points").items()
            ]
        if variant is not None:
            if "hate" in results:
                hate = results["hate"].arrays("matrices")
                hate_matrices.append(SimilarityMatrices(*place, hate, items["hate"]))
            stored = study.open(similarity.node(study, variant, seed))
            matrices, _ = similarity.read_matrices(stored)
            emotion = {name: matrix.astype(np.float16) for name, matrix in matrices.items()}
            emotion_matrices.append(SimilarityMatrices(*place, emotion, items["emotion"]))
    return ExampleItems(
        seed=seed, reason=chosen.reason, emotion_matrices=tuple(emotion_matrices),
        emotion_projections=tuple(projections["emotion"]), hate_matrices=tuple(hate_matrices),
        hate_projections=tuple(projections["hate"]),
    )  # fmt: skip


def _items(study: Hybrid, seed: int, name: str) -> Items:
    inputs, config = study.inputs, study.inputs.config
    corpus = read_corpus(study.store, inputs.emotion.key if name == "emotion" else inputs.hate.key)
    rows = shown_rows(corpus, seed, config.items_per_emotion, config.duplicates)
    return Items(corpus.labels[rows], corpus.label_names, tuple(corpus.texts[r] for r in rows))
