"""The data's way through a study: what is made from what, and what a complete seed consists of.

    tweets -> global_vectors ----+-> transformation -> similarity
           -> task_specific -----+                  -> transfer
                                 +-> fusion (on the new task, too)

Vectors that are given take the place of either representation; without any of the new task
transfer is left out. Each stage declares what it reads; the platform finds the order, and trains in
groups of seeds.
"""

from __future__ import annotations

from hybridrep.running.stage import Node
from hybridrep.studies.hybrid.fusion import new_task
from hybridrep.studies.hybrid.fusion import stage as fusion
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.report import example_stage as example
from hybridrep.studies.hybrid.similarity import (
    across,
    measured,
    pictures,
    representations,
    resamples,
)
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transfer import stage as transfer
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.studies.hybrid.transformation import stage as transformation

WARM_UP = (
    __name__, "hybridrep.sources.encoders._model",
    "hybridrep.studies.hybrid.task_specific.training", "hybridrep.studies.hybrid.transfer.stacked",
    "hybridrep.transforms.methods", "hybridrep.transforms.stacked",
)  # fmt: skip
"""What a study's tasks import: all that is below this module, and what they load late."""


def shared(study: Hybrid) -> list[Node]:
    """Declare what all seeds share: the global vectors of both corpora."""
    return global_vectors.nodes(study)


def of_seed(study: Hybrid, seed: int) -> list[Node]:
    """Declare everything that a complete seed consists of, stage by stage."""
    variants = transformation.variants(study)
    sizes = (0, *study.config.bottlenecks) if study.inputs.new_task else ()
    return [
        *([] if study.inputs.task_specific else [task_specific.network_node(study, seed)]),
        task_specific.vectors_node(study, seed),
        *(transformation.node(study, variant, seed) for variant in variants),
        baseline.node(study, seed),
        *(similarity.node(study, variant, seed) for variant in variants),
        *(pictures.node(study, variant, seed) for variant in variants),
        *(resamples.node(study, variant, seed) for variant in variants),
        representations.node(study, seed),
        measured.node(study, seed),
        *(transfer.node(study, size, seed) for size in sizes),
        *fusion.nodes(study, seed),
        *new_task.nodes(study, seed),
    ]


def of_example(study: Hybrid, seed: int) -> list[Node]:
    """Declare what the report needs besides: one seed's projections, and seeds compared."""
    return [*example.nodes(study, seed), *across.nodes(study, study.config.seeds)]
