"""How sure every correlation is: the resamples of complete seeds, joined to one table.

Intervals over items, over seeds and over both, a permutation test and the noise ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hybridrep.analysis.ceilings import noise_ceiling
from hybridrep.analysis.inference.permutations import permutation_p
from hybridrep.analysis.inference.seeds import study_intervals
from hybridrep.randomness import generator
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import PAIRS, REPRESENTATIONS
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import rsa_values
from hybridrep.studies.hybrid.similarity import resamples
from hybridrep.studies.hybrid.transformation import stage as transformation

INFERENCE_COLUMNS = (
    *("direction", "bottleneck", "pair", "item_set", "n", "estimate"),
    *("items_low", "items_high", "seeds_low", "seeds_high", "both_low", "both_high"),
    *("permutation_p", "ceiling_lower", "ceiling_upper", "note"),
)
"""One row per direction, bottleneck, pair and item set: the number of seeds, the mean r, its three
bootstrap intervals, the permutation test's p, the noise ceiling's bounds, and a note."""


@report_table(
    "inference",
    "how sure each mean r is: 95% bootstrap intervals over items, over seeds and over both, "
    "a two-sided permutation test, and the noise ceiling (how well seeds agree)",
    INFERENCE_COLUMNS,
)
def inference_table(study: Hybrid, tables: StudyTables, seeds: Sequence[int]) -> pd.DataFrame:
    """Join the resamples of complete seeds: one row per direction, bottleneck and pair.

    The permutation p is two-sided, of the mean r over seeds: its null is the mean over seeds of
    each one's permuted values. Seeds have items of their own, so the noise ceiling (Nili et al.
    2014) is their agreement on classes, of the pair's second side, and no bound for r over items.
    """
    rows = []
    for variant in transformation.variants(study):
        stored = [
            study.open(resamples.node(study, variant, seed)).arrays("resamples") for seed in seeds
        ]
        ceilings = [
            noise_ceiling(np.stack([each["class_profiles"][place] for each in stored]))
            for place in range(len(REPRESENTATIONS))
        ]
        sides = resamples.sides(variant.direction)
        for number, pair in enumerate(PAIRS):
            values = rsa_values(tables, variant.direction, pair, variant.bottleneck)
            observed = values.loc[list(seeds)].to_numpy(np.float64)
            rng = generator(0, "inference", "seeds", variant.direction, variant.bottleneck, pair)
            drawn = np.stack([each["bootstrap"][:, number] for each in stored])
            intervals = study_intervals(observed, drawn, rng)
            null = np.mean([each["null"][:, number] for each in stored], axis=0)
            ceiling = ceilings[sides[number][1]]
            rows.append(
                {
                    "direction": variant.direction, "bottleneck": variant.bottleneck, "pair": pair,
                    "item_set": "test", "n": len(seeds), "estimate": intervals.items.estimate,
                    "items_low": intervals.items.low, "items_high": intervals.items.high,
                    "seeds_low": intervals.seeds.low, "seeds_high": intervals.seeds.high,
                    "both_low": intervals.both.low, "both_high": intervals.both.high,
                    "permutation_p": permutation_p(float(observed.mean()), null),
                    "ceiling_lower": ceiling.lower, "ceiling_upper": ceiling.upper,
                    "note": intervals.both.note or ceiling.note,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
