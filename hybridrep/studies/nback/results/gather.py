"""A study's finished results, read from the store into its long tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from hybridrep.execution.fingerprint import content_key
from hybridrep.studies.nback.decoding import stage as decoding
from hybridrep.studies.nback.features import perceptual
from hybridrep.studies.nback.geometry import nodes as geometry
from hybridrep.studies.nback.geometry.angles_stage import perceptual_node
from hybridrep.studies.nback.inputs import Inputs, NBack
from hybridrep.studies.nback.memory import front_end
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipes
from hybridrep.studies.nback.names import task_named
from hybridrep.studies.nback.results.schema import SCHEMAS, frame
from hybridrep.studies.nback.results.similarity import ACROSS_TABLES
from hybridrep.studies.nback.results.tables import SCHEMA_VERSION, NBackTables
from hybridrep.studies.nback.similarity import across, within
from hybridrep.tracking.provenance import package_versions, provenance_tags


def study_key(inputs: Inputs) -> str:
    """Identify a study: its configuration and data, whatever its seeds and where it runs."""
    return content_key(
        {
            "config": inputs.config.study_identity(), "stimuli": inputs.stimuli.digest,
            "background": list(inputs.background.fingerprint),
            "backbone": inputs.backbone.fingerprint,
        }
    )  # fmt: skip


def study_tables(
    study: NBack, seeds: Sequence[int], failed: Mapping[int, str],
    stages: Sequence[str] | None = None,
) -> NBackTables:  # fmt: skip
    """Read complete seeds' results, of all or these entry points; `failed`: why seeds have none."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in SCHEMAS}
    wanted = [read for stage, read in _READ.items() if stages is None or stage in stages]
    for seed in seeds:
        if stages is None or "nback_geometry" in stages:
            parts["orthogonality"].append(_perceptual(study, seed))
        for recipe in recipes(study.config):
            label: dict[str, Any] = {
                "seed": seed, "architecture": recipe.architecture, "hidden": recipe.hidden,
                "diet": recipe.diet,
            }  # fmt: skip
            for read in wanted:
                for name, table in read(study, recipe, seed).items():
                    parts[name].append(table.assign(**label))
    decoded = perceptual.node(study)
    if (stages is None or "nback_stimuli" in stages) and study.has(decoded):
        parts["perceptual"].append(study.open(decoded).table("decodability"))
    tables = {
        name: frame(name, pd.concat(some, ignore_index=True) if some else ())
        for name, some in parts.items()
    }
    return NBackTables(**tables, meta=_meta(study, seeds, failed)).validate()


def _of_network(study: NBack, recipe: NetworkRecipe, seed: int) -> dict[str, pd.DataFrame]:
    result = study.open(memory.node(study, recipe, seed))
    by_task = result.table("by_task")
    tasks = [task_named(name) for name in by_task["task"]]
    row = {name: result.meta[name] for name in ("iterations", "total", "recurrent")}
    return {
        "networks": pd.DataFrame([row]), "curves": result.table("curves"),
        "losses": result.table("losses"),
        "by_task": by_task.drop(columns="task").assign(
            n=[task.n for task in tasks], feature=[task.feature for task in tasks]
        ),
    }  # fmt: skip


def _decoded(study: NBack, recipe: NetworkRecipe, seed: int) -> dict[str, pd.DataFrame]:
    result = study.open(decoding.node(study, recipe, seed))
    names = ("decoding", "cross_task")
    return {name: result.table(name) for name in names if f"{name}.parquet" in result.files}


def _geometry(study: NBack, recipe: NetworkRecipe, seed: int) -> dict[str, pd.DataFrame]:
    nodes = geometry.of_network(study, recipe, seed)
    found = {name: study.open(node).table(name) for name, node in nodes.items()}
    similar = study.open(within.node(study, recipe, seed)).table("similarities")
    return {
        **found, "orthogonality": found["orthogonality"].assign(space="encoding"),
        "similarities": similar,
    }  # fmt: skip


def _perceptual(study: NBack, seed: int) -> pd.DataFrame:
    found = study.open(perceptual_node(study, seed)).table("orthogonality")
    return found.assign(space="perceptual", seed=seed, architecture="", hidden=0, diet="")


_READ: dict[str, Callable[[NBack, NetworkRecipe, int], dict[str, pd.DataFrame]]] = {
    "nback_train": _of_network, "nback_decode": _decoded,
    "nback_geometry": _geometry,
}  # fmt: skip
"""The tables of a network, by the entry point that makes them."""


def across_tables(study: NBack, seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
    """Read what compares the networks of some seeds; empty tables where nothing does."""
    stored = [study.open(node) for node in across.nodes(study, seeds)]
    return {
        name: make([each.table(name) for each in stored]) for name, make in ACROSS_TABLES.items()
    }


def _meta(study: NBack, seeds: Sequence[int], failed: Mapping[int, str]) -> dict[str, Any]:
    inputs, config = study.inputs, study.inputs.config
    return {
        "schema_version": SCHEMA_VERSION, "study": config.study, "study_key": study_key(inputs),
        "config": config.model_dump(mode="json"), "seeds_wanted": list(config.seeds),
        "seeds_failed": {str(seed): reason for seed, reason in failed.items()},
        "stimuli": {
            "source": inputs.stimuli.source, "description": inputs.stimuli.description,
            "digest": inputs.stimuli.digest, "background": inputs.background.source,
        },
        "backbone": {
            "description": inputs.backbone.description,
            "fingerprint": inputs.backbone.fingerprint,
        },
        "components": _components(study, seeds), "versions": package_versions(),
        "commit": provenance_tags().get("mlflow.source.git.commit", ""),
    }  # fmt: skip


def _components(study: NBack, seeds: Sequence[int]) -> dict[str, Any]:
    """What the front end keeps of the images; of maps that are convolved nothing is left out."""
    if not seeds or study.config.front_end != "pca":
        return {}
    meta = study.open(front_end.node(study)).meta
    return {name: meta[name] for name in ("components", "explained")}
