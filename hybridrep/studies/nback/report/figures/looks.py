"""How networks and features look in every figure of the study."""

from __future__ import annotations

from collections.abc import Iterable

from hybridrep.reporting.style import OKABE_ITO, Stroke

ARCHITECTURES = {
    "rnn": Stroke(OKABE_ITO["vermillion"], "-", "o"), "gru": Stroke(OKABE_ITO["blue"], "-", "s"),
    "lstm": Stroke(OKABE_ITO["green"], "-", "^"),
}  # fmt: skip

FEATURES = {
    "location": Stroke(OKABE_ITO["purple"], "-", "o"),
    "identity": Stroke(OKABE_ITO["orange"], "-", "s"),
    "category": Stroke(OKABE_ITO["sky"], "-", "^"),
}


def in_order(names: Iterable[str]) -> list[str]:
    """Return networks' names once each, in the order of architectures, main sizes first.

    Example:
        >>> in_order(["lstm", "rnn-64", "rnn", "rnn"])
        ['rnn', 'rnn-64', 'lstm']
    """
    order = [*ARCHITECTURES]
    return sorted(set(names), key=lambda name: (order.index(name.partition("-")[0]), name))


def stroke_of(name: str) -> Stroke:
    """Return the look of a network by its name; one of a further size is dashed.

    Example:
        >>> stroke_of("rnn-256").dash
        '--'
    """
    architecture, _, size = name.partition("-")
    stroke = ARCHITECTURES[architecture]
    return Stroke(stroke.colour, "--", stroke.marker) if size else stroke
