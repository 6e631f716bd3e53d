"""A map of representations: near each other where they are alike, by a metric of shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.projections import Layout, mds
from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import number
from hybridrep.reporting.style import class_look, new_figure
from hybridrep.studies.given.aligned import Aligned

FEWEST, MOST = 3, 200
"""Representations that there is a map of: with fewer it says nothing, with more it takes long."""
NAMED = 30
"""Representations up to which each is named in the map; of more, groups are."""


@dataclass(frozen=True, eq=False)
class Map:
    """Points in the plane, one a representation.

    Attributes:
        names: of the representations; `groups`: theirs.
        layout: where they are, and how well their distances are kept.
    """

    names: list[str]
    groups: list[str]
    layout: Layout


def map_of(given: Aligned) -> Map | None:
    """Lay out representations of vectors by their shape angles; None: there are too few."""
    vectors = [one for one in given.representations if one.kind == "vectors"]
    if not FEWEST <= len(vectors) <= MOST:
        return None
    angles = shape_angles([one.values for one in vectors])
    if not np.isfinite(angles).all():
        return None
    names, groups = [one.name for one in vectors], [one.group or one.name for one in vectors]
    return Map(names, groups, mds(angles))


def shape_angles(values: list[np.ndarray]) -> np.ndarray:
    """Return the shape angles of all pairs, symmetric with 0 on the diagonal."""
    measure = MEASURES["shape_angle"]
    angles = np.zeros((len(values), len(values)))
    for row, first in enumerate(values):
        for column, second in enumerate(values[:row]):
            found = measure.compute(first, second).value
            angles[row, column] = angles[column, row] = found
    return angles


def plan_of(found: Map) -> Plan:
    """Return the plan of the map's figure."""
    stress = number(found.layout.stress, 2)
    return Plan(
        name="map", title="A map of the representations",
        caption="Multidimensional scaling of shape angles, the rotation-free distance in radians "
        f"(Williams et al. 2021). Stress {stress}: 0 is exact, from 0.2 on distances in the map "
        "mislead. Axes have no meaning.",
        alternative=f"A scatter plot of {len(found.names)} representations; stress {stress}.",
        group="map", draw=partial(draw, found),
    )  # fmt: skip


def draw(found: Map) -> Figure:
    """Draw the map: one mark a representation, coloured and shaped by group."""
    figure = new_figure(7.0, 5.6)
    axes = figure.subplots()
    groups = list(dict.fromkeys(found.groups))
    for place, group in enumerate(groups):
        rows = [row for row, name in enumerate(found.groups) if name == group]
        points = found.layout.points[rows]
        colour, marker = class_look(place)
        axes.scatter(points[:, 0], points[:, 1], s=46, label=group, color=colour, marker=marker)
    if len(found.names) <= NAMED:
        for name, (x, y) in zip(found.names, found.layout.points, strict=True):
            axes.annotate(name, (x, y), (4, 4), textcoords="offset points", fontsize=7.5)
    elif len(groups) <= NAMED:
        axes.legend(fontsize=7.5, frameon=False, loc="best")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.14)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():  # axes have no meaning
        spine.set_visible(False)
    return figure
