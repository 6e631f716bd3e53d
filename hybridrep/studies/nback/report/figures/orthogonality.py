"""Orthogonalisation of the perceptual and the encoding spaces (Fig. 3b and A3)."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import number
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.style import MUTED, OKABE_ITO, Stroke, new_figure, note
from hybridrep.studies.nback.names import FEATURES
from hybridrep.studies.nback.report.figures.looks import in_order, stroke_of
from hybridrep.studies.nback.results.geometry import PERCEPTUAL, angles
from hybridrep.studies.nback.results.tables import NBackTables

_SEEN = Stroke(OKABE_ITO["black"], "-", "D")
_COLUMNS = (("index", "index O (Eq. 1)"), ("corrected", "index without the noise of the fits"))


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if there is anything to be drawn."""
    if not len(tables.orthogonality):
        return []
    plain, matched, drawn = (
        angles(tables),
        angles(tables, matched=True),
        angles(tables, diet="untrained"),
    )
    drawn = drawn[drawn["space"] != PERCEPTUAL]
    networks = in_order(each for each in plain["space"] if each != PERCEPTUAL)
    values = _values(tables)
    means = plain.groupby("space", sort=False)[["index", "corrected"]].mean()
    said = "; ".join(
        f"{space} {number(row['index'])}, corrected {number(row['corrected'])}"
        for space, row in means.iterrows()
    )
    return [
        Plan(
            "orthogonality", "Orthogonalisation",
            "1 for normals at right angles. Left: the paper’s index, between two fits on halves "
            "that share no view. Right: the same without the noise of the fits, which alone moves "
            "the index. Above: all dimensions; below: as many principal components as the network "
            "has units, in both spaces (Fig. A3), the perceptual one in its network’s row. Points "
            "are seeds, bars 95% intervals; hollow: the same network before training; grey: the "
            "value of equidistant classes (simplex), which differs between features because their "
            "numbers of values do.",
            f"Mean over features: {said}.", "geometry",
            partial(draw, plain, matched, drawn, networks, values),
        )
    ]  # fmt: skip


def _values(tables: NBackTables) -> dict[str, float]:
    rows = tables.orthogonality[tables.orthogonality["measure"] == "simplex"]
    return {str(f): float(s) for f, s in rows.groupby("feature")["score"].first().items()}


def draw(
    plain: pd.DataFrame, matched: pd.DataFrame, untrained: pd.DataFrame, networks: list[str],
    simplex: dict[str, float],
) -> Figure:  # fmt: skip
    """Draw index and corrected index, above of all dimensions, below of equally many."""
    features = [each for each in FEATURES if each in simplex]
    rows = features
    pairs = [f"{feature}, {network}" for feature in features for network in networks]
    lanes = [(PERCEPTUAL, _SEEN), *((name, stroke_of(name)) for name in networks)]
    heights = [0.30 * len(features) * (len(lanes)), 0.24 * len(pairs)]
    figure = new_figure(8.4, 1.5 + sum(heights))
    panels = figure.subplots(2, 2, sharex="col", height_ratios=heights, squeeze=False)
    for column, (measure, label) in enumerate(_COLUMNS):
        above, below = panels[0][column], panels[1][column]

        def values(row: str, lane: str, measure: str = measure) -> np.ndarray:
            mine = plain[(plain["feature"] == row) & (plain["space"] == lane)]
            return mine[measure].to_numpy(float)

        def beside(row: str, lane: str, measure: str = measure) -> np.ndarray:
            feature, network = row.split(", ")
            mine = matched[matched["feature"] == feature]
            mine = mine[
                (mine["beside"] == network) if lane == PERCEPTUAL
                else (mine["space"] == network) & (lane == network)
            ]  # fmt: skip
            return mine[measure].to_numpy(float)

        draw_lanes(above, rows, lanes, values, seeds=True)
        draw_lanes(below, pairs, [(PERCEPTUAL, _SEEN), *lanes[1:]], beside, seeds=True)
        step = 0.66 / max(len(lanes), 2)
        for place, feature in enumerate(rows):
            above.plot([simplex[feature]] * 2, [place - 0.45, place + 0.45], color="#b5bac4",
                       linewidth=1.2, zorder=0)  # fmt: skip
            for lane, (network, stroke) in enumerate(lanes):
                mine = untrained[
                    (untrained["feature"] == feature) & (untrained["space"] == network)
                ]
                if len(mine):
                    height = place + step * (lane - (len(lanes) - 1) / 2)
                    above.plot(mine[measure].mean(), height, marker=stroke.marker, markersize=5,
                               markerfacecolor="none", markeredgecolor=stroke.colour,
                               linestyle="")  # fmt: skip
        for place, pair in enumerate(pairs):
            value = simplex[pair.split(", ")[0]]
            below.plot([value] * 2, [place - 0.45, place + 0.45], color="#b5bac4", linewidth=1.2,
                       zorder=0)  # fmt: skip
        above.set_title(label, fontsize=9)
        below.set_xlabel(label)
        for axes, names in ((above, rows), (below, pairs)):
            label_rows(axes, names)
            if column:
                axes.tick_params(labelleft=False)
    panels[1][0].set_title("as many components as units, in both spaces", fontsize=9, color=MUTED)
    lane_legend(figure, lanes)
    note(figure, "hollow: untrained; grey: equidistant classes")
    return figure
