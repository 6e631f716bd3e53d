"""The page of a large study can still be mailed and opened."""

import pytest

from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.testing.reporting_fixtures import example_items, study_tables


@pytest.mark.slow
@pytest.mark.long
def test_a_study_of_25_seeds_and_four_bottlenecks_stays_below_8_mb():
    sizes = (32, 64, 128, 256)
    example = example_items(50, sizes, projected=1600)
    report = build_report([study_tables(25, sizes, 50)], [example])
    assert len(report.html.encode()) < 8_000_000
