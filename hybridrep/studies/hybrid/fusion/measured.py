"""How much of both representations a fused one carries, on each set of a seed's items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Num

from hybridrep.analysis.descriptions import Side, correlate, describe
from hybridrep.analysis.diffusion import diffusibility, diffusibility_ceiling
from hybridrep.studies.hybrid.names import FUSED_SETS
from hybridrep.studies.hybrid.transformation.seed_data import SeedData

COLUMNS = (
    *("item_set", "bottleneck", "epoch", "vs_global", "vs_task_specific", "between"),
    *("diffusibility", "ceiling", "share_of_ceiling"),
)
"""The table of one fusion; bottleneck is 0 where what is read sets the size."""


def measured(points: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from the three correlations `vs_global`, `vs_task_specific`, `between`.

    Diffusibility is the smaller of the first two, its ceiling sqrt((1 + between) / 2).
    """
    both = points["vs_global"].to_numpy(np.float64), points["vs_task_specific"].to_numpy(np.float64)
    ceiling = np.asarray(diffusibility_ceiling(points["between"].to_numpy(np.float64)))
    carried = np.asarray(diffusibility(*both))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(ceiling > 0, carried / ceiling, np.nan)
    table = points.assign(diffusibility=carried, ceiling=ceiling, share_of_ceiling=share)
    return table[list(COLUMNS)]


class Measured:
    """The correlations of many seeds' fused representations with both of theirs, over epochs.

    Every seed's two representations are described once for all epochs.
    """

    def __init__(self, data: Sequence[SeedData]) -> None:
        self._items = [
            {name: mine.rows.items[name] for name in FUSED_SETS if name in mine.rows.items}
            for mine in data
        ]
        self._sides = [
            {
                name: tuple(
                    describe(side[rows][None]) for side in mine.sides("bert_to_lstm")
                )
                for name, rows in items.items()
            }
            for mine, items in zip(data, self._items, strict=True)
        ]  # fmt: skip
        self._points: list[list[tuple[object, ...]]] = [[] for _ in data]

    def items(self, model: int) -> dict[str, np.ndarray]:
        """Return the rows of each set of a seed's items."""
        return self._items[model]

    def record(
        self, model: int, item_set: str, epoch: int, fused: Num[np.ndarray, "items size"],
        widths: Sequence[tuple[int, int]],
    ) -> None:  # fmt: skip
        """Keep what a seed's fused items carry; `widths`: (bottleneck, how many first units)."""
        first, second = self._sides[model][item_set]
        between = float(correlate(first, second)[0])
        for bottleneck, units in widths:
            made: Side = describe(_finite(fused[:, :units])[None])
            values = (float(correlate(made, side)[0]) for side in (first, second))
            self._points[model].append((item_set, bottleneck, epoch, *values, between))

    def tables(self) -> list[pd.DataFrame]:
        """Return one table a seed, of `COLUMNS`."""
        return [measured(pd.DataFrame(points, columns=COLUMNS[:6])) for points in self._points]


def _finite(fused: Float[np.ndarray, "items size"]) -> Float[np.ndarray, "items size"]:
    """Return zeros, whose r is NaN, for what has diverged."""
    return fused if np.isfinite(fused).all() else np.zeros_like(fused)
