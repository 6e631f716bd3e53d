"""Search over fusions, their size, weight and length, which goes on when it was stopped."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from rich.table import Table

from hybridrep.execution.fingerprint import content_key
from hybridrep.reporting.formatting import number
from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.style import house_style, to_png
from hybridrep.running.invocation import check, print_plan
from hybridrep.studies.hybrid.fusion.methods import title_of
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.report.figures.diffusion import fusion_front
from hybridrep.studies.hybrid.results.seed_run import data_inputs
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.sweep import fused_trainings
from hybridrep.studies.hybrid.sweep.fused_config import FusionSweepConfig
from hybridrep.studies.hybrid.sweep.fused_trainings import (
    FUSION_OBJECTIVES,
    PART,
    FusionTrainings,
    fusion_at,
    space_of,
)
from hybridrep.sweeping.figures import optimisation_history, parameter_importance
from hybridrep.sweeping.one_search import OneSearch
from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.storage import open_own, open_study
from hybridrep.sweeping.tables import SearchTables, Terms, counts_of, printed_table
from hybridrep.sweeping.trials import TrialContents
from hybridrep.tracking.process import is_gone, process_tags
from hybridrep.tracking.records import METRIC_COLUMNS, Contents

TERMS = Terms("direction", FUSION_OBJECTIVES, measure="measure", unit="see the caption",
              readable=title_of)  # fmt: skip
"""How the sweep names things."""


def run(config: FusionSweepConfig) -> SearchTables | pd.DataFrame:
    """Run a sweep to its end, or go on with one that was stopped; of a plan return its table."""
    prepared: Hybrid = check(HYBRID, config.training())
    trainings, space = FusionTrainings(prepared, config), space_of(config)
    if config.plan:
        every = [fusion_at(point) for point in space.grid()]
        return print_plan(trainings.tasks(every), prepared.store, config)
    described = search_space(config, trainings)
    key = content_key(described)
    search, storage = _open(config, trainings, described, key)
    sweep = OneSearch(
        SIMULATION, "fuse_sweep", "sweep of fusions", key, TERMS,
        _trial_contents(config, trainings), partial(_contents, config), partial(_summary, config),
        partial(_printed, config),
    )  # fmt: skip
    return sweep.work_off(
        config, trainings, search, storage, place=config.storage, batch=config.side_by_side,
        timeout=config.timeout,
    )  # fmt: skip


def search_space(config: FusionSweepConfig, trainings: FusionTrainings) -> dict[str, Any]:
    """Describe a sweep so that another one can be told apart, in JSON's types.

    The number of trials, where they run and how many at a time are no part of it.
    """
    first = fusion_at(space_of(config).grid()[0])
    return {
        "study": config.study, "seeds": list(config.seeds), "sampler": config.sampler,
        "objective": config.objective, "fusions": list(config.fusions),
        "sizes": list(config.bottlenecks), "weights": list(config.weights),
        "lengths": list(config.lengths),
        # a fusion's key covers corpora, encoder, word vectors, LSTMs and all code behind them
        "data": content_key({"fusions": [node.key for node in trainings.nodes(first)]}),
    }  # fmt: skip


def _open(
    config: FusionSweepConfig, trainings: FusionTrainings, described: dict[str, Any], key: str
) -> tuple[Search, Any]:
    title = f"{config.study} {PART}"
    storage = open_own(config.storage, trainings.study.store.root, key, described, [title])
    objectives = FUSION_OBJECTIVES if config.objective == "both" else (config.objective,)
    search = Search(
        PART, open_study(storage, title, described, len(objectives)), space_of(config),
        Rules(config.sampler, config.trials, objectives), process_tags(), is_gone,
    )  # fmt: skip
    return search, storage


def _trial_contents(config: FusionSweepConfig, trainings: FusionTrainings) -> TrialContents:
    inputs = trainings.study.inputs
    synthetic = "**Synthetic data.** " if inputs.emotion.synthetic else ""
    return TrialContents(
        part=TERMS.part, remark=f"{synthetic}{_meaning(config)}",
        params={
            "seeds": config.as_text()["seeds"], "sampler": config.sampler,
            "objective": config.objective,
        },
        inputs=data_inputs(inputs), metrics=trainings.metrics, code=fused_trainings.__name__,
    )  # fmt: skip


def _meaning(config: FusionSweepConfig) -> str:
    return (
        f"Means over {len(config.seeds)} seeds: diffusibility on validation tweets that no model "
        "saw; transfer is minus the loss on held-out training tweets of the new task. Test tweets "
        "have no say."
    )


def _contents(
    config: FusionSweepConfig, results: SearchTables, times: list[tuple[str, float, int]]
) -> Contents:
    """Lay out everything that goes into the sweep's run."""
    pictures = {}
    remark = f"{len(config.seeds)} seeds, validation tweets"
    with house_style():
        if (results.trials["state"] == "COMPLETE").any():
            pictures["figures/pareto_front.png"] = to_png(
                fusion_front(results.trials, results.seeds, f"Mean over {remark}")
            )
            for name in FUSION_OBJECTIVES:
                figure = optimisation_history(results.trials, name, TERMS, remark)
                pictures[f"figures/history_{name}.png"] = to_png(figure)
        if len(results.importance):
            figure = parameter_importance(results.importance, TERMS, f"fANOVA; {remark}")
            pictures["figures/parameter_importance.png"] = to_png(figure)
    rows = [
        (f"best/{PART}/{row['best_by']}", row[row["best_by"]], 0)
        for row in results.best.to_dict("records")
    ]
    return Contents(
        metrics=pd.DataFrame(rows + times, columns=list(METRIC_COLUMNS)),
        tables={
            "sweep/trials.json": results.trials.astype({"epoch": "float64"}),
            "sweep/best.json": results.best, "sweep/importance.json": results.importance,
            "sweep/pareto.json": results.trials[results.trials["pareto"]].astype(
                {"epoch": "float64"}
            ),
        },
        files={**pictures, "sweep/summary.md": _summary(config, results)},
    )  # fmt: skip


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "trial": rows["trial"], "method": [title_of(name) for name in rows["method"]],
        "size": rows["size"], "weight": rows["weight"], "epochs": rows["epochs"],
        **{
            name: [
                f"{number(mean)} ± {number(sd)}"
                for mean, sd in zip(rows[name], rows[f"{name}_sd"], strict=True)
            ]
            for name in FUSION_OBJECTIVES
        },
    })  # fmt: skip


def _summary(config: FusionSweepConfig, results: SearchTables) -> str:
    counts = counts_of(results.trials)
    lines = [f"The sweep of fusions **{config.study}** ({config.sampler}): {counts}."]
    front = results.trials[results.trials["pareto"]]
    if len(front):
        lines += [
            "No other trial is better than these in both:",
            as_markdown(_shown(front)),
            f"{_meaning(config)} The best of many trials is best partly by luck.",
        ]
    return "\n\n".join(lines) + "\n"


def _printed(config: FusionSweepConfig, results: SearchTables) -> Table | str:
    """Return what is printed of a sweep: the trials that no other beats in both."""
    front = results.trials[results.trials["pareto"]]
    if not len(front):
        return f"{config.study}: no trial was finished."
    return printed_table(
        _shown(front), f"{config.study}: the front of {len(results.trials)} trials"
    )
