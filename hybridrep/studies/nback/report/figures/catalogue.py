"""All figures of a study's report, in their order on the page."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from hybridrep.reporting.drawing import Plan
from hybridrep.studies.nback.report.figures import (
    across_time,
    causal,
    cross_task,
    design,
    encoding_shared,
    first_step,
    orthogonality,
    performance,
    retained,
    rotations,
    similarity,
)
from hybridrep.studies.nback.report.figures.stimuli import Sheet
from hybridrep.studies.nback.results.tables import NBackTables

PLANS: tuple[Callable[[NBackTables], list[Plan]], ...] = (
    design.plans, performance.plans, first_step.plans, cross_task.plans, across_time.plans,
    encoding_shared.plans, retained.plans, orthogonality.plans, rotations.plans, causal.plans,
)  # fmt: skip
"""What each module plans of a study; a part that was not computed has no plan."""


def plans(
    tables: NBackTables, sheet: Sheet | None = None, identification: pd.DataFrame | None = None
) -> list[Plan]:
    """Return the plans of the study's figures; without a `sheet` none of the stimuli.

    `identification` tells which measures tell networks of different seeds apart.
    """
    found = [] if sheet is None else [sheet.plan]
    found += [plan for each in PLANS for plan in each(tables)]
    told = pd.DataFrame() if identification is None else identification
    return [*found, *similarity.plans(tables, told)]
