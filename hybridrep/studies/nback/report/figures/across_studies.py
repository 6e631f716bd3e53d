"""Studies side by side: their stimuli, performance, other tasks and rotations (Fig. A6)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import number
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.style import OKABE_ITO, Stroke, new_figure, note
from hybridrep.studies.nback.names import SPLITS, UNTRAINED
from hybridrep.studies.nback.report.figures.looks import in_order
from hybridrep.studies.nback.report.figures.rotations import CONTROLS, ROWS
from hybridrep.studies.nback.results.across_studies import representation_numbers
from hybridrep.studies.nback.results.decoding import WHOLE
from hybridrep.studies.nback.results.performance import final
from hybridrep.studies.nback.results.tables import NBackTables

_COLOURS = ("blue", "vermillion", "green", "purple", "orange", "sky", "black")
_MARKERS = ("s", "^", "o", "D", "v", "P", "X")

_PERFORMANCE = "response_accuracy/"
"""How measures of performance are called beside the others."""


@dataclass(frozen=True)
class _Panel:
    """One row of panels: what its rows are, of which diet and measure each.

    Attributes:
        controls: the rows that are no result of the paper's.
        least: where its axis begins; what answers no_action alone is never right.
    """

    label: str
    rows: dict[str, tuple[str, str]]
    controls: frozenset[str] = field(default_factory=frozenset)
    least: float = 0.35

    @property
    def measures(self) -> set[str]:
        """All measures that it shows."""
        return {measure for _, measure in self.rows.values()}


PANELS = (
    _Panel(
        "response accuracy",
        {split: (WHOLE, _PERFORMANCE + split) for split in SPLITS}
        | {"untrained, val_angle": (UNTRAINED, f"{_PERFORMANCE}val_angle")},
        frozenset({"untrained, val_angle"}), -0.03,
    ),
    _Panel(
        "balanced accuracy, first frame",
        {
            "own task": (WHOLE, "cross_task/validation"),
            "same feature, other n": (WHOLE, "cross_task/other_n"),
            "other feature": (WHOLE, "cross_task/other_feature"),
            "other feature, fitting task’s mean": (WHOLE, "cross_task/other_feature_uncentred"),
            "untrained, own task": (UNTRAINED, "cross_task/validation"),
            "untrained, other feature": (UNTRAINED, "cross_task/other_feature"),
        },
        frozenset({"other feature, fitting task’s mean", "untrained, own task",
                   "untrained, other feature"}),
    ),
    _Panel(
        "balanced accuracy, turned decoders",
        {label: (WHOLE, f"procrustes/{measure}") for measure, label in ROWS.items()},
        frozenset(ROWS[measure] for measure in CONTROLS),
    ),
)  # fmt: skip
"""The rows of panels: A6b, A6d, A6c, each with its controls."""


def study_lanes(names: Sequence[str]) -> list[tuple[str, Stroke]]:
    """Return how each study looks, by its place; colours and markers repeat after seven."""
    return [
        (name, Stroke(OKABE_ITO[_COLOURS[n % len(_COLOURS)]], "-", _MARKERS[n % len(_MARKERS)]))
        for n, name in enumerate(names)
    ]


def plans(
    studies: Sequence[NBackTables], names: Sequence[str], sheets: Mapping[str, bytes] | None = None
) -> list[Plan]:
    """Return the plan of the figure, if any study was decoded or has rotations.

    Args:
        studies: their tables.
        names: all different, in the same order.
        sheets: the contact sheets of their stimuli as PNG, by study; those without are left out.
    """
    found = [representation_numbers(each) for each in studies]
    if not any(map(len, found)):
        return []
    parts = [
        part.assign(study=name)
        for each, numbers, name in zip(studies, found, names, strict=True)
        for part in (_performance(each), numbers)
        if len(part)
    ]
    values = pd.concat(parts, ignore_index=True)
    mtmf: Any = values[values["diet"] == WHOLE].groupby(["study", "name", "measure"], sort=False)
    means = mtmf["value"].mean()
    wanted = {"cross_task/normalised": "kept on other features", "procrustes/reconstructed":
              "turned decoders", "procrustes/permuted": "with values exchanged"}  # fmt: skip
    said = ", ".join(
        f"{study} {name} {wanted[measure]} {number(value, 2)}"
        for (study, name, measure), value in means.items()
        if measure in wanted
    )
    return [Plan(
        "compare_representations", "The same on other stimuli and tasks",
        "Networks of all tasks, a column a network: response accuracy; decoders of the first frame "
        "on other tasks; decoders turned from a frame to the next. Points are seeds, bars 95% "
        "intervals over seeds; means over each study’s own tasks and steps. Shaded rows are "
        "controls: networks before training, the fitting task’s mean taken out in place of the "
        "tested one’s own, values exchanged, one rotation of the other stimuli, none, and a random "
        "one. That turned decoders read well says little where those with exchanged values do as "
        "well. Line: chance.",
        f"Means over seeds: {said}.", "representations",
        partial(draw, values[["study", "name", "diet", "measure", "value"]], tuple(names),
                dict(sheets or {})),
        plain=bool(sheets),
    )]  # fmt: skip


def _performance(tables: NBackTables) -> pd.DataFrame:
    """Return response accuracies at the end as numbers of representations are."""
    ends = final(tables)
    measure = _PERFORMANCE + ends["split"]
    return ends.assign(measure=measure, value=ends["response_accuracy"])[
        ["seed", "name", "diet", "measure", "value"]
    ]


def draw(values: pd.DataFrame, names: Sequence[str], sheets: Mapping[str, bytes]) -> Figure:
    """Draw a column a network and a row of panels a kind of number, below the contact sheets.

    Args:
        values: columns `study`, `name`, `diet`, `measure`, `value`; one row a seed.
        names: the studies, each a lane.
        sheets: PNG by study.
    """
    present = {*values["measure"]}
    panels = [panel for panel in PANELS if panel.measures & present]
    shown = values[(values["diet"] == WHOLE) & ~values["measure"].str.startswith(_PERFORMANCE)]
    networks, lanes = in_order(shown["name"]), study_lanes(names)
    known = {
        key: group["value"].to_numpy(np.float64)
        for key, group in values.groupby(["name", "study", "diet", "measure"])
    }
    step = 0.3 + 0.06 * max(0, len(names) - 2)
    heights = [step * len(panel.rows) + 0.5 for panel in panels]
    width = 2.6 * len(networks) + 2.4
    pictures = {name: Image.open(io.BytesIO(sheets[name])) for name in names if name in sheets}
    tall = max((each.height / each.width for each in pictures.values()), default=0.0)
    above = (width / len(pictures) * tall + 0.3) if pictures else 0.0
    figure = new_figure(width, sum(heights) + above + 0.6)
    body: Any = figure
    if pictures:
        parts: Any = figure.subfigures(2, 1, height_ratios=[above, sum(heights)])
        top, body = parts
        _sheets(top, pictures)
    grid = body.subplots(len(panels), len(networks), squeeze=False, height_ratios=heights)
    for row, panel in zip(grid, panels, strict=True):
        for place, (axes, network) in enumerate(zip(row, networks, strict=True)):
            _panel(axes, panel, lanes, partial(_of, known, panel, network))
            axes.tick_params(labelleft=not place)
    for axes, network in zip(grid[0], networks, strict=True):
        axes.set_title(network)
    lane_legend(figure, lanes)
    note(figure, "mean, 95% interval and points over seeds; shaded rows: controls")
    return figure


def _of(
    known: Mapping[Any, np.ndarray], panel: _Panel, network: str, row: str, study: str
) -> np.ndarray:
    """Return one value a seed of a row of a panel."""
    return known.get((network, study, *panel.rows[row]), np.empty(0))


def _panel(
    axes: Axes, panel: _Panel, lanes: list[tuple[str, Stroke]],
    values: Callable[[str, str], np.ndarray],
) -> None:  # fmt: skip
    draw_lanes(axes, list(panel.rows), lanes, values, seeds=True)
    label_rows(axes, list(panel.rows))
    for place, row in enumerate(panel.rows):
        if row in panel.controls:
            axes.axhspan(place - 0.5, place + 0.5, color="#eef0f4", zorder=-1)
    axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
    axes.set_xlim(panel.least, 1.03)
    axes.set_xlabel(panel.label)


def _sheets(part: Any, pictures: Mapping[str, Image.Image]) -> None:
    """Show the contact sheets beside each other, each under its study's name."""
    row = part.subplots(1, len(pictures), squeeze=False)[0]
    for axes, (name, picture) in zip(row, pictures.items(), strict=True):
        axes.imshow(np.asarray(picture.convert("RGB")))
        axes.set_axis_off()
        axes.set_anchor("N")
        axes.set_title(name, fontsize=9)
