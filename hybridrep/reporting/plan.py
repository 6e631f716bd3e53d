"""What is known of a figure before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Plan:
    """One figure that is to be drawn.

    Attributes:
        name: file name without extension.
        caption: what a reader must know to read it.
        alternative: what it shows, for those who cannot see it, with its main numbers.
        group: part of the report, e.g. "design", "curves", "appendix".
        plain: whether it must keep its colours on a dark page (colour scales).
    """

    name: str
    title: str
    caption: str
    alternative: str
    group: str
    draw: Callable[[], Figure]
    plain: bool = False
