"""What a sweep chooses from: each parameter of an autoencoder that it searches, declared once."""

from __future__ import annotations

from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.space import EPOCHS, Axis, Point, Space

EPOCH_STEP = 10
"""A grid over a range of epochs takes every tenth, and the last."""
SIZE = "bottleneck"


def space_of(config: SweepConfig) -> Space:
    """Return the space that a configuration describes; its axes are named as in `Variant`."""
    axes = (
        Axis.choice(SIZE, tuple(sorted(config.bottlenecks))),
        Axis.whole(EPOCHS, *config.autoencoder_epochs, step=EPOCH_STEP),
        Axis.magnitude("learning_rate", *config.learning_rates),
        Axis.choice("activation", config.activations),
        Axis.choice("kind", config.kinds),
    )
    return Space(axes, nesting=("kind", "activation", "learning_rate", SIZE, EPOCHS))


def variant_of(direction: str, point: Point, epochs: int) -> Variant:
    """Return the training, over so many epochs, that shows a point's values."""
    return Variant(direction, **{**point, EPOCHS: epochs})
