"""Percentile intervals of distributions with undefined values."""

import math

import numpy as np

from hybridrep.analysis.inference.intervals import percentile_interval


def test_undefined_resamples_are_counted() -> None:
    interval = percentile_interval(0.5, np.array([0.4, np.nan, 0.6]))
    assert interval.resamples == 2
    assert interval.note == "1 of 3 resamples are undefined"
    nothing = percentile_interval(0.5, np.array([np.nan]))
    assert math.isnan(nothing.low)
