"""Where models to register come from: a study's seeds, or a sweep's trials.

Only what is finished counts, and only if it belongs to the data and the code that are here now:
else the stored models would not be those that the numbers are about.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pandas as pd

from hybridrep.errors import TrackingError
from hybridrep.parameters import resolve, with_role
from hybridrep.running import work
from hybridrep.running.invocation import check
from hybridrep.running.register import Candidate, Source, finished_seeds
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.fusion.stage import Fusion
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.register.fused import fused_candidates, fused_nodes
from hybridrep.studies.hybrid.results.gather import study_key
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.sweep.config import RegisterConfig, SweepConfig
from hybridrep.studies.hybrid.sweep.objectives import measures, with_objectives
from hybridrep.studies.hybrid.sweep.space import space_of
from hybridrep.studies.hybrid.sweep.sweep import sweep_key, sweep_trainings
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.space import EPOCHS
from hybridrep.tracking.queries import find_study, load_parts, sweep_run, trial_runs
from hybridrep.tracking.server import Server, readable_errors

Trained = Variant | Fusion
"""What can be registered: an autoencoder, or a fusion."""


def find_source(config: RegisterConfig, server: Server) -> Source[Trained]:
    """Find what the configuration names, with its candidates.

    Raises:
        TrackingError: there is no such study or sweep, or nothing of it is finished.
        HybridrepError: its data cannot be read any more.
    """
    if config.source == "study":
        given = {name: getattr(config, name) for name in Config.model_fields}
        return _study(config, Config.model_validate(given), server)
    if config.source == "sweep":
        if not (sweep := sweep_run(server, SIMULATION, study=config.study)):
            raise TrackingError(
                f"there is no finished sweep named {config.study!r} in the experiment "
                f"{server.experiment_name!r} at {server.place}: run `make sweep` first, or name "
                "one with source=NAME"
            )
        return _sweep(config, server, sweep)
    if sweep := sweep_run(server, SIMULATION, name=config.source):
        return _sweep(config, server, sweep)
    try:
        found = find_study(server, config.source, SIMULATION, finished=False)
    except TrackingError:  # a study and a sweep may have one name: then the study is meant
        if sweep := sweep_run(server, SIMULATION, study=config.source):
            return _sweep(config, server, sweep)
        raise
    with readable_errors(server.uri, f"reading the configuration of the run {found.run_id}"):
        path = server.client.download_artifacts(found.run_id, "config.json")
        recorded = json.loads(Path(path).read_text("utf-8"))
    known = {name: value for name, value in recorded.items() if name in Config.model_fields}
    return _study(config, resolve({**known, **_places(config)}, Config), server)


def _places(config: RegisterConfig) -> dict[str, Any]:
    """Where results are and work is done: always as given now, never as recorded."""
    return {name: getattr(config, name) for name in with_role(Config, "place")}


def _study(config: RegisterConfig, study: Config, server: Server) -> Source[Trained]:
    """Take the finished seeds of a study, at the epoch that RSA and transfer use."""
    prepared: Hybrid = check(HYBRID, study)
    current = finished_seeds(HYBRID, prepared, server, "make full")
    variants = transformation.variants(prepared)
    batches = [
        [transformation.node(prepared, each, seed) for each in variants for seed in group]
        + [baseline.node(prepared, seed) for seed in group]
        + [node for seed in group for _, node in fused_nodes(prepared, seed)]
        for group in work.groups(list(current))
    ]

    def read() -> list[Candidate[Trained]]:
        candidates: list[Candidate[Trained]] = []
        for seed, run_id in current.items():
            for variant in variants:
                rsa = prepared.open(transformation.node(prepared, variant, seed)).table("rsa")
                wide = measures(rsa.assign(seed=seed))
                used = wide[wide["epoch"] == study.half_epoch]
                candidates += _candidates(variant, run_id, used, config.by)
            fused = fused_candidates(prepared, seed, run_id)
            candidates += cast("list[Candidate[Trained]]", fused)
        return candidates

    tasks = work.missing_tasks(batches, prepared.store)
    return Source("study", study_key(prepared.inputs), prepared, server, tasks, read)


def _sweep(config: RegisterConfig, server: Server, run: tuple[str, str]) -> Source[Trained]:
    """Take every complete trial of a sweep with each of its seeds."""
    run_id, key = run
    parts, meta = load_parts(server, run_id)
    recorded = {n: v for n, v in meta["config"].items() if n in SweepConfig.model_fields}
    sweep: SweepConfig = resolve({**recorded, **_places(config)}, SweepConfig)
    prepared: Hybrid = check(HYBRID, sweep.training(), directions=sweep.directions)
    trainings, space = sweep_trainings(sweep, prepared), space_of(sweep)
    if sweep_key(sweep, trainings) != key:
        raise TrackingError(
            f"the sweep {sweep.study!r} (run {run_id}) was made with other data or another "
            "version of the code: run `make sweep` with the same parameters first"
        )
    index = ["direction", "trial", "seed"]
    pairs = parts["seeds"].pivot(index=index, columns="pair", values="value")
    if not len(pairs):
        raise TrackingError(f"the sweep {sweep.study!r} (run {run_id}) has no complete trial")
    values = with_objectives(pairs.rename_axis(columns=None).reset_index())
    runs = _trial_runs(server.sibling("sweep"), key)
    trials = parts["trials"]
    candidates: list[Candidate[Trained]] = []
    for row in trials[trials["state"] == "COMPLETE"].to_dict("records"):
        direction, trial = str(row["direction"]), int(row["trial"])
        mine = values[(values["direction"] == direction) & (values["trial"] == trial)]
        point = space.point({str(name): value for name, value in row.items()})
        variant = trainings.of(direction, point, point[EPOCHS])
        own, mine = runs.get((direction, trial), run_id), mine.assign(epoch=point[EPOCHS])
        candidates += _candidates(variant, own, mine, config.by)
    sibling = server.sibling("sweep") if runs else server
    return Source("sweep", key, prepared, sibling, (), lambda: candidates)


def _trial_runs(server: Server, key: str) -> dict[tuple[str, int], str]:
    """Return the finished runs of a sweep's trials, by direction and trial."""
    return {
        (run.data.params.get("direction", ""), number): str(run.info.run_id)
        for number, run in trial_runs(server, key, SIMULATION)
    }


def _candidates(
    variant: Variant, run_id: str, values: pd.DataFrame, by: str
) -> list[Candidate[Trained]]:
    """Return a variant at an epoch, once a seed."""
    labels: dict[str, str | int] = {
        "direction": variant.direction, "bottleneck": variant.bottleneck,
    }  # fmt: skip
    return [
        Candidate(labels, variant, int(row["epoch"]), int(row["seed"]), float(row[by]), run_id)
        for row in values.to_dict("records")
    ]
