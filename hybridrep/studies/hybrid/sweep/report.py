"""What a sweep leaves in its run: tables, figures, and what they say in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.table import Table

from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.style import house_style, to_png
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, readable
from hybridrep.studies.hybrid.report.figures.trajectories import trajectories
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES
from hybridrep.studies.hybrid.sweep.results import POINT, SweepResults
from hybridrep.sweeping.figures import optimisation_history, parameter_importance, pareto_front
from hybridrep.sweeping.search import Search
from hybridrep.tracking.records import Contents

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

_LEFT_OUT = ("note", "epoch")


def importance_table(searches: Sequence[Search]) -> pd.DataFrame:
    """Return how much each varied parameter mattered: its share of the variance (fANOVA).

    Columns direction, objective, parameter, importance (a share of 1; higher = mattered more).
    Directions where nothing varies, or with fewer than two complete trials, are left out.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    rows = []
    for search in searches:
        varied = list(search.space.varied)
        values = np.array([trial.values for trial in _complete(search)])
        for place, objective in enumerate(search.rules.objectives):
            if len(values) < 2 or not varied or not np.ptp(values[:, place]):
                continue
            shares = get_param_importances(
                search.study,
                evaluator=FanovaImportanceEvaluator(seed=0),
                params=varied,
                target=partial(_value, place),
            )
            rows += [(search.direction, objective, n, float(s)) for n, s in shares.items()]
    return pd.DataFrame(rows, columns=["direction", "objective", "parameter", "importance"])


def _complete(search: Search) -> list[FrozenTrial]:
    trials = search.study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.state.name == "COMPLETE"]


def _value(place: int, trial: FrozenTrial) -> float:
    return float(trial.values[place])


def contents(
    config: SweepConfig, inputs: Inputs, results: SweepResults, importance: pd.DataFrame
) -> Contents:
    """Lay out everything that goes into the sweep's run."""
    pictures = {}
    with house_style():
        for name, figure in _figures(config, results, importance):
            pictures[f"figures/{name}.png"] = to_png(figure)
    best = results.best.drop(columns=[f"{name}_sd" for name in OBJECTIVES])
    metrics = [
        (f"best/{row['direction']}/{row['best_by']}", row[row["best_by"]], 0)
        for row in best.to_dict("records")
    ]
    return Contents(
        metrics=pd.DataFrame(metrics, columns=["key", "value", "step"]),
        tables={
            "sweep/trials.json": results.trials.astype({"epoch": "float64"}),
            "sweep/best.json": results.best,
            "sweep/pareto.json": results.trials[results.trials["pareto"]].drop(
                columns=[*_LEFT_OUT, "pareto"]
            ),
            "sweep/importance.json": importance,
            "sweep/by_size.json": results.by_size,
            "sweep/size_effects.json": results.effects,
        },
        files={**pictures, "sweep/summary.md": summary(config, inputs, results)},
    )


def summary(config: SweepConfig, inputs: Inputs, results: SweepResults) -> str:
    """Return what a sweep found as Markdown: the sentence, the best parameters, the limits."""
    states = results.trials["state"].value_counts()
    counts = ", ".join(f"{count} {str(state).lower()}" for state, count in states.items())
    lines = [
        f"The sweep **{config.study}** ({config.sampler}, {config.objective}, "
        f"{len(config.seeds)} seeds): {len(results.trials)} trials, {counts or 'none'}.",
        results.sentence,
    ]
    if inputs.emotion.synthetic:
        lines.insert(1, "**Synthetic data.**")
    if len(results.best):
        lines.append(as_markdown(_readable_best(results)))
        lines.append(
            "Mean ± SD over seeds on validation tweets that no model saw. The best of many trials "
            "is best partly by luck: expect a little less of it on new tweets. *Linear* is ridge "
            "regression's transformability on the same tweets."
        )
    return "\n\n".join(lines) + "\n"


def print_summary(config: SweepConfig, results: SweepResults) -> None:
    """Print the best parameters and the sentence."""
    console = Console()
    if not len(results.best):
        console.print(f"{config.study}: no trial was finished.")
        return
    shown = _readable_best(results).rename(columns={"bottleneck": "size"})
    table = Table(
        title=f"{config.study}: best of {len(results.trials)} trials", title_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True,
    )  # fmt: skip
    for column in ("best", *shown.columns[2:]):
        table.add_column(column)
    for direction, best_by, *rest in shown.itertuples(index=False):
        table.add_row(f"{direction}\nby {best_by}", *map(str, rest))  # within 80 columns
    console.print(table)
    console.print(results.sentence, highlight=False)


def _readable_best(results: SweepResults) -> pd.DataFrame:
    """Return the best parameters for people: those that were varied, and the bottleneck's size."""
    best = results.best
    varied = [n for n in POINT if n == "bottleneck" or results.trials[n].nunique() > 1]
    shown = pd.DataFrame(
        {
            "direction": [readable(name) for name in best["direction"]],
            "best by": best["best_by"],
            "trial": best["trial"],
            **{name.replace("_", " "): best[name] for name in varied},
        }
    )
    for name in OBJECTIVES:
        shown[name] = [
            f"{mean:.3f}" + (f" ± {sd:.3f}" if pd.notna(sd) else "")
            for mean, sd in zip(best[name], best[f"{name}_sd"], strict=True)
        ]
    return shown.assign(linear=[f"{value:.3f}" for value in best["linear_baseline"]])


def _figures(
    config: SweepConfig, results: SweepResults, importance: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    """Draw what the results allow, each with its file name."""
    seeds = f"{len(config.seeds)} seeds, validation tweets that no model saw"
    chosen = OBJECTIVES if config.objective == "both" else (config.objective,)
    complete = results.trials[results.trials["state"] == "COMPLETE"]
    if len(complete):
        for objective in chosen:
            suffix = f"_{objective}" if len(chosen) > 1 else ""
            figure = optimisation_history(results.trials, objective, seeds)
            yield f"optimisation_history{suffix}", figure
        yield "pareto_front", pareto_front(complete, f"{seeds}; large: no trial is better in both")
    if len(importance):
        yield (
            "parameter_importance",
            parameter_importance(importance, "fANOVA (Optuna): shares of the variance; " + seeds),
        )
    yield from _trajectories(results)


def _trajectories(results: SweepResults) -> Iterator[tuple[str, Figure]]:
    """Draw the paper's Figs A1-A4 and B1-B4, on its test tweets and on those that decide."""
    sizes = sorted({int(size) for size in results.rsa["bottleneck"]})
    marked = results.by_size[results.by_size["objective"] == OBJECTIVES[0]]
    for letter, direction in zip("ab", DIRECTIONS, strict=True):
        for place, size in enumerate(sizes, start=1):
            mine = results.rsa[
                (results.rsa["direction"] == direction) & (results.rsa["bottleneck"] == size)
            ]
            at = marked[(marked["direction"] == direction) & (marked["bottleneck"] == size)]
            if not len(mine) or not len(at):
                continue
            for items, prefix in (("test", ""), ("unseen", "unseen/")):
                linear = results.linear.rename(
                    columns={f"reconstructed_vs_target_{items}": "value"}
                )
                figure = trajectories(
                    mine[mine["item_set"] == items], (direction,), int(at["epoch"].iloc[0]),
                    f"bottleneck {size}, {items} tweets; marked: the most transformable epoch on "
                    "unseen tweets", linear,
                )  # fmt: skip
                yield f"{prefix}fig_{letter}{place}_trajectories_{direction}_b{size}", figure
