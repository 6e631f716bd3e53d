"""What is promised of every measure, as a record that the tests hold it to.

A measure is a pure function on arrays with one `Measure` beside it, in the module that computes
it; `hybridrep.analysis.measures` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Change = Literal["common_scale", "item_scale", "rotation", "translation", "item_order"]
"""A change of an array of items that a measure may or may not notice.

`common_scale` multiplies everything by one positive number, `item_scale` every item by its own,
`rotation` turns the space (an orthogonal matrix), `translation` adds one vector to all items,
`item_order` reorders the items of everything that is compared.
"""

Compares = Literal["items of one representation", "two representations", "profiles of seeds"]
"""What a measure takes, and so how it is called: `compute(items x dim)`, `compute(items x dim,
items x dim)` of the same items, or `compute(seeds x values)`, whose items are seeds."""


@dataclass(frozen=True)
class Measure:
    """What a measure promises. Each promise is a property that the tests check.

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
        chance: what unrelated things are given, in words.
        reference: where it comes from.
        describe: prepares one side for many models at once, [models, items, dim]; None if there
            is nothing to be described once and compared often.
        compare: the value of two sides that were described, per model.

    Examples:
        >>> from hybridrep.analysis import MEASURES
        >>> MEASURES["rsa"].high, MEASURES["rsa"].higher_means
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
    chance: str
    reference: str
    compute: Callable[..., Any]
    describe: Callable[..., Any] | None = None
    compare: Callable[..., Any] | None = None
