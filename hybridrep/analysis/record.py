"""hybridrep.analysis.record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Change = Literal["common_scale", "item_scale", "rotation", "translation", "item_order"]
"""A change of a representation that a measure may or may not notice.

`common_scale` multiplies everything by one positive number, `item_scale` every item by its own,
`rotation` turns the space (an orthogonal matrix), `translation` adds one vector to all items,
`item_order` reorders the items of everything that is compared.
"""


@dataclass(frozen=True)
class Measure:
    """What a measure promises. Each promise is a property that the tests check.

    Attributes:
        name: the measure's name.
        compares: what two things it compares.
        low: least value it can take.
        high: greatest value it can take.
        higher_means: how to read a higher value.
        symmetric: whether swapping the two things leaves the value as it is.
        invariant_to: the changes that leave the value as it is (of those in `Change`; for each
            of the others there are representations that it does notice).
    """

    name: str
    compares: str
    low: float
    high: float
    higher_means: str
    symmetric: bool
    invariant_to: frozenset[Change]
