"""From plans to bytes: the same ones on any process."""

import pytest

from hybridrep.execution.workers import Workers
from hybridrep.reporting.drawing import draw, draw_one
from hybridrep.studies.hybrid.report.figures.catalogue import plan_figures
from hybridrep.testing.reporting_fixtures import study_tables


@pytest.mark.slow
def test_figures_are_the_same_bytes_wherever_they_are_drawn():
    plans = plan_figures(study_tables(seeds=2, epochs=2))[:2]
    with Workers(2) as workers:
        elsewhere = workers.map(draw_one, plans)
    for here, there in zip(draw(plans), elsewhere, strict=True):
        assert (here.plan.name, here.png, here.webp) == (there.plan.name, there.png, there.webp)
        assert (here.width, here.height) == (there.width, there.height)
