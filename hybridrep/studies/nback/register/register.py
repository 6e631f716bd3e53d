"""Register: the best network of each architecture becomes a model that can be loaded and served.

Chosen are single networks that were trained on all tasks, by their response accuracy on selection
trials; the trials that reports show have no say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from hybridrep.errors import TrackingError
from hybridrep.execution.fingerprint import content_key
from hybridrep.parameters import resolve, with_role
from hybridrep.running.invocation import check
from hybridrep.running.register import Candidate, Source, finished_seeds, register
from hybridrep.running.study import Study
from hybridrep.running.work import missing_tasks
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipes
from hybridrep.studies.nback.names import SELECTION
from hybridrep.studies.nback.register.chosen import BY, BestNetwork
from hybridrep.studies.nback.results.gather import study_key
from hybridrep.studies.nback.results.seed_run import data_inputs
from hybridrep.studies.nback.study import NBACK
from hybridrep.studies.nback.sweep.config import SweepConfig
from hybridrep.studies.nback.sweep.sweep import search_space
from hybridrep.studies.nback.sweep.trainings import Trainings, recipe_of, space_of
from hybridrep.tracking import names
from hybridrep.tracking.queries import load_parts, trial_runs
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import connect
from hybridrep.tracking.server import Server, readable_errors

C = TypeVar("C", bound=Config)


def run(run_id: str, places: Mapping[str, Any], study: Study = NBACK) -> pd.DataFrame:
    """Register the best networks of a study, of those of its finished seeds, or of a sweep.

    Args:
        run_id: of the study's or the sweep's run, whose parameters are read.
        places: where results are and work is done, as parameters.
        study: how it is prepared.

    Raises:
        HybridrepError: nothing of it is finished, a network is not what was judged, or the
            registry fails.
    """
    tracker = connect(study.name)
    server = tracker.server
    with readable_errors(server.uri, f"reading the run {run_id}"):
        tags = server.client.get_run(run_id).data.tags
    if tags.get(names.STAGE) == "sweep":
        source = _of_sweep(study, server, run_id, tags.get(names.STUDY_KEY, ""), places)
    else:
        source = _of_study(study, server, run_id, places)
    return register(
        tracker, source, partial(BestNetwork, source), source.prepared.config,
        Contents(inputs=data_inputs(source.prepared.inputs)), by=BY, noun="network",
        judged_on="selection trials of new view angles, which no report shows",
    )  # fmt: skip


def _recorded(server: Server, run_id: str, places: Mapping[str, Any]) -> Config:
    """Return the parameters of a run, but for the places those that are given now."""
    with readable_errors(server.uri, f"reading the configuration of the run {run_id}"):
        path = server.client.download_artifacts(run_id, "config.json")
        recorded = json.loads(Path(path).read_text("utf-8"))
    return _resolved(recorded, places, Config)


def _resolved(recorded: Mapping[str, Any], places: Mapping[str, Any], model: type[C]) -> C:
    known = {name: value for name, value in recorded.items() if name in model.model_fields}
    own = {name: places[name] for name in with_role(Config, "place") if name in places}
    return resolve({**known, **own}, model)


def _of_study(
    study: Study, server: Server, run_id: str, places: Mapping[str, Any]
) -> Source[NetworkRecipe]:
    """Take the networks of the finished seeds that were trained on all tasks."""
    prepared: NBack = check(study, _recorded(server, run_id, places))
    current = finished_seeds(study, prepared, server, "make nback")
    wanted = [recipe for recipe in recipes(prepared.config) if recipe.diet == "mtmf"]
    nodes = [memory.node(prepared, recipe, seed) for seed in current for recipe in wanted]

    def read() -> list[Candidate[NetworkRecipe]]:
        found = []
        for seed, run_id in current.items():
            for recipe in wanted:
                curves = prepared.open(memory.node(prepared, recipe, seed)).table("curves")
                mine = curves[curves["split"] == SELECTION].iloc[-1]
                labels: dict[str, str | int] = {
                    "architecture": recipe.architecture, "hidden": recipe.hidden,
                }  # fmt: skip
                value, iteration = float(mine["response_accuracy"]), int(mine["iteration"])
                found.append(Candidate(labels, recipe, iteration, seed, value, run_id))
        return found

    tasks = missing_tasks([nodes], prepared.store)
    return Source("study", study_key(prepared.inputs), prepared, server, tasks, read)


def _of_sweep(
    study: Study, server: Server, run_id: str, key: str, places: Mapping[str, Any]
) -> Source[NetworkRecipe]:
    """Take every complete trial of a sweep with each of its seeds."""
    parts, meta = load_parts(server, run_id)
    config = _resolved(meta["config"], places, SweepConfig)
    prepared: NBack = check(study, config)
    trainings, space = Trainings(prepared, config), space_of(config)
    if content_key(search_space(config, trainings)) != key:
        raise TrackingError(
            f"the sweep {config.study!r} (run {run_id}) was made with other data or another "
            "version of the code: run `make nback_sweep` with the same parameters first"
        )
    values = parts["seeds"]
    complete = parts["trials"][parts["trials"]["state"] == "COMPLETE"]
    if not len(complete):
        raise TrackingError(f"the sweep {config.study!r} (run {run_id}) has no complete trial")
    sibling = server.sibling("sweep")
    runs = {number: str(run.info.run_id) for number, run in trial_runs(sibling, key, study.name)}
    candidates, nodes = [], []
    for row in complete.to_dict("records"):
        trial = int(row["trial"])
        recipe = recipe_of(config, space.point({str(name): value for name, value in row.items()}))
        labels: dict[str, str | int] = {
            "architecture": recipe.architecture, "hidden": recipe.hidden, "trial": trial,
        }  # fmt: skip
        nodes += trainings.nodes(recipe)
        for one in values[values["trial"] == trial].to_dict("records"):
            candidates.append(Candidate(
                labels, recipe, recipe.training.iterations, int(one["seed"]), float(one["value"]),
                runs.get(trial, run_id),
            ))  # fmt: skip
    tasks = missing_tasks([nodes], prepared.store)
    place = sibling if runs else server
    return Source("sweep", key, prepared, place, tasks, lambda: candidates)
