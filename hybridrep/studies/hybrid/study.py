"""The study as the platform runs it, and the entry points that compute."""

from __future__ import annotations

from functools import partial

import pandas as pd

from hybridrep.running.study import Study
from hybridrep.running.study_run import run_stage, run_study
from hybridrep.studies.hybrid import pipeline
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, SIMULATION
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.report.stage import write_report
from hybridrep.studies.hybrid.results import seed_run
from hybridrep.studies.hybrid.results.gather import study_key, study_tables
from hybridrep.studies.hybrid.results.tables import StudyTables


def _highlights(inputs: Inputs) -> tuple[str, ...]:
    """Name the metrics of a seed that its paper is about."""
    size = f"b{inputs.config.bottlenecks[0]}"
    return (
        "lstm/test_accuracy",
        *(f"rsa/{direction}/{size}/reconstructed_vs_target" for direction in DIRECTIONS),
        *(
            f"transfer/{name}/test_loss"
            for name in ("baseline", "bert", "lstm", *(f"{d}_reconstructed" for d in DIRECTIONS))
        ),
    )


HYBRID = Study(
    name=SIMULATION, prepare=prepare, key=study_key, shared=pipeline.shared,
    of_seed=pipeline.of_seed, beyond=pipeline.of_example, warm_up=pipeline.WARM_UP,
    data=seed_run.data_inputs, tables=study_tables, overview=seed_run.overview,
    stage_contents=seed_run.stage_contents, seed_contents=seed_run.seed_contents,
    describe_seed=seed_run.describe_seed, layout=seed_run.__name__,
    seed_artifacts=seed_run.seed_artifacts, report=write_report, highlights=_highlights,
)  # fmt: skip


def run(config: Config) -> StudyTables | pd.DataFrame:
    """Run a study, what the store holds not again; return its tables, of a plan the plan's."""
    return run_study(HYBRID, config)


embed = partial(run_stage, HYBRID, "embed")
lstm = partial(run_stage, HYBRID, "lstm")
autoencode = partial(run_stage, HYBRID, "autoencode")
rsa = partial(run_stage, HYBRID, "rsa")
transfer = partial(run_stage, HYBRID, "transfer")
fuse = partial(run_stage, HYBRID, "fuse")
