"""What a sweep leaves in its run: tables, figures, and what they say in words."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.style import house_style, to_png
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, readable
from hybridrep.studies.hybrid.report.figures.trajectories import trajectories
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES
from hybridrep.studies.hybrid.sweep.results import TERMS, SweepResults
from hybridrep.studies.hybrid.sweep.space import SIZE, space_of
from hybridrep.sweeping.figures import optimisation_history, parameter_importance, pareto_front
from hybridrep.sweeping.tables import counts_of
from hybridrep.tracking.records import Contents

_LEFT_OUT = ("note", "epoch")


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
    lines = [
        f"The sweep **{config.study}** ({config.sampler}, {config.objective}, "
        f"{len(config.seeds)} seeds): {counts_of(results.trials)}.",
        results.sentence,
    ]
    if inputs.emotion.synthetic:
        lines.insert(1, "**Synthetic data.**")
    if len(results.best):
        lines.append(as_markdown(_readable_best(config, results)))
        lines.append(
            "Mean ± SD over seeds on validation tweets that no model saw. The best of many trials "
            "is best partly by luck: expect a little less of it on new tweets. *Linear* is ridge "
            "regression's transformability on the same tweets."
        )
    return "\n\n".join(lines) + "\n"


def printed(config: SweepConfig, results: SweepResults) -> list[Table | str]:
    """Return what is printed of a sweep: the best parameters and the sentence."""
    if not len(results.best):
        return [f"{config.study}: no trial was finished."]
    shown = _readable_best(config, results).rename(columns={SIZE: "size"})
    table = Table(
        title=f"{config.study}: best of {len(results.trials)} trials", title_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True,
    )  # fmt: skip
    for column in ("best", *shown.columns[2:]):
        table.add_column(column)
    for direction, best_by, *rest in shown.itertuples(index=False):
        table.add_row(f"{direction}\nby {best_by}", *map(str, rest))  # within 80 columns
    return [table, results.sentence]


def _readable_best(config: SweepConfig, results: SweepResults) -> pd.DataFrame:
    """Return the best parameters for people: those that were varied, and the bottleneck's size."""
    best = results.best
    axes = [
        axis
        for axis in space_of(config).axes
        if axis.name == SIZE or results.trials[axis.name].nunique() > 1
    ]
    shown = pd.DataFrame(
        {
            "direction": [readable(name) for name in best["direction"]], "best by": best["best_by"],
            "trial": best["trial"], **{axis.title: best[axis.name] for axis in axes},
        }
    )  # fmt: skip
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
            figure = optimisation_history(results.trials, objective, TERMS, seeds)
            yield f"optimisation_history{suffix}", figure
        remark = f"{seeds}; large: no trial is better in both"
        yield "pareto_front", pareto_front(complete, (SIZE, "b"), TERMS, remark)
    if len(importance):
        remark = f"fANOVA (Optuna): shares of the variance; {seeds}"
        yield "parameter_importance", parameter_importance(importance, TERMS, remark)
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
