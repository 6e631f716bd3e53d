"""Each seed's similarity matrices as a picture (the paper's Fig. 4), filed apart from the numbers.

A result of its own, so that another style of figures makes no number stale.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.studies.hybrid.inputs import Inputs, read_corpus
from hybridrep.studies.hybrid.names import REPRESENTATIONS
from hybridrep.studies.hybrid.similarity import stage as rsa
from hybridrep.studies.hybrid.similarity.figure import similarity_matrices_picture
from hybridrep.studies.hybrid.similarity.stage import MatricesTask, tasks_per_autoencoder
from hybridrep.studies.hybrid.transformation.stage import Variant


def key(inputs: Inputs, store: Store, variant: Variant, seed: int) -> str:
    """Key of the picture of a seed's similarity matrices for an autoencoder."""
    return content_key(
        {
            "stage": "pictures",
            "code": code_version(__name__),
            "matrices": rsa.key(inputs, store, variant, seed),
        }
    )


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """One task per seed and autoencoder."""
    return tasks_per_autoencoder(
        inputs, store, seeds, stage="pictures", function=draw, seconds=0.4,
        key=key, needs=rsa.key, noun="pictures",
    )  # fmt: skip


def draw(store: Store, task: MatricesTask, missing: tuple[str, ...]) -> None:
    """Draw the stored matrices of one autoencoder."""
    started = time.perf_counter()
    variant = task.variant
    result = store.open(rsa.key(task.inputs, store, variant, task.seed))
    with np.load(result.file("similarity_matrices.npz"), allow_pickle=False) as arrays:
        matrices = {name: arrays[name] for name in REPRESENTATIONS}
        labels = arrays["labels"]
    corpus = read_corpus(store, task.inputs.emotion.key)
    picture = similarity_matrices_picture(
        matrices, labels, corpus.label_names, variant.direction, variant.bottleneck, task.seed
    )
    for result_key in missing:
        store.write(
            result_key,
            stage="pictures",
            inputs={"seed": task.seed},
            files={"similarity_matrices.png": picture},
            code=(__name__,),
            seconds=time.perf_counter() - started,
        )
