"""What a seed's run in MLflow holds: read from the store's finished results, never recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from hybridrep.reporting.markup import code
from hybridrep.studies.nback.decoding import stage as decoding
from hybridrep.studies.nback.decoding.stage import KEPT_OF
from hybridrep.studies.nback.geometry import causal_stage
from hybridrep.studies.nback.inputs import Inputs, NBack
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.results.arrays import (
    across_time_arrays,
    cross_task_arrays,
    decoder_arrays,
    npz,
)
from hybridrep.studies.nback.results.decoding import every_number, metric_keys
from hybridrep.studies.nback.results.gather import study_tables
from hybridrep.studies.nback.results.geometry import geometry_keys, geometry_numbers
from hybridrep.studies.nback.results.performance import final, with_names
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.tracking.records import METRIC_COLUMNS, Contents, DataInput

_PERFORMANCE = "tables/nback_performance.json"
_DECODE = "tables/nback_decode.json"
_GEOMETRY = "tables/nback_geometry.json"


def seed_contents(study: NBack, seed: int) -> Contents:
    """Return what the run of a complete seed holds: metrics, performance and weights."""
    tables = study_tables(study, [seed], {})
    return Contents(
        metrics=metrics(tables),
        tables={
            _PERFORMANCE: seeds_table(tables), _DECODE: decode_table(tables),
            _GEOMETRY: geometry_of_seed(tables),
        },
        files={**dict(_files(study, seed)), **dict(_arrays(study, tables, seed))},
    )  # fmt: skip


def seed_artifacts(study: NBack, seed: int) -> dict[str, int | None]:
    """Return the paths of a seed run's artifacts, with their sizes where these are known."""
    files = {path: file.stat().st_size for path, file in _files(study, seed)}
    arrays = [
        f"nback/{recipe.name}/{kind}.npz"
        for recipe in recipes(study.config)
        if recipe.diet == KEPT_OF
        for kind in ("cross_task", "across_time", "decoders", "causal")
    ]
    return {**files, **dict.fromkeys((*arrays, _PERFORMANCE, _DECODE, _GEOMETRY))}


def _files(study: NBack, seed: int) -> Iterator[tuple[str, Path]]:
    for recipe in recipes(study.config):
        result = study.open(memory.node(study, recipe, seed))
        yield f"nback/{recipe.place}/weights.safetensors", result.file("weights.safetensors")


def _arrays(study: NBack, tables: NBackTables, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield the arrays of decoding of a seed's networks of all tasks, as NumPy's npz."""
    for recipe in recipes(study.config):
        if recipe.diet == KEPT_OF:
            place = f"nback/{recipe.name}"
            yield f"{place}/cross_task.npz", npz(cross_task_arrays(tables, recipe))
            yield f"{place}/across_time.npz", npz(across_time_arrays(tables, recipe))
            stored = study.open(decoding.node(study, recipe, seed))
            yield f"{place}/decoders.npz", npz(decoder_arrays(stored))
            tested = study.open(causal_stage.node(study, recipe, seed))
            yield f"{place}/causal.npz", npz(tested.arrays("causal"))


def decode_table(tables: NBackTables) -> pd.DataFrame:
    """Return the numbers of decoding, a row a network: what MLflow shows side by side."""
    found = every_number(tables)
    found = found[found["step"] == 0]
    keys = ["seed", "name", "diet"]
    wide = found.pivot_table(index=keys, columns="measure", values="value", sort=False)
    return wide.reset_index().rename_axis(columns=None)


def geometry_of_seed(tables: NBackTables) -> pd.DataFrame:
    """Return the numbers of the geometry, a row a space or network; states moved by one gap."""
    found = geometry_numbers(tables)
    kind = found["measure"].astype(str).str
    moved = kind.startswith("causal/") & ~kind.endswith("/interchange")
    found = found[(found["step"] == 100) | ~moved]
    keys = ["seed", "name"]
    wide = found.pivot_table(index=keys, columns="measure", values="value", sort=False)
    return wide.reset_index().rename_axis(columns=None)


def data_inputs(inputs: Inputs) -> tuple[DataInput, ...]:
    """The stimuli as MLflow's data set input."""
    objects = inputs.stimuli.objects
    counts = {
        name: sum(
            4 * views
            for each in objects
            for views, kind in zip(each.views, each.category_of, strict=True)
            if each.categories[kind] == name
        )
        for name in objects[0].categories
    }
    return (
        DataInput(
            name="stimuli", source=inputs.stimuli.source, digest=inputs.stimuli.digest,
            context="training and test", rows=sum(4 * sum(each.views) for each in objects),
            classes=counts,
        ),
    )  # fmt: skip


def seeds_table(tables: NBackTables) -> pd.DataFrame:
    """Return one row a seed and network: what it reached on every split."""
    ends = final(tables)
    keys = ["seed", "name", "diet"]
    wide = ends.pivot(index=keys, columns="split", values=["response_accuracy", "accuracy"])
    wide.columns = [f"{column[0]}_{column[1]}" for column in wide.columns]
    named = with_names(tables.networks, tables)[
        [*keys, "hidden", "iterations", "total", "recurrent"]
    ]
    order = ["name", "response_accuracy_val_angle"]
    table = ends[keys].drop_duplicates().merge(wide.reset_index(), on=keys).merge(named, on=keys)
    return table[[*order, *table.columns.drop(order)]]


def overview(tables: NBackTables) -> Contents:
    """Return what the study's run holds beside its report: a row a seed and network."""
    return Contents(tables={"seeds.json": seeds_table(tables)} if tables.seeds else {})


def stage_contents(stage: str, tables: NBackTables) -> Contents:
    """Return what the run of one stage holds: its tables, and as metrics the means over seeds."""
    filled = {name: table for name, table in tables.to_parts()[0].items() if len(table)}
    if not filled:
        return Contents()
    means = metrics(tables).groupby(["key", "step"], sort=False)["value"].mean().reset_index()
    return Contents(
        metrics=means, tables={f"tables/{name}.json": table for name, table in filled.items()}
    )


def metrics(tables: NBackTables) -> pd.DataFrame:
    """Return the metric points of a study (key, value, step = iteration of a network)."""
    parts = []
    curves = with_names(tables.curves, tables)
    place = "nback/" + curves["name"] + "/" + curves["diet"] + "/"
    for measure in ("accuracy", "response_accuracy"):
        key = place + measure + "/" + curves["split"]
        parts.append(
            pd.DataFrame({"key": key, "value": curves[measure], "step": curves["iteration"]})
        )
    losses = with_names(tables.losses, tables)
    key = "nback/" + losses["name"] + "/" + losses["diet"] + "/train_loss"
    parts.append(
        pd.DataFrame({"key": key, "value": losses["train_loss"], "step": losses["iteration"]})
    )
    networks = with_names(tables.networks, tables)
    place = "nback/" + networks["name"] + "/" + networks["diet"] + "/"
    for column, name in (
        ("iterations", "iterations"), ("total", "parameters/total"),
        ("recurrent", "parameters/recurrent"),
    ):  # fmt: skip
        parts.append(pd.DataFrame({"key": place + name, "value": networks[column], "step": 0}))
    parts.append(_perceptual(tables.perceptual))
    found = every_number(tables)
    if len(found):
        parts.append(found.assign(key=metric_keys(found))[[*METRIC_COLUMNS]])
    found = geometry_numbers(tables)
    if len(found):
        parts.append(found.assign(key=geometry_keys(found))[[*METRIC_COLUMNS]])
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=METRIC_COLUMNS)
    return pd.concat(filled, ignore_index=True).dropna(subset="value")


def _perceptual(table: pd.DataFrame) -> pd.DataFrame:
    """Return the points of what is decoded from the maps: shares of right answers."""
    mine = table[table["space"] == "perceptual"]
    key = "perceptual/decode/" + mine["feature"]
    key += mine["folds"].map({"images": "", "grouped": "_grouped"})
    return pd.DataFrame({"key": key, "value": mine["multiclass"], "step": 0})


def describe_seed(inputs: Inputs, seed: int, study_link: str) -> str:
    """Return the note of a seed's run, in Markdown."""
    config = inputs.config
    sizes = ", ".join(f"{name} {'/'.join(map(str, config.sizes_of(name)))}"
                      for name in config.architectures)  # fmt: skip
    return (
        f"One network of every architecture and diet, seed {seed} of the study "
        f"[**{config.study}**]({study_link}).\n\n"
        f"- stimuli: {code(inputs.stimuli.description)}, background {code(config.background)}\n"
        f"- vision model: {code(inputs.backbone.description)}\n"
        f"- hidden units: {sizes}; at most {config.iterations:,} iterations of {config.batch} "
        "trials\n"
    )
