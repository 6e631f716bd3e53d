"""All measures by their keys: what they promise, and the functions that keep it.

A key is a family's name and, after dots, its parameters: words as they are (`rsa.cosine.pearson`),
numbers behind a letter (`mutual_knn.k10`), shares in hundredths (`trsa.l20.u80`). `MEASURES` lists
those that are tested and reported; any other member of a family is made when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from hybridrep.analysis.alignment import CKA, CKA_BIASED, cka_rbf_measure
from hybridrep.analysis.canonical import CCA_MEAN, CCA_R2, PWCCA, svcca_measure
from hybridrep.analysis.ceilings import NOISE_CEILING
from hybridrep.analysis.collapse import CDNV, NC1, NC2_EQUINORM, NC2_SIMPLEX_GAP
from hybridrep.analysis.comparators import COMPARATORS
from hybridrep.analysis.dimension import (
    EFFECTIVE_RANK,
    EFFECTIVE_RANK_SINGULAR,
    MEAN_COSINE,
    PARTICIPATION_RATIO,
    TWONN,
    mle_dimension_measure,
)
from hybridrep.analysis.dissimilarity import DISSIMILARITIES
from hybridrep.analysis.neighbours import knn_measure
from hybridrep.analysis.predictivity import RIDGE_R2, UNIT_R
from hybridrep.analysis.probes import DECODING
from hybridrep.analysis.record import CORE, Measure
from hybridrep.analysis.representational_similarity import rsa_measure
from hybridrep.analysis.shapes import PROCRUSTES, shape_measure
from hybridrep.analysis.similarity import COSINE
from hybridrep.analysis.subspaces import ALIGNMENT_INDEX, SUBSPACE_OVERLAP
from hybridrep.analysis.topology import PRESETS, trsa_measure
from hybridrep.analysis.units import UNIT_MATCHING


@dataclass(frozen=True)
class Family:
    """Measures that differ in parameters.

    Attributes:
        make: returns the measure of some parameters; without any, the default one.
        words: parameters that are words, in their order.
        numbers: letter before a number -> the parameter, and what the number is divided by.
    """

    make: Callable[..., Measure]
    words: tuple[str, ...] = ()
    numbers: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def measure(self, parts: list[str]) -> Measure:
        """Return the measure that the parts of a key, less the family's name, ask for.

        Raises:
            ValueError: when a part is none of the family's parameters, or out of its range.
        """
        given: dict[str, str | float] = {}
        words = list(self.words)
        for part in parts:
            number = re.fullmatch(r"([a-z])(\d+)", part)
            if number and number[1] in self.numbers:
                name, unit = self.numbers[number[1]]
                given[name] = int(number[2]) if unit == 1 else int(number[2]) / unit
            elif words:
                given[words.pop(0)] = part
            else:
                raise ValueError(f"{part!r} is no parameter of it")
        return self.make(**given)


FAMILIES: Mapping[str, Family] = {
    "rsa": Family(rsa_measure, words=("dissimilarity", "comparator")),
    "cka_rbf": Family(cka_rbf_measure, numbers={"f": ("fraction", 100)}),
    "shape_angle": Family(shape_measure, numbers={"a": ("alpha", 100)}),
    "mutual_knn": Family(knn_measure, words=("metric",), numbers={"k": ("k", 1)}),
    "jaccard_knn": Family(
        partial(knn_measure, kind="jaccard"), words=("metric",), numbers={"k": ("k", 1)}
    ),
    "cknna": Family(partial(knn_measure, kind="cknna"), numbers={"k": ("k", 1)}),
    "trsa": Family(
        trsa_measure, words=("dissimilarity",), numbers={"l": ("low", 100), "u": ("high", 100)}
    ),
    "mle_dimension": Family(mle_dimension_measure, numbers={"k": ("k", 1)}),
    "svcca": Family(svcca_measure, numbers={"v": ("variance", 100)}),
}
"""Name -> measures with parameters.

Examples:
    >>> FAMILIES["rsa"].measure(["euclidean", "tau_a"]).key
    'rsa.euclidean.tau_a'
"""


class Measures(dict[str, Measure]):
    """Key -> measure; a member of a family that is not listed is made when it is asked for."""

    def __missing__(self, key: str) -> Measure:
        """Make a measure of a family.

        Raises:
            KeyError: when there is none of this name; it says which there are.
        """
        family, *parts = key.split(".")
        if family not in FAMILIES:
            names = {*FAMILIES, *(each for each in self if "." not in each)}
            raise KeyError(f"no measure {key!r}; there are {', '.join(sorted(names))}")
        try:
            return FAMILIES[family].measure(parts)
        except ValueError as error:
            raise KeyError(f"no measure {key!r}: {error}") from None


MEASURES: Mapping[str, Measure] = Measures(
    {
        each.key: each
        for each in (
            *(rsa_measure(how, by) for how in DISSIMILARITIES for by in COMPARATORS),
            CKA, CKA_BIASED, cka_rbf_measure(1.0), cka_rbf_measure(0.5),
            PROCRUSTES, shape_measure(1.0), shape_measure(0.5), shape_measure(0.0),
            CCA_R2, CCA_MEAN, svcca_measure(0.99), PWCCA,
            knn_measure(), knn_measure(metric="euclidean"), knn_measure(kind="jaccard"),
            knn_measure(kind="jaccard", metric="euclidean"), knn_measure(kind="cknna"),
            *(trsa_measure(*quantiles) for quantiles in PRESETS.values()),
            UNIT_MATCHING, SUBSPACE_OVERLAP, ALIGNMENT_INDEX,
            RIDGE_R2, UNIT_R,
            PARTICIPATION_RATIO, MEAN_COSINE, EFFECTIVE_RANK, EFFECTIVE_RANK_SINGULAR, TWONN,
            mle_dimension_measure(10), NC1, CDNV, NC2_EQUINORM, NC2_SIMPLEX_GAP, DECODING,
            COSINE, NOISE_CEILING,
        )
    }
)  # fmt: skip
"""Key -> measure. One that is not listed here, and of no family, is neither tested nor found.

Examples:
    >>> MEASURES["rsa"].key, MEASURES["cka"].chance
    ('rsa.cosine.pearson', 'zero')
    >>> MEASURES["cka_rbf.f25"].name
    'CKA, Gaussian kernel of 0.25 median distances'
"""


def measures_of_two(names: Sequence[str]) -> list[Measure]:
    """Return the measures of two representations that some names stand for, each once.

    Args:
        names: keys, `core`, or `all`: those that take any two representations of the same items.

    Raises:
        ValueError: there is none of a name, it does not compare two representations, or it needs
            items that were measured repeatedly.

    Examples:
        >>> [measure.key for measure in measures_of_two(["cka", "core"])][:3]
        ['cka', 'rsa.cosine.pearson', 'rsa.cosine_centred.spearman']
    """
    keys: list[str] = []
    for name in names:
        if name == "core":
            keys += CORE
        elif name == "all":
            keys += [k for k, m in MEASURES.items() if m.compares == "two representations"
                     and not m.needs & {"same space", "repeats"}]  # fmt: skip
        else:
            keys.append(name)
    found: dict[str, Measure] = {}
    for key in keys:
        try:
            each = MEASURES[key]
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None
        if each.compares != "two representations":
            raise ValueError(
                f"{each.key} compares {each.compares}; those of two are, among others, "
                f"{', '.join(CORE)}"
            )
        if "repeats" in each.needs:
            raise ValueError(
                f"{each.key} needs items that were measured repeatedly, which are here once each"
            )
        found[each.key] = each
    return list(found.values())
