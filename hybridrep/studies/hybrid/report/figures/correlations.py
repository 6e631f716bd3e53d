"""Correlations between the four representations, as annotated matrices (Fig. 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from hybridrep.analysis.statistics import over_seeds
from hybridrep.reporting.formatting import number
from hybridrep.reporting.style import INK, SEQUENTIAL, new_figure, note
from hybridrep.studies.hybrid.names import SHOWN_REPRESENTATIONS, readable
from hybridrep.studies.hybrid.pairs import roles


def correlation_matrices(rsa: pd.DataFrame, directions: Sequence[str], remark: str) -> Figure:
    """Draw the mean r over seeds between all four representations, one panel per direction.

    The rows are of one bottleneck, one item set and one epoch.
    """
    summaries = {d: correlation_table(rsa[rsa["direction"] == d], d) for d in directions}
    low = min(0.0, *(float(np.nanmin(mean)) for mean, _ in summaries.values()))
    figure = new_figure(4.6 * len(directions) + 0.6, 4.6)
    grid = figure.subplots(1, len(directions), squeeze=False)[0]
    image = None
    for axes, direction in zip(grid, directions, strict=True):
        mean, spread = summaries[direction]
        image = _panel(axes, mean, spread, low)
        seeds = rsa[rsa["direction"] == direction]["seed"].nunique()
        axes.set_title(f"{readable(direction)}  (n = {seeds} seed{'s' * (seeds != 1)})")
    if image is not None:
        bar = figure.colorbar(image, ax=grid, shrink=0.8, aspect=26, pad=0.02)
        bar.set_label("Pearson r (no unit)")
        bar.outline.set_visible(False)
    note(figure, remark)
    return figure


def correlation_table(
    rsa: pd.DataFrame, direction: str
) -> tuple[Float[np.ndarray, "4 4"], Float[np.ndarray, "4 4"]]:
    """Return mean and SD over seeds of r, in the order of `SHOWN_REPRESENTATIONS`.

    The diagonal is 1 with SD 0; a pair that is lacking is NaN, as is the SD of one seed.
    """
    parts = ("input", "target", "bottleneck", "reconstructed")
    who = dict(zip(parts, roles(direction), strict=True))
    place = {name: index for index, name in enumerate(SHOWN_REPRESENTATIONS)}
    mean, spread = np.full((4, 4), np.nan), np.full((4, 4), np.nan)
    np.fill_diagonal(mean, 1.0)
    np.fill_diagonal(spread, 0.0)
    for row in over_seeds(rsa, ["pair"], "value").itertuples():
        first, _, second = str(row.pair).partition("_vs_")
        i, j = place[who[first]], place[who[second]]
        mean[i, j] = mean[j, i] = row.mean
        spread[i, j] = spread[j, i] = row.sd
    return mean, spread


def _panel(
    axes: Axes, mean: Float[np.ndarray, "4 4"], spread: Float[np.ndarray, "4 4"], low: float
) -> AxesImage:
    image = axes.imshow(mean, cmap=SEQUENTIAL, vmin=low, vmax=1.0)
    names = [readable(name) for name in SHOWN_REPRESENTATIONS]
    axes.set_xticks(range(4), names)
    axes.set_yticks(range(4), names, rotation=90, va="center")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for i in range(4):
        for j in range(4):
            if np.isnan(mean[i, j]):
                continue
            bright = (mean[i, j] - low) / (1.0 - low) > 0.55
            colour = INK if bright else "white"
            known = i != j and not np.isnan(spread[i, j])
            axes.text(
                j, i, number(mean[i, j], 2), ha="center", va="bottom" if known else "center",
                color=colour, fontsize=12, fontweight="bold",
            )  # fmt: skip
            if known:
                axes.text(
                    j, i + 0.06, f"± {spread[i, j]:.3f}", ha="center", va="top",
                    color=colour, fontsize=8,
                )  # fmt: skip
    return image
