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
REPRESENTATIONS = Schema(
    {
        "representation": Column("text", meaning="its name"),
        "kind": Column("text", meaning="vectors, rdm or similarity"),
        "group": Column("text", meaning="what it is an instance of"),
        "seed": Column("int", low=-1, meaning="which instance; -1: none"),
        "items": Column("int", low=0, meaning="how many items its file holds"),
        "lost": Column("int", low=0, meaning="of these, not compared"),
        "dimensions": Column("int", low=0, meaning="of its vectors; 0 of a matrix"),
        "source": Column("text", meaning="the file"),
        "sha256": Column("text", meaning="of the file"),
        "revision": Column("text", meaning="as its owner says"),
    },
    key=("representation",),
)
ALIGNMENT = Schema(
    {
        "item": Column("text", meaning="its id"),
        **_SIDES,
        "overlap": Column(
            "float", low=0, high=1, meaning="share of its 10 nearest items that both sides agree on"
        ),
    },
    key=("item", "first", "second"),
)
SCHEMAS = {
    "pairs": PAIRS,
    "differences": DIFFERENCES,
    "describe": DESCRIBE,
    "representations": REPRESENTATIONS,
    "alignment": ALIGNMENT,
}
"""Tables of a run of `measure`: `tables/NAME.json`."""
