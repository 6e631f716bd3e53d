"""The tables of a comparison of given representations, and what their columns say."""

from __future__ import annotations

from hybridrep.analysis.schema import Column, Schema

_SIDES = {
    "first": Column("text", meaning="one representation"),
    "second": Column("text", meaning="the other"),
}
_P = Column("float", low=0, high=1, meaning="by permutation of the items, uncorrected")

PAIRS = Schema(
    {
        "measure": Column("text", meaning="key of the measure, parameters and all"),
        **_SIDES,
        "seed_first": Column("int", low=-1, meaning="instance of the first; -1: it is none"),
        "seed_second": Column("int", low=-1, meaning="of the second"),
        "n": Column("int", low=0, meaning="items"),
        "value": Column("float", meaning="NaN where it is undefined; `note` says why"),
        "chance": Column("float", meaning="mean under random pairing of the items"),
        "adjusted": Column("float", meaning="(value - chance) / (best - chance)"),
        "z": Column("float", meaning="standard deviations above chance"),
        "se": Column("float", low=0, meaning="standard error over items"),
        "low": Column("float", meaning="lower end of the 95% interval over items"),
        "high": Column("float", meaning="upper end"),
        "p": _P,
        "p_corrected": Column("float", low=0, high=1, meaning="p as `correction` says"),
        "correction": Column("text", meaning="maxt, holm, bh, none, or primary: not corrected"),
        "primary": Column("int", low=0, high=1, meaning="1: the measure that was declared before"),
        "higher_means": Column("text", meaning="how to read a higher value"),
        "note": Column("text", meaning="why there is no value or interval, or what to know of it"),
    },
    key=("measure", "first", "second"),
)
DIFFERENCES = Schema(
    {
        "measure": Column("text", meaning="key of the measure"),
        "reference": Column("text", meaning="what both are scored against"),
        **_SIDES,
        "difference": Column("float", meaning="value of the first less that of the second"),
        "low": Column("float", meaning="lower end of its 95% interval, from shared resamples"),
        "high": Column("float", meaning="upper end"),
        "p": Column("float", low=0, high=1, meaning="two-sided, from the resamples"),
        "p_corrected": Column("float", low=0, high=1, meaning="by Holm within the measure"),
    },
    key=("measure", "reference", "first", "second"),
)
DESCRIBE = Schema(
    {
        "measure": Column("text", meaning="key of the measure"),
        "representation": Column("text", meaning="what it is of"),
        "n": Column("int", low=0, meaning="items"),
        "value": Column("float", meaning="NaN where it is undefined"),
        "se": Column("float", low=0, meaning="standard error over items, by halves"),
        "low": Column("float", meaning="lower end of the 95% interval"),
        "high": Column("float", meaning="upper end"),
        "note": Column("text", meaning="why there is none, or what to know"),
    },
    key=("measure", "representation"),
)
JUDGEMENTS = Schema(
    {
        "judgements": Column("text", meaning="name of what people said"),
        "kind": Column("text", meaning="ratings or triplets"),
        "representation": Column("text", meaning="what is held against it"),
        "n": Column("int", low=0, meaning="judgements about items that are compared"),
        "lost": Column("int", low=0, meaning="judgements about others, left out"),
        "value": Column("float", meaning="of triplets: share whose odd one is found, ties shared; "
                        "of ratings: Spearman's rho with its cosines (or similarities)"),
        "chance": Column("float", meaning="1/3 of triplets, 0 of ratings"),
        "low": Column("float", meaning="lower end of the 95% bootstrap interval over items"),
        "high": Column("float", meaning="upper end"),
        "ceiling_lower": Column("float", meaning="how well people agree with themselves: each by "
                                "the others"),
        "ceiling_upper": Column("float", meaning="the same, each by all"),
        "subjects": Column("int", low=0, meaning="people"),
        "note": Column("text", meaning="why there is none, or what to know"),
    },
    key=("judgements", "representation"),
)  # fmt: skip
IDENTIFICATION = Schema(
    {
        "measure": Column("text", meaning="key of the measure"),
        "groups": Column("int", low=0, meaning="groups of representations"),
        "seeds": Column("int", low=0, meaning="seeds"),
        "representations": Column("int", low=0, meaning="how many were told apart"),
        "accuracy": Column("float", low=0, high=1, meaning="share that is nearest to its own "
                           "group, its seed left out of all; ties by their share"),
        "chance": Column("float", low=0, high=1, meaning="1 / groups"),
        "low": Column("float", meaning="lower end of the 95% interval over seeds"),
        "high": Column("float", meaning="upper end"),
        "p": Column("float", low=0, high=1, meaning="by permutation of groups within seeds"),
        "auc": Column("float", low=0, high=1, meaning="probability that a pair within a group is "
                      "more alike than one between groups"),
        "d_prime": Column("float", meaning="means within less between, over their pooled SD"),
        "note": Column("text", meaning="why there is none"),
    },
    key=("measure",),
)  # fmt: skip
CEILING = Schema(
    {
        "measure": Column("text", meaning="key of the measure; `seed_retrieval`: mean reciprocal "
                          "rank of an item among another seed's"),
        "group": Column("text", meaning="group of seeds, or file of subjects"),
        "of": Column("text", meaning="seeds, files or subjects"),
        "n": Column("int", low=0, meaning="how many"),
        "lower": Column("float", meaning="each with the mean of the others"),
        "upper": Column("float", meaning="each with the mean of all"),
        "p": Column("float", low=0, high=1, meaning="whether the lower bound is 0, by t-test"),
        "note": Column("text", meaning="why there is none, or that it is approximate"),
    },
    key=("measure", "group", "of"),
)  # fmt: skip
REPRESENTATIONS = Schema(
    {
        "representation": Column("text", meaning="its name"),
        "kind": Column("text", meaning="vectors, rdm, similarity, ratings or triplets"),
        "group": Column("text", meaning="what it is an instance of"),
        "seed": Column("int", low=-1, meaning="which instance; -1: none"),
        "items": Column("int", low=0, meaning="how many items its file holds"),
        "repeats": Column("int", low=0, meaning="how often each was measured; measures that need "
                          "no repeats take the mean; 0 of a matrix or judgements"),
        "lost": Column("int", low=0, meaning="of these, not compared"),
        "dimensions": Column("int", low=0, meaning="of its vectors; 0 of a matrix"),
        "source": Column("text", meaning="the file"),
        "sha256": Column("text", meaning="of the file"),
        "revision": Column("text", meaning="as its owner says"),
    },
    key=("representation",),
)  # fmt: skip
ALIGNMENT = Schema(
    {
        "item": Column("text", meaning="its id"),
        **_SIDES,
        "overlap": Column(
            "float",
            low=0,
            high=1,
            meaning="share of its nearest items (10, of fewer items all "
            "but the farthest) that both sides agree on",
        ),
    },
    key=("item", "first", "second"),
)
SCHEMAS = {
    "pairs": PAIRS,
    "differences": DIFFERENCES,
    "describe": DESCRIBE,
    "judgements": JUDGEMENTS,
    "identification": IDENTIFICATION,
    "ceiling": CEILING,
    "representations": REPRESENTATIONS,
    "alignment": ALIGNMENT,
}
"""Tables of a run of `measure`: `tables/NAME.json`."""
