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
    from hybridrep.analysis.measures import FAMILIES, MEASURES, Family
    from hybridrep.analysis.similarity import cosine_similarity, unit_rows
    from hybridrep.analysis.descriptions import Side, correlate, describe, lower_triangle
    from hybridrep.analysis.dissimilarity import (
        DISSIMILARITIES, Dissimilarity, crossnobis, dissimilarities,
    )
    from hybridrep.analysis.comparators import COMPARATORS, Comparator
    from hybridrep.analysis.representational_similarity import (
        compare_dissimilarities, describe_rsa, rsa, score_rsa,
    )
    from hybridrep.analysis.ceilings import (
        NoiseCeiling, class_profile, class_similarity, noise_ceiling,
    )
    from hybridrep.analysis.diffusion import (
        diffusibility, diffusibility_ceiling, ellipse, ellipse_excess,
    )
    from hybridrep.analysis.inference.intervals import Interval, percentile_interval
    from hybridrep.analysis.inference.resamples import Difference, Resampled, difference
    from hybridrep.analysis.inference.pair_weights import (
        bootstrap, bootstrap_items, item_weights, weighted_correlations,
    )
    from hybridrep.analysis.inference.subsampling import half_samples, halves
    from hybridrep.analysis.inference.permutations import (
        Permuted, permutation, permutation_null, permutation_p,
    )
    from hybridrep.analysis.inference.corrections import correct
    from hybridrep.analysis.inference.seeds import (
        Crossed, StudyIntervals, crossed, dual_variance, study_intervals,
    )
    from hybridrep.analysis.inference.power_analysis import Power, power
    from hybridrep.analysis.t_tests import (
        TTest, cohens_d, independent, one_sample, paired, stars, t_from_summary,
    )
    from hybridrep.analysis.statistics import (
        against_first, compare_with_baseline, holm, over_seeds, summarise,
    )
    from hybridrep.analysis.verdicts import Claim, Part, claim_of, part_of
    from hybridrep.analysis.pareto import best_row, pareto_front
    from hybridrep.analysis.projections import Layout, mds, t_sne
    from hybridrep.analysis.schema import Column, Schema, make_table, table_problems
    from hybridrep.analysis.alignment import cka, cka_rbf, describe_cka, describe_cka_rbf
    from hybridrep.analysis.matrices import pairs_matrix
    from hybridrep.analysis.shapes import describe_shape, nuclear_norm, procrustes, shape_angle
    from hybridrep.analysis.canonical import (
        canonical_correlations, cca, describe_canonical, pwcca, svcca,
    )
    from hybridrep.analysis.neighbours import cknna, describe_neighbours, jaccard_knn, mutual_knn
    from hybridrep.analysis.topology import PRESETS, describe_trsa, geodesic_ranks, trsa
    from hybridrep.analysis.units import describe_units, unit_matching
    from hybridrep.analysis.subspaces import alignment_index, principal_angles, subspace_overlap
    from hybridrep.analysis.dimension import (
        effective_rank, mean_cosine, mle_dimension, over_subsamples, participation_ratio,
        spectrum_slope, twonn,
    )
    from hybridrep.analysis.collapse import (
        cdnv, nc1, nc2_equinorm, nc2_simplex_gap, nearest_mean_accuracy,
    )
    from hybridrep.analysis.predictivity import (
        HeldOut, contiguous_folds, ridge_held_out, ridge_r2, ridge_r2_of, unit_r,
    )
    from hybridrep.analysis.probes import (
        Decoded, decode, decoding, learning_curve, stratified_folds,
    )
    from hybridrep.analysis.agreement import Identification, identification, seed_retrieval
    from hybridrep.analysis.decoders import (
        Decoders, DecoderScores, LabelSetScores, common_scale, decoder_scores, fit_decoders,
        fit_label_sets, in_own_span, score_decisions, score_label_sets, within_groups,
    )
    from hybridrep.analysis.generalisation import (
        DecodersOverTime, StateCentring, TimeScores, centring_of, fit_over_time, label_agreement,
        normalised, predicted_accuracy, score_over_time,
    )
    from hybridrep.analysis.orthogonality import (
        Orthogonality, between_sets, orthogonality_index, simplex_value,
    )
    from hybridrep.analysis.rotations import (
        DecodersAt, Rotation, RotationScore, Shape, fit_rotation, reconstructed, rotation_scores,
        shape_of, shape_permutation_p, span_overlap,
    )
    from hybridrep.analysis.perturbation import (
        Contrast, contrast, interchanged, random_directions, share_beyond, shifted, span_of,
    )

__all__ = [
    "COMPARATORS", "DISSIMILARITIES", "FAMILIES", "MEASURES", "PRESETS", "Centring", "Chance",
    "Change", "Claim", "Column", "Comparator", "Compares", "Contrast", "Crossed", "Decoded",
    "DecoderScores", "Decoders", "DecodersAt", "DecodersOverTime", "Difference", "Dissimilarity",
    "Family", "HeldOut", "Identification", "Interval", "LabelSetScores", "Layout", "Measure",
    "Need", "NoiseCeiling", "Orthogonality", "Part", "Permuted", "Power", "Resampled",
    "Resampling", "Rotation", "RotationScore", "Schema", "Score", "Shape", "Side", "StateCentring",
    "StudyIntervals", "TTest", "TimeScores", "against_first", "alignment_index", "best_row",
    "between_sets", "bootstrap", "bootstrap_items", "canonical_correlations", "cca", "cdnv",
    "centring_of", "cka", "cka_rbf", "cknna", "claim_of", "class_profile", "class_similarity",
    "cohens_d", "common_scale", "compare_dissimilarities", "compare_with_baseline",
    "contiguous_folds", "contrast", "correct", "correlate", "cosine_similarity", "crossed",
    "crossnobis", "decode", "decoder_scores", "decoding", "describe", "describe_canonical",
    "describe_cka", "describe_cka_rbf", "describe_neighbours", "describe_rsa", "describe_shape",
    "describe_trsa", "describe_units", "difference", "diffusibility", "diffusibility_ceiling",
    "dissimilarities", "dual_variance", "effective_rank", "ellipse", "ellipse_excess",
    "fit_decoders", "fit_label_sets", "fit_over_time", "fit_rotation", "geodesic_ranks",
    "half_samples", "halves", "holm", "identification", "in_own_span", "independent",
    "interchanged", "item_weights", "jaccard_knn", "label_agreement", "learning_curve",
    "lower_triangle", "make_table", "mds", "mean_cosine", "mle_dimension", "mutual_knn", "nc1",
    "nc2_equinorm", "nc2_simplex_gap", "nearest_mean_accuracy", "noise_ceiling", "normalised",
    "nuclear_norm", "one_sample", "orthogonality_index", "over_seeds", "over_subsamples", "paired",
    "pairs_matrix", "pareto_front", "part_of", "participation_ratio", "percentile_interval",
    "permutation", "permutation_null", "permutation_p", "power", "predicted_accuracy",
    "principal_angles", "procrustes", "pwcca", "random_directions", "reconstructed",
    "ridge_held_out", "ridge_r2", "ridge_r2_of", "rotation_scores", "rsa", "score_decisions",
    "score_label_sets", "score_over_time", "score_rsa", "seed_retrieval", "shape_angle",
    "shape_of", "shape_permutation_p", "share_beyond", "shifted", "simplex_value", "span_of",
    "span_overlap", "spectrum_slope", "stars", "stratified_folds", "study_intervals",
    "subspace_overlap", "summarise", "svcca", "t_from_summary", "t_sne", "table_problems", "trsa",
    "twonn", "unit_matching", "unit_r", "unit_rows", "weighted_correlations", "within_groups",
]
_HOMES = {
    "record": "Centring Chance Change Compares Measure Need Resampling Score",
    "measures": "FAMILIES MEASURES Family",
    "similarity": "cosine_similarity unit_rows",
    "descriptions": "Side correlate describe lower_triangle",
    "dissimilarity": "DISSIMILARITIES Dissimilarity crossnobis dissimilarities",
    "comparators": "COMPARATORS Comparator",
    "representational_similarity": "compare_dissimilarities describe_rsa rsa score_rsa",
    "ceilings": "NoiseCeiling class_profile class_similarity noise_ceiling",
    "diffusion": "diffusibility diffusibility_ceiling ellipse ellipse_excess",
    "inference.intervals": "Interval percentile_interval",
    "inference.resamples": "Difference Resampled difference",
    "inference.pair_weights": "bootstrap bootstrap_items item_weights weighted_correlations",
    "inference.subsampling": "half_samples halves",
    "inference.permutations": "Permuted permutation permutation_null permutation_p",
    "inference.corrections": "correct",
    "inference.seeds": "Crossed StudyIntervals crossed dual_variance study_intervals",
    "inference.power_analysis": "Power power",
    "t_tests": "TTest cohens_d independent one_sample paired stars t_from_summary",
    "statistics": "against_first compare_with_baseline holm over_seeds summarise",
    "verdicts": "Claim Part claim_of part_of",
    "pareto": "best_row pareto_front",
    "projections": "Layout mds t_sne",
    "schema": "Column Schema make_table table_problems",
    "alignment": "cka cka_rbf describe_cka describe_cka_rbf",
    "matrices": "pairs_matrix",
    "shapes": "describe_shape nuclear_norm procrustes shape_angle",
    "canonical": "canonical_correlations cca describe_canonical pwcca svcca",
    "neighbours": "cknna describe_neighbours jaccard_knn mutual_knn",
    "topology": "PRESETS describe_trsa geodesic_ranks trsa",
    "units": "describe_units unit_matching",
    "subspaces": "alignment_index principal_angles subspace_overlap",
    "dimension": "effective_rank mean_cosine mle_dimension over_subsamples "
        "participation_ratio spectrum_slope twonn",
    "collapse": "cdnv nc1 nc2_equinorm nc2_simplex_gap nearest_mean_accuracy",
    "predictivity": "HeldOut contiguous_folds ridge_held_out ridge_r2 ridge_r2_of unit_r",
    "probes": "Decoded decode decoding learning_curve stratified_folds",
    "agreement": "Identification identification seed_retrieval",
    "decoders": "DecoderScores Decoders LabelSetScores common_scale decoder_scores fit_decoders "
        "fit_label_sets in_own_span score_decisions score_label_sets within_groups",
    "generalisation": "DecodersOverTime StateCentring TimeScores centring_of fit_over_time "
        "label_agreement normalised predicted_accuracy score_over_time",
    "orthogonality": "Orthogonality between_sets orthogonality_index simplex_value",
    "rotations": "DecodersAt Rotation RotationScore Shape fit_rotation reconstructed "
        "rotation_scores shape_of shape_permutation_p span_overlap",
    "perturbation": "Contrast contrast interchanged random_directions share_beyond shifted "
        "span_of",
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
