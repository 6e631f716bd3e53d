"""The data's way through a study: which tasks make a seed's results, in which order.

    corpora -> embed ----------+-> autoencode -> rsa
            -> lstm -----------+              -> transfer

Seeds are worked through in groups, so that the first seeds are finished while later ones wait.
"""

from __future__ import annotations

from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.running.work import groups
from hybridrep.studies.hybrid.global_vectors import stage as embed
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.similarity import pictures
from hybridrep.studies.hybrid.similarity import resamples as inference
from hybridrep.studies.hybrid.similarity import stage as rsa
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.transfer import stage as transfer
from hybridrep.studies.hybrid.transformation import baseline as linear_baseline
from hybridrep.studies.hybrid.transformation import stage as autoencode

STAGES = ("embed", "lstm", "autoencode", "rsa", "transfer")
"""The stages that compute something, as the entry points are named."""


_UPSTREAM = {
    "embed": {"embed"},
    "lstm": {"lstm"},
    "autoencode": {"embed", "lstm", "autoencode"},
    "rsa": {"embed", "lstm", "autoencode", "rsa"},
    "transfer": {"embed", "lstm", "autoencode", "transfer"},
}


def tasks(inputs: Inputs, store: Store, stage: str = "") -> list[Task]:
    """Return the tasks of a study, or those that one stage needs, in the order of priority.

    Args:
        stage: one of `STAGES`; empty: all of them.
    """
    wanted = _UPSTREAM[stage] if stage else set(STAGES)
    found: list[Task] = []
    if "embed" in wanted:
        found += embed.tasks(inputs, store)
    for seeds in groups(inputs.config.seeds):
        if "lstm" in wanted:
            found += [task for seed in seeds for task in lstm.tasks(inputs, seed)]
        if "autoencode" in wanted:
            found += autoencode.tasks(inputs, store, seeds)
            found += linear_baseline.tasks(inputs, store, seeds)
        if "rsa" in wanted:
            found += rsa.tasks(inputs, store, seeds)
            found += pictures.tasks(inputs, store, seeds)
            found += inference.tasks(inputs, store, seeds)
        if "transfer" in wanted:
            found += transfer.tasks(inputs, store, seeds)
    return found


def seed_keys(inputs: Inputs, store: Store, seed: int) -> dict[str, str]:
    """Return the keys of everything that a complete seed consists of, by a readable name."""
    keys = {"lstm": lstm.network_key(inputs, seed), "task_specific": lstm.vectors_key(inputs, seed)}
    keys["linear_baseline"] = linear_baseline.key(inputs, store, seed)
    for variant in autoencode.variants(inputs):
        name = f"{variant.direction}/b{variant.bottleneck}"
        keys[f"autoencoder/{name}"] = autoencode.key(inputs, store, variant, seed)
        keys[f"rsa/{name}"] = rsa.key(inputs, store, variant, seed)
        keys[f"pictures/{name}"] = pictures.key(inputs, store, variant, seed)
        keys[f"inference/{name}"] = inference.key(inputs, store, variant, seed)
    for bottleneck in (0, *inputs.config.bottlenecks):
        keys[f"transfer/b{bottleneck}"] = transfer.key(inputs, store, bottleneck, seed)
    return keys
