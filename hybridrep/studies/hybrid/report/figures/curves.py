"""Learning curves of the LSTM, the autoencoders and the transfer classifiers, over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hybridrep.analysis.statistics import over_seeds
from hybridrep.reporting.lanes import mean_line
from hybridrep.reporting.style import (
    MUTED,
    OKABE_ITO,
    Stroke,
    light_grid,
    new_figure,
    note,
    whole_epochs,
)
from hybridrep.studies.hybrid.names import TRANSFER, TRANSFER_METRICS, readable
from hybridrep.studies.hybrid.report.looks import TRANSFER_STROKES

_TRAIN = Stroke(OKABE_ITO["orange"], "--", "o")
_TEST = Stroke(OKABE_ITO["blue"], "-", "s")
_VALIDATION = Stroke(OKABE_ITO["green"], "-", "^")


def lstm_curves(lstm: pd.DataFrame, remark: str) -> Figure:
    """Draw the LSTM's losses and accuracies over epochs, mean and SD over seeds."""
    figure = new_figure(10.0, 4.1)
    left, right = figure.subplots(1, 2)
    _curve(left, lstm, "train_loss", _TRAIN)
    _curve(left, lstm, "validation_loss", _VALIDATION)
    _curve(right, lstm, "validation_accuracy", _VALIDATION)
    _curve(right, lstm, "test_accuracy", _TEST)
    left.set(title="Loss", xlabel="epoch", ylabel="cross-entropy, nats")
    right.set(title="Accuracy", xlabel="epoch", ylabel="share of tweets")
    _legend(figure, [left, right])
    note(figure, remark)
    return figure


def autoencoder_curves(
    autoencoder: pd.DataFrame, linear: pd.DataFrame, directions: Sequence[str], used_epoch: int,
    remark: str,
) -> Figure:  # fmt: skip
    """Draw the autoencoders' losses beside ridge regression and predicting the mean.

    One bottleneck; a panel per direction with its own scale (the targets differ in size).
    """
    figure = new_figure(5.0 * len(directions), 4.1)
    grid = figure.subplots(1, len(directions), squeeze=False)[0]
    for axes, direction in zip(grid, directions, strict=True):
        mine = autoencoder[autoencoder["direction"] == direction]
        _curve(axes, mine, "train_loss", _TRAIN)
        _curve(axes, mine, "test_loss", _TEST)
        flat = linear[linear["direction"] == direction]
        if len(flat):
            for column, name, dash in (
                ("test_loss", "ridge regression, test", "-."),
                ("mean_loss", "predicting the mean, test", ":"),
            ):
                axes.axhline(
                    flat[column].mean(), color=MUTED, linewidth=1.3, linestyle=dash, label=name
                )
        axes.axvline(used_epoch, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
        axes.set(
            title=readable(direction), xlabel="epoch (dashed line: epoch used)",
            ylabel="squared error summed over dimensions",
        )  # fmt: skip
    _legend(figure, [grid[0]])
    note(figure, remark)
    return figure


def transfer_curves(transfer: pd.DataFrame, remark: str) -> Figure:
    """Draw the classifiers' losses and accuracy over epochs, one line per representation."""
    figure = new_figure(11.0, 4.3)
    grid = figure.subplots(1, len(TRANSFER_METRICS))
    for axes, measure in zip(grid, TRANSFER_METRICS, strict=True):
        for name in (n for n in TRANSFER if n in set(transfer["representation"])):
            mine = transfer[transfer["representation"] == name]
            _curve(axes, mine, measure, TRANSFER_STROKES[name], readable(name), band=0.1)
        unit = "share of tweets" if measure == "test_accuracy" else "cross-entropy, nats"
        axes.set(title=readable(measure).capitalize(), xlabel="epoch", ylabel=unit)
    _legend(figure, [grid[0]])
    note(figure, remark)
    return figure


def _legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Put one legend of the panels' lines above them, where it can cover none."""
    found = [panel.get_legend_handles_labels() for panel in panels]
    handles = [handle for some, _ in found for handle in some]
    names = [name for _, some in found for name in some]
    figure.legend(handles, names, loc="outside upper left", ncols=4)


def _curve(
    axes: Axes, frame: pd.DataFrame, column: str, stroke: Stroke, label: str = "",
    band: float = 0.16,
) -> None:  # fmt: skip
    summary = over_seeds(frame, ["epoch"], column).sort_values("epoch")
    every = max(len(summary) // 8, 1)
    mean_line(axes, summary, stroke, every, band, label or readable(column))
    light_grid(axes)
    whole_epochs(axes)
