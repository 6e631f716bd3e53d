"""What is promised of every measure, as a record that the tests hold it to, and what it returns.

A measure is a pure function on arrays with one `Measure` beside it, in the module that computes
it; `hybridrep.analysis.measures` lists them all. Of two representations, or of one, it returns a
`Score`: the value beside what chance gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Change = Literal[
    "common_scale", "item_scale", "rotation", "translation", "item_order", "invertible_linear",
    "dimension_order", "dimension_scale", "monotone",
]  # fmt: skip
"""A change of an array of items that a measure may or may not notice.

`common_scale` multiplies everything by one positive number, `item_scale` every item by its own,
`rotation` turns the space (an orthogonal matrix), `translation` adds one vector to all items,
`item_order` reorders the items of everything that is compared, `invertible_linear` multiplies by
any invertible matrix, `dimension_order` reorders the dimensions, `dimension_scale` multiplies every
dimension by a positive number of its own. `monotone` maps the dissimilarities of the items by an
increasing function; it can only be tried where a measure is one of dissimilarities.
"""

Compares = Literal[
    "two representations", "one representation", "one representation and labels",
    "items of one representation", "profiles of seeds",
]  # fmt: skip
"""What a measure takes, and so how it is called.

`compute(items x dim, items x dim)` of the same items, `compute(items x dim)`, or
`compute(items x dim, labels of the items)` return a `Score`. `compute(items x dim)` of the items of
one representation returns a matrix, `compute(seeds x values)`, whose items are seeds, a record.
"""

Centring = Literal["columns", "rows", "unit rows", "kernel", "none"]
"""What is taken out before anything else: the mean of all items, each item's own mean, its length
(and no mean), or the mean of a kernel in its own space."""

Chance = Literal[
    "zero", "closed", "permutation", "at most zero", "permuted labels", "control labels", "none"
]
"""What unrelated things are given: 0 in the mean; something else that is computed exactly; what
only shuffled items show, or shuffled labels, or labels given at random to distinct items."""

Resampling = Literal[
    "pair weights", "half samples", "half samples in class", "held-out items", "seeds only", "none"
]
"""How to say how sure a value is: by weights of pairs where copies of an item can be left out, by
halves without replacement where they would make neighbours, by what was held out where something
was fitted."""

Need = Literal["labels", "repeats", "folds", "same space"]
"""What a measure needs beside its arrays, or of them: "same space" are the same dimensions; with
"repeats" every item was measured repeatedly, and its arrays are items x repeats x dim ([models,
items, repeats, dim] of `describe`)."""

CORE = (
    "rsa.cosine.pearson", "rsa.cosine_centred.spearman", "cka", "procrustes", "mutual_knn.k10",
    "ridge_r2",
)  # fmt: skip
"""Keys of the measures that `core` stands for: one of each view, to be looked at together."""


@dataclass(frozen=True)
class Score:
    """A value and what chance would give.

    Attributes:
        value: NaN where it is not defined; then `note` says why.
        chance: mean under random pairing of the items; NaN where only permutations can tell.
        chance_sd: standard deviation under random pairing; NaN where it is not known.
        n: number of items, or what takes their place (distinct ones, or those held out).
        note: why the value is undefined, or what to know before it is believed.
        best: value of a representation with itself; NaN where there is no fixed one.

    Examples:
        >>> score = Score(0.5, chance=0.2, chance_sd=0.1, n=40)
        >>> round(score.adjusted, 3), round(score.z, 3)
        (0.375, 3.0)
    """

    value: float
    chance: float = math.nan
    chance_sd: float = math.nan
    n: int = 0
    note: str = ""
    best: float = 1.0

    @property
    def adjusted(self) -> float:
        """0 for what chance gives, 1 for the best: (value - chance) / (best - chance)."""
        span = self.best - self.chance
        return (self.value - self.chance) / span if span else math.nan

    @property
    def z(self) -> float:
        """How many standard deviations the value lies above chance."""
        return (self.value - self.chance) / self.chance_sd if self.chance_sd else math.nan


@dataclass(frozen=True)
class Measure:
    """What a measure promises. Each promise is a property that the tests check.

    Many models at once: `describe` takes one side of all of them, [models, items, dim], and returns
    an object of the measure's own, its side, on which everything has been done that needs one side
    alone. Two sides of equally many models and the same items are compared model by model:
    `compare` returns the values [models], `score` a list with a `Score` of each. So seeds x epochs
    are described in one call, and what stays the same or is compared with everything is described
    once. `compute(first, second)` says the same of one model.

    Attributes:
        key: how `MEASURES` calls it: letters, digits, `_`, and dots before parameters.
        name: how people call it.
        compares: what it takes, and so how `compute` is called.
        low: least value it can take; `high`: the greatest.
        best: value of a thing with itself; None if there is no fixed one.
        higher_means: how to read a higher value.
        symmetric: whether swapping what is compared leaves the value as it is.
        invariant_to: the changes of one side that leave the value as it is (for each of the others
            there are representations that it does notice).
        centres: what is taken out first.
        chance: what unrelated things are given.
        resampling: how to say how sure a value is.
        reference: where it comes from.
        compute: the function itself.
        metric: whether the triangle inequality holds for the value or, where higher means more
            alike, for 1 less the value.
        needs: what it needs beside two arrays of the same items.
        least_items: with fewer items the value is undefined.
        cost: multiplications, of n items of d, d1 and d2 dimensions.
        oracle: whose implementation it is compared with.
        describe: prepares one side for many models at once, [models, items, dim]; None if there
            is nothing to be described once and compared often.
        compare: the values of two sides that were described, per model.
        score: a `Score` of two sides that were described, per model.
        of_dissimilarities: the value of two vectors of dissimilarities of the same pairs of items
            (`lower_triangle`), for a measure that is one of them; else None.
        describe_dissimilarities: describes one side by dissimilarities, [models, pairs], so that
            `compare` and `score` take it; None where `of_dissimilarities` is.

    Examples:
        >>> from hybridrep.analysis import MEASURES
        >>> rsa = MEASURES["rsa.cosine.pearson"]
        >>> rsa.high, rsa.higher_means
        (1.0, 'more alike')
    """

    key: str
    name: str
    compares: Compares
    low: float
    high: float
    best: float | None
    higher_means: str
    symmetric: bool
    invariant_to: frozenset[Change]
    centres: Centring
    chance: Chance
    resampling: Resampling
    reference: str
    compute: Callable[..., Any]
    metric: bool = False
    needs: frozenset[Need] = frozenset()
    least_items: int = 2
    cost: str = "n d"
    oracle: str = ""
    describe: Callable[..., Any] | None = None
    compare: Callable[..., Any] | None = None
    score: Callable[..., Any] | None = None
    of_dissimilarities: Callable[..., Any] | None = None
    describe_dissimilarities: Callable[..., Any] | None = None


Found = TypeVar("Found")


def named(there: Mapping[str, Found], key: str, what: str) -> Found:
    """Look one of several things up by its name.

    Raises:
        ValueError: there is none of that name; the message lists them.

    Examples:
        >>> named({"one": 1, "two": 2}, "two", "number")
        2
    """
    if key not in there:
        raise ValueError(f"no {what} {key!r}; there are {', '.join(there)}")
    return there[key]
