"""The autoencoders as transforms: the second side is rebuilt from a narrow middle of the first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Num

from hybridrep.transforms.autoencoder import AutoencoderConfig, ModelData
from hybridrep.transforms.stacked import apply_autoencoder, train_autoencoders
from hybridrep.transforms.transform import Sizes, Transform, check_pairs, split

_CURVES = "curves."  # what the names of the losses in a file begin with


@dataclass(frozen=True, eq=False)
class AutoencoderTransform(Transform):
    """The paper's autoencoder (Jiang, Dale & Lu, section 3.2), after its last epoch; float32.

    Attributes:
        state: the parameters, named as in the module (`autoencoder_of_state`).
        curves: one row an epoch: `epoch`, `train_loss`, `test_loss` (of the held-out rows).

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(60, 12))
        >>> fitted = AutoencoderTransform.fit(first, first[:, :5], rng, bottleneck=4, epochs=3)
        >>> fitted.apply(first).shape, fitted.bottleneck(first).shape, len(fitted.curves)
        ((60, 5), (60, 4), 3)
    """

    method: ClassVar[str] = "autoencoder"
    kind: ClassVar[str] = "convolutional"
    config: AutoencoderConfig
    state: Mapping[str, np.ndarray]
    curves: pd.DataFrame

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        bottleneck: int = 32, held_out: float = 0.1, **settings: Any,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says; to train many at once see `train_autoencoders`.

        Args:
            bottleneck: width of the middle.
            held_out: share of the rows that are not trained on, for `curves`.
            settings: `epochs`, `learning_rate`, `batch_size`, `activation` of `AutoencoderConfig`.
        """
        first, second = check_pairs(cls.method, first, second)
        train, test = split(cls.method, len(first), held_out, rng)
        config = AutoencoderConfig(
            first.shape[1], second.shape[1], bottleneck, kind=cls.kind, **settings
        )
        init, order = (int(number) for number in rng.integers(2**63, size=2))
        data = ModelData(
            first, second, train, test,
            init=torch.Generator().manual_seed(init), order=np.random.default_rng(order),
        )  # fmt: skip
        (trained,) = train_autoencoders(config, [data])
        return cls(config, trained.final_state, trained.curves)

    @property
    def sizes(self) -> Sizes:
        """The first side alone is read."""
        return Sizes(self.config.input_size, None, self.config.output_size)

    def bottleneck(
        self, first: Num[np.ndarray, "items first_dim"]
    ) -> Float[np.ndarray, "items bottleneck"]:
        """Return the middle, which the paper calls the diffused representation."""
        return apply_autoencoder(self.config, self.state, *self._read(first, None))[0]

    def _map(self, *sides: np.ndarray) -> Float[np.ndarray, "items output"]:
        return apply_autoencoder(self.config, self.state, *sides)[1]

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        curves = {_CURVES + str(name): self.curves[name].to_numpy() for name in self.curves}
        return {**self.state, **curves}, dataclasses.asdict(self.config)

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        names = [name for name in arrays if name.startswith(_CURVES)]
        curves = {name.removeprefix(_CURVES): arrays.pop(name) for name in sorted(names)}
        return cls(AutoencoderConfig(**settings), arrays, pd.DataFrame(curves))


class FullyConnectedTransform(AutoencoderTransform):
    """`AutoencoderTransform` with the fully connected layers that the paper names beside it."""

    method: ClassVar[str] = "autoencoder_fully_connected"
    kind: ClassVar[str] = "fully_connected"
