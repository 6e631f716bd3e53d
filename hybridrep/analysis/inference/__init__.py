"""How sure is a value: one function a question, over items, seeds, measures and pairs.

| question | function |
|---|---|
| is there any relation? | `permutation`, its orders shared by all measures and pairs |
| how sure is a value of the RSA family? | `bootstrap`, by weights of pairs |
| how sure is any other (CKA, k-NN, CCA, shape, dimension)? | `half_samples` |
| does A or B agree more with C? | `difference`, within the same resamples |
| does it hold for new items and new seeds at once? | `crossed`; nested: `study_intervals` |
| which of many tests remain? | `correct` |
| what could have been found at all? | `power` |

A copy of an item is its own nearest neighbour, so a bootstrap of what looks at neighbours or at a
covariance makes relations where there are none: debiased CKA of independent data goes from 0 to
0.33. Hence halves without replacement there. RSA can leave the pairs of two copies out.

Where every seed has items of its own, a resample over both draws seeds and, anew for every seed
drawn, items (`study_intervals`).
"""

from hybridrep.analysis.inference.corrections import Correction, correct
from hybridrep.analysis.inference.intervals import Interval, percentile_interval
from hybridrep.analysis.inference.pair_weights import (
    bootstrap,
    bootstrap_items,
    item_weights,
    weighted_correlations,
)
from hybridrep.analysis.inference.permutations import (
    Alternative,
    Permuted,
    permutation,
    permutation_null,
    permutation_p,
)
from hybridrep.analysis.inference.power_analysis import Power, power
from hybridrep.analysis.inference.resamples import Difference, Method, Resampled, difference
from hybridrep.analysis.inference.seeds import (
    Crossed,
    StudyIntervals,
    crossed,
    dual_variance,
    study_intervals,
)
from hybridrep.analysis.inference.subsampling import half_samples, halves

__all__ = [
    "Alternative",
    "Correction",
    "Crossed",
    "Difference",
    "Interval",
    "Method",
    "Permuted",
    "Power",
    "Resampled",
    "StudyIntervals",
    "bootstrap",
    "bootstrap_items",
    "correct",
    "crossed",
    "difference",
    "dual_variance",
    "half_samples",
    "halves",
    "item_weights",
    "percentile_interval",
    "permutation",
    "permutation_null",
    "permutation_p",
    "power",
    "study_intervals",
    "weighted_correlations",
]
