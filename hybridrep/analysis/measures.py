"""All measures by their keys: what they promise, and the functions that keep it."""

from __future__ import annotations

from collections.abc import Mapping

from hybridrep.analysis.ceilings import NOISE_CEILING
from hybridrep.analysis.dissimilarity import RSA
from hybridrep.analysis.record import Measure
from hybridrep.analysis.similarity import COSINE

MEASURES: Mapping[str, Measure] = {each.key: each for each in (COSINE, RSA, NOISE_CEILING)}
"""Key -> measure. One that is not listed here is neither tested nor found.

Examples:
    >>> MEASURES["rsa.cosine.pearson"].compares
    'two representations'
"""
