"""Which of a frozen encoder's states are a text's vector: of which layer, pooled how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hybridrep.errors import EncoderError

Pooling = Literal["cls", "mean"]
"""`cls`: the state at the first position; `mean`: over all tokens, [CLS] and [SEP] among them."""


@dataclass(frozen=True)
class Reading:
    """Which states of an encoder are a text's vector.

    Attributes:
        pooling: how the tokens' states become one.
        layer: 0 is what goes into the first layer, 1 what comes out of it, and so on; negative
            ones count from the last, -1.
    """

    pooling: Pooling = "cls"
    layer: int = -1

    def of(self, layers: int) -> Reading:
        """Return the same reading of an encoder of so many layers, with -1 for the last.

        Raises:
            EncoderError: it has no such layer.

        Example:
            >>> Reading("mean", 6).of(6), Reading("cls", -3).of(6)
            (Reading(pooling='mean', layer=-1), Reading(pooling='cls', layer=4))
        """
        if not -layers - 1 <= self.layer <= layers:
            raise EncoderError(
                f"the encoder has {layers} layers: layer {self.layer} is none of 0 (what goes into "
                f"the first) to {layers}, or -1 (the last) to {-layers - 1}"
            )
        at = self.layer if self.layer >= 0 else layers + 1 + self.layer
        return Reading(self.pooling, -1 if at == layers else at)

    @property
    def words(self) -> str:
        """What it is, e.g. "[CLS] of the last layer"."""
        pooled = "[CLS]" if self.pooling == "cls" else "mean over the tokens"
        return f"{pooled} of {self.place}"

    @property
    def place(self) -> str:
        """Which layer, e.g. "the last layer"."""
        if self.layer == 0:
            return "the embeddings"
        return "the last layer" if self.layer == -1 else f"layer {self.layer}"


USUAL = Reading()
"""The paper's: [CLS] of the last layer."""
