"""Measures of representations and statistics over items and seeds, on arrays and tables.

Pure functions: what they compute is float64 whatever comes in, what they are given stays as it is,
and what cannot be computed is NaN with a note that says why. Importing this package loads nothing
until one of the names below is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# fmt: off
# isort: off
if TYPE_CHECKING:
    from hybridrep.analysis.record import (
        Centring, Chance, Change, Compares, Measure, Need, Resampling, Score,
    )
    from hybridrep.analysis.measures import MEASURES
    from hybridrep.analysis.similarity import cosine_similarity, unit_rows
    from hybridrep.analysis.descriptions import Side, correlate, describe, lower_triangle
    from hybridrep.analysis.dissimilarity import rsa
    from hybridrep.analysis.ceilings import (
        NoiseCeiling, class_profile, class_similarity, noise_ceiling,
    )
    from hybridrep.analysis.diffusion import (
        diffusibility, diffusibility_ceiling, ellipse, ellipse_excess,
    )
    from hybridrep.analysis.inference import (
        Crossed, Difference, Interval, Permuted, Power, Resampled, StudyIntervals, bootstrap,
        bootstrap_items, correct, crossed, difference, dual_variance, half_samples, halves,
        item_weights, percentile_interval, permutation, permutation_null, permutation_p, power,
        study_intervals, weighted_correlations,
    )
    from hybridrep.analysis.t_tests import (
        TTest, cohens_d, independent, one_sample, paired, stars, t_from_summary,
    )
    from hybridrep.analysis.statistics import (
        against_first, compare_with_baseline, holm, over_seeds, summarise,
    )
    from hybridrep.analysis.verdicts import Claim, Part, claim_of, part_of
    from hybridrep.analysis.pareto import best_row, pareto_front
    from hybridrep.analysis.projections import t_sne
    from hybridrep.analysis.schema import Column, Schema, make_table, table_problems

__all__ = [
    "MEASURES", "Centring", "Chance", "Change", "Claim", "Column", "Compares", "Crossed",
    "Difference", "Interval", "Measure", "Need", "NoiseCeiling", "Part", "Permuted", "Power",
    "Resampled", "Resampling", "Schema", "Score", "Side", "StudyIntervals", "TTest",
    "against_first", "best_row", "bootstrap", "bootstrap_items", "claim_of", "class_profile",
    "class_similarity", "cohens_d", "compare_with_baseline", "correct", "correlate",
    "cosine_similarity", "crossed", "describe", "difference", "diffusibility",
    "diffusibility_ceiling", "dual_variance", "ellipse", "ellipse_excess", "half_samples", "halves",
    "holm", "independent", "item_weights", "lower_triangle", "make_table", "noise_ceiling",
    "one_sample", "over_seeds", "paired", "pareto_front", "part_of", "percentile_interval",
    "permutation", "permutation_null", "permutation_p", "power", "rsa", "stars", "study_intervals",
    "summarise", "t_from_summary", "t_sne", "table_problems", "unit_rows", "weighted_correlations",
]
_HOMES = {
    "record": "Centring Chance Change Compares Measure Need Resampling Score",
    "measures": "MEASURES",
    "similarity": "cosine_similarity unit_rows",
    "descriptions": "Side correlate describe lower_triangle",
    "dissimilarity": "rsa",
    "ceilings": "NoiseCeiling class_profile class_similarity noise_ceiling",
    "diffusion": "diffusibility diffusibility_ceiling ellipse ellipse_excess",
    "inference": "Crossed Difference Interval Permuted Power Resampled StudyIntervals bootstrap "
        "bootstrap_items correct crossed difference dual_variance half_samples halves "
        "item_weights percentile_interval permutation permutation_null permutation_p power "
        "study_intervals weighted_correlations",
    "t_tests": "TTest cohens_d independent one_sample paired stars t_from_summary",
    "statistics": "against_first compare_with_baseline holm over_seeds summarise",
    "verdicts": "Claim Part claim_of part_of",
    "pareto": "best_row pareto_front",
    "projections": "t_sne",
    "schema": "Column Schema make_table table_problems",
}
# isort: on
# fmt: on
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
