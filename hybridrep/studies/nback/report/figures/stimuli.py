"""The contact sheet of the stimuli (Fig. A1a)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.style import new_figure
from hybridrep.studies.nback.names import SPLITS


class Sheet:
    """A contact sheet of the stimuli: a column an object, a row of each split."""

    def __init__(
        self, frames: dict[str, UInt8[np.ndarray, "objects side side 3"]],
        names: dict[str, Sequence[str]], description: str,
    ) -> None:  # fmt: skip
        self.frames, self.names, self.description = frames, names, description

    @property
    def plan(self) -> Plan:
        """The plan of the figure."""
        listed = "; ".join(f"{split}: {', '.join(names)}" for split, names in self.names.items())
        return Plan(
            "stimuli", "Stimuli",
            f"One frame of every object, by split: the trained objects, the same from other sides, "
            f"and objects that were never seen. {self.description}",
            f"Frames of {listed}.", "stimuli", partial(draw_sheet, self.frames, self.names),
            plain=True,
        )  # fmt: skip


def draw_sheet(
    frames: dict[str, UInt8[np.ndarray, "objects side side 3"]], names: dict[str, Sequence[str]]
) -> Figure:
    """Draw a row of frames for each split, each with its object's name."""
    columns = max(len(names[split]) for split in SPLITS)
    size = min(1.1, 9.0 / columns)
    figure = new_figure(size * columns + 0.4, (size + 0.25) * len(SPLITS) + 0.1)
    grid = figure.subplots(len(SPLITS), columns, squeeze=False)
    for row, split in zip(grid, SPLITS, strict=True):
        for place, axes in enumerate(row):
            axes.set_axis_off()
            if place < len(names[split]):
                axes.imshow(frames[split][place])
                axes.set_title(names[split][place], fontsize=6.5, pad=2, fontweight="normal")
        row[0].text(
            -0.1, 0.5, split, transform=row[0].transAxes, rotation=90, ha="right", va="center",
            fontsize=7.5,
        )  # fmt: skip
    return figure
