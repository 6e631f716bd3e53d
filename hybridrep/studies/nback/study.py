"""The study as the platform runs it, and the entry points that compute."""

from __future__ import annotations

from functools import partial

import pandas as pd

from hybridrep.running.study import Study
from hybridrep.running.study_run import run_stage, run_study
from hybridrep.studies.nback import pipeline
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.names import SIMULATION
from hybridrep.studies.nback.prepare import prepare
from hybridrep.studies.nback.report.stage import write_report
from hybridrep.studies.nback.results import seed_run
from hybridrep.studies.nback.results.gather import study_key, study_tables
from hybridrep.studies.nback.results.tables import NBackTables

NBACK = Study(
    name=SIMULATION, prepare=prepare, key=study_key, shared=pipeline.shared,
    of_seed=pipeline.of_seed, beyond=pipeline.beyond, warm_up=pipeline.WARM_UP,
    data=seed_run.data_inputs, tables=study_tables, overview=seed_run.overview,
    stage_contents=seed_run.stage_contents, seed_contents=seed_run.seed_contents,
    describe_seed=seed_run.describe_seed, layout=seed_run.__name__,
    seed_artifacts=seed_run.seed_artifacts, report=write_report,
    highlights=lambda inputs: tuple(
        f"nback/{recipe.place}/response_accuracy/val_angle" for recipe in recipes(inputs.config)
    )[:8],
)  # fmt: skip


def run(config: Config) -> NBackTables | pd.DataFrame:
    """Run a study, what the store holds not again; return its tables, of a plan the plan's."""
    return run_study(NBACK, config)


def report(config: Config) -> NBackTables | pd.DataFrame:
    """Report the study in a run of its own, with what it lacks computed."""
    return run_study(NBACK, config, "stage")


stimuli = partial(run_stage, NBACK, "nback_stimuli")
train = partial(run_stage, NBACK, "nback_train")
geometry = partial(run_stage, NBACK, "nback_geometry")
