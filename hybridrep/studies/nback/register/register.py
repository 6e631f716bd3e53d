"""Register: the best network of each architecture becomes a model that can be loaded and served.

Chosen are single networks that were trained on all tasks, by their response accuracy on selection
trials; the trials that reports show have no say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

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
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import connect
from hybridrep.tracking.server import Server, readable_errors


def run(run_id: str, places: Mapping[str, Any], study: Study = NBACK) -> pd.DataFrame:
    """Register the best networks of a study, of those of its finished seeds.

    Args:
        run_id: of the study's run, whose parameters are read.
        places: where results are and work is done, as parameters.
        study: how it is prepared.

    Raises:
        HybridrepError: nothing of it is finished, a network is not what was judged, or the
            registry fails.
    """
    tracker = connect(study.name)
    config = _recorded(tracker.server, run_id, places)
    prepared: NBack = check(study, config)
    source = _source(study, prepared, tracker.server)
    return register(
        tracker, source, partial(BestNetwork, source), config,
        Contents(inputs=data_inputs(prepared.inputs)), by=BY, noun="network",
        judged_on="selection trials of new view angles, which no report shows",
    )  # fmt: skip


def _recorded(server: Server, run_id: str, places: Mapping[str, Any]) -> Config:
    """Return the parameters of a run, but for the places those that are given now."""
    with readable_errors(server.uri, f"reading the configuration of the run {run_id}"):
        path = server.client.download_artifacts(run_id, "config.json")
        recorded = json.loads(Path(path).read_text("utf-8"))
    known = {name: value for name, value in recorded.items() if name in Config.model_fields}
    own = {name: places[name] for name in with_role(Config, "place") if name in places}
    return resolve({**known, **own}, Config)


def _source(study: Study, prepared: NBack, server: Server) -> Source[NetworkRecipe]:
    """Take the networks of the finished seeds that were trained on all tasks."""
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
