"""What one seed contributes to figures of single simulations: matrices, projections, tweets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Items:
    """Tweets in the order of the rows of a matrix or projection.

    `labels` are indices into `label_names`; `texts` is None where the study may not show them.
    """

    labels: Int[np.ndarray, " items"]
    label_names: tuple[str, ...]
    texts: tuple[str, ...] | None


@dataclass(frozen=True)
class SimilarityMatrices:
    """Cosine similarities between the same items in the four representations of one autoencoder.

    `matrices`: `global`, `task_specific`, `diffused`, `transformed` -> float16 or float32.
    """

    direction: str
    bottleneck: int
    matrices: Mapping[str, Float[np.ndarray, "items items"]]
    items: Items


@dataclass(frozen=True)
class Projection:
    """Items of one representation, laid out in the plane by t-SNE (no unit).

    Direction and bottleneck are "" and 0 for the representations that need no autoencoder.
    """

    representation: str
    direction: str
    bottleneck: int
    points: Float[np.ndarray, "items 2"]
    items: Items


@dataclass(frozen=True)
class ExampleItems:
    """What one seed contributes to the figures of single simulations.

    Attributes:
        reason: why this seed, one sentence for the captions.
        emotion_matrices: one record per direction and bottleneck (the paper's Fig. 4).
        emotion_projections: LSTM, BERT, and per direction and bottleneck both layers (Figs 3, C1).
        hate_matrices: as above, for the hate tweets (Fig. E1); `hate_projections`: Fig. D1.
    """

    seed: int
    reason: str
    emotion_matrices: tuple[SimilarityMatrices, ...]
    emotion_projections: tuple[Projection, ...]
    hate_matrices: tuple[SimilarityMatrices, ...]
    hate_projections: tuple[Projection, ...]

    def without_texts(self) -> ExampleItems:
        """Return the same example with every tweet removed."""
        return replace(
            self,
            emotion_matrices=_silent(self.emotion_matrices),
            emotion_projections=_silent(self.emotion_projections),
            hate_matrices=_silent(self.hate_matrices),
            hate_projections=_silent(self.hate_projections),
        )


def _silent(records: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(replace(r, items=replace(r.items, texts=None)) for r in records)
