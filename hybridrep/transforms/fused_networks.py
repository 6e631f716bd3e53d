"""Fusions that are trained: what they read, how many train as one stack, and what is kept of each.

`heads` and `matching` say what they are trained on. A fused network reads one side or both, each
centred and scaled to unit total variance by its training rows, and gives what its last layer holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Float64, Int, Num
from torch import Tensor

from hybridrep.errors import ParameterError
from hybridrep.networks.batches import Batches, Place, Rows
from hybridrep.networks.fitting import TrainedNetwork, initial_layers
from hybridrep.networks.loss import Loss
from hybridrep.networks.network import Shape, StackedNetwork
from hybridrep.networks.training import (
    STACK_MEMORY,
    Bench,
    Stack,
    block_width,
    check_rows,
    train_alike,
    width_on,
)
from hybridrep.transforms.transform import Sizes, Transform, check_pairs, split

LEAST_ITEMS = 64
"""Fewer training rows than this say nothing about similarities; they are refused."""

_CURVES = "curves."  # what the names of the losses in a file begin with


@dataclass(frozen=True, eq=False)
class PairData:
    """One fusion's data and randomness.

    Attributes:
        first: one row an item; `second`: the same items. Models may share arrays.
        train: rows to train on; `test` likewise, for the test loss.
        rng: source of the initial parameters and of the order of every epoch; advanced.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, rows = rng.normal(size=(90, 8)), np.arange(90)
        >>> PairData(first, first[:, :3], rows[:70], rows[70:], rng).second.shape
        (90, 3)
    """

    first: Num[np.ndarray, "items first"]
    second: Num[np.ndarray, "items second"]
    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]
    rng: np.random.Generator


@dataclass(frozen=True, eq=False)
class Scaling:
    """Centring and one scale for all dimensions: (x - mean) / spread has unit total variance.

    Examples:
        >>> rows = np.random.default_rng(0).normal(3, 2, size=(90, 8))
        >>> bool(np.isclose(Scaling.of(rows)(rows).var(axis=0).sum(), 1))
        True
    """

    mean: Float64[np.ndarray, " dim"]
    spread: float

    @classmethod
    def of(cls, rows: Num[np.ndarray, "items dim"]) -> Self:
        """Take mean and total variance of some rows.

        Raises:
            ValueError: all rows are equal.
        """
        mean = rows.mean(axis=0, dtype=np.float64)
        total = float(((rows - mean) ** 2).sum(axis=1).mean())
        if total == 0:
            raise ValueError("a side whose training rows are all equal cannot be scaled")
        return cls(mean, total**0.5)

    def __call__(self, rows: Num[np.ndarray, "items dim"]) -> Float64[np.ndarray, "items dim"]:
        """Return rows, scaled."""
        scaled: np.ndarray = (rows - self.mean) / self.spread
        return scaled


class ScaledSides:
    """The sides of a stack's batches next to each other, each scaled for its model as it is read.

    The tables themselves are not copied, so that seeds share a global representation.
    """

    trainable = False

    def __init__(
        self, sides: Sequence[Sequence[np.ndarray]], scalings: Sequence[Sequence[Scaling]],
        dtype: torch.dtype, place: Place,
    ) -> None:  # fmt: skip
        self._rows = [Rows(tables, dtype, place) for tables in sides]
        self._widths = [tables[0].shape[1] for tables in sides]
        self._means = [
            torch.from_numpy(np.stack([each.mean for each in of_side])[:, None])
            .to(dtype)
            .to(place.device)
            for of_side in scalings
        ]
        self._factors = [
            torch.tensor([1 / each.spread for each in of_side], dtype=dtype)
            .view(-1, 1, 1)
            .to(place.device)
            for of_side in scalings
        ]
        self._room: list[Tensor] = []

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""
        for rows in self._rows:
            rows.plan(plan)

    def fill(self, step: int, out: Tensor) -> None:
        """Write the sides of a step's batch into [models, rows, widths of the sides]."""
        models, count, _ = out.shape
        if not self._room or self._room[0].shape[:2] != (models, count):
            self._room = [
                torch.empty(models, count, width, dtype=out.dtype, device=out.device)
                for width in self._widths
            ]
        start = 0
        for rows, room, mean, factor in zip(
            self._rows, self._room, self._means, self._factors, strict=True
        ):
            rows.fill(step, room)
            part = out[:, :, start : start + room.shape[2]]
            torch.sub(room, mean, out=part)
            part.mul_(factor)
            start += room.shape[2]

    def learn(self, step: int, gradient: Tensor) -> None:
        """Do nothing: the rows are fixed."""


class Objective(Protocol):
    """What a kind of fused network is trained for, said by its module."""

    @property
    def kept_layers(self) -> int:
        """How many of its layers lead to the fused representation."""

    def shape(self, inputs: int, outputs: int) -> Shape:
        """Return the layers, given the widths of what is read and of both sides together."""

    def loss(
        self, models: Sequence[PairData], scalings: Sequence[tuple[Scaling, Scaling]],
        dtype: torch.dtype, place: Place,
    ) -> Loss:  # fmt: skip
        """Return the loss of a stack of models, computed where their data are."""

    @property
    def epochs(self) -> int:
        """Passes over the training rows."""

    @property
    def learning_rate(self) -> float:
        """Of Adam."""

    @property
    def batch_size(self) -> int:
        """Rows in a batch, at most."""


@dataclass(frozen=True, eq=False)
class FusedNetwork:
    """One trained fusion: how its sides are scaled, and the layers up to what is fused.

    Examples:
        >>> import pandas as pd
        >>> layer = np.ones((8, 2), np.float32), np.zeros(2, np.float32)
        >>> scaling = Scaling(np.zeros(8), 2.0)
        >>> fused = FusedNetwork((scaling, None), TrainedNetwork(pd.DataFrame(), [layer], "relu"))
        >>> fused.apply(np.ones((1, 8))).tolist()
        [[4.0, 4.0]]
    """

    scalings: tuple[Scaling | None, Scaling | None]
    network: TrainedNetwork

    def apply(self, *sides: np.ndarray) -> Float[np.ndarray, "items size"]:
        """Return the fused representation of new items, given the sides that are read."""
        used = [each for each in self.scalings if each is not None]
        scaled = [scaling(side) for scaling, side in zip(used, sides, strict=True)]
        return self.network.predict(np.hstack(scaled))


OnEpoch = Callable[[int, Sequence[int], Callable[[np.ndarray], np.ndarray]], None]
"""Told an epoch (0: before training), which models are meant, and a function of them: items of
each, [models, items], to what each fuses of its own, [models, items, size]."""


@torch.inference_mode()
def train_fused(
    objective: Objective, models: Sequence[PairData], reads: tuple[bool, bool], *,
    on_epoch: OnEpoch | None = None, block: int | None = None, dtype: torch.dtype = torch.float32,
    device: str = "cpu", memory: int = STACK_MEMORY,
) -> list[FusedNetwork]:  # fmt: skip
    """Train fusions of one kind, each on its own data, order and initialisation, as stacks.

    Args:
        objective: what they are trained for.
        models: their data, of equal widths.
        reads: whether the first and the second side go in.
        on_epoch: looks at the models before training and after every epoch.
        block: how many make one batched product; only speed depends on it.
        dtype: of the arithmetic. Initial parameters are drawn in float32 in any case.
        device: where they are trained; what is drawn is drawn on the processor in any case.
        memory: bytes of another device than the processor for those that are trained at once.

    Raises:
        ParameterError: fewer than `LEAST_ITEMS` training rows.
        ExecutionError: another device than the processor has too little memory for one.

    Examples:
        >>> from hybridrep.transforms import Matching
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> data = PairData(first, second, np.arange(70), np.arange(70, 90), rng)
        >>> fused = train_fused(Matching(4, epochs=2), [data] * 5, (True, True))
        >>> len(fused), fused[0].apply(first, second).shape
        (5, (90, 4))
    """
    for number, model in enumerate(models):
        check_rows(number, model.train, model.test)
        if len(model.train) < LEAST_ITEMS:
            raise ParameterError(
                f"a trained fusion needs at least {LEAST_ITEMS} training items, "
                f"got {len(model.train)}"
            )
    if not models:
        return []
    widths = models[0].first.shape[1], models[0].second.shape[1]
    inputs = sum(width for width, read in zip(widths, reads, strict=True) if read)
    shape = objective.shape(inputs, sum(widths))
    scalings = [(Scaling.of(m.first[m.train]), Scaling.of(m.second[m.train])) for m in models]

    def stack_of(part: Sequence[int]) -> Stack:
        chosen, scaled, place = (
            [models[n] for n in part],
            [scalings[n] for n in part],
            Place(device),
        )
        layers = [initial_layers(shape, m.rng) for m in chosen]
        return Stack(
            network=StackedNetwork(shape, layers, objective.learning_rate, dtype, place.device),
            inputs=sides_of(chosen, scaled, reads, dtype, place),
            loss=objective.loss(chosen, scaled, dtype, place),
            train=np.stack([m.train for m in chosen]), test=np.stack([m.test for m in chosen]),
            orders=[m.rng for m in chosen],
            batch_size=even_batches(len(chosen[0].train), objective.batch_size),
        )  # fmt: skip

    def result_of(stack: Stack, model: int, curves: pd.DataFrame) -> TrainedNetwork:
        maps = stack.network.linear_maps(model)[: objective.kept_layers]
        layers = [(each.weight.contiguous().numpy(), each.bias.numpy()) for each in maps]
        return TrainedNetwork(curves.drop(columns="test_accuracy"), layers, shape.activation)

    def watch(epoch: int, part: Sequence[int], stack: Stack, bench: Bench) -> None:
        if on_epoch is not None:
            layers = (objective.kept_layers,)
            on_epoch(
                epoch, part, lambda items: stack.outputs_of(bench, items, layers)[0].cpu().numpy()
            )

    rows = [(m.train, m.test) for m in models]
    numbers = max(m.first.size + m.second.size for m in models)
    width = block or width_on(
        device, memory, shape, objective.batch_size, numbers, dtype, block_width(shape.parameters)
    )
    trained = train_alike(
        rows, width, objective.epochs, stack_of, result_of, watch if on_epoch else None
    )
    return [
        FusedNetwork((one if reads[0] else None, other if reads[1] else None), network)
        for (one, other), network in zip(scalings, trained, strict=True)
    ]


def sides_of(
    models: Sequence[PairData], scalings: Sequence[tuple[Scaling, Scaling]],
    reads: tuple[bool, bool], dtype: torch.dtype, place: Place,
) -> ScaledSides:  # fmt: skip
    """Return the sides that are read, as inputs or targets of a stack."""
    tables = [[m.first for m in models], [m.second for m in models]]
    read = [side for side in (0, 1) if reads[side]]
    return ScaledSides(
        [tables[side] for side in read],
        [[both[side] for both in scalings] for side in read],
        dtype, place,
    )  # fmt: skip


def even_batches(items: int, most: int) -> int:
    """Return the size of as few batches of at most `most` rows as possible, as even as possible.

    A last batch of a few rows would have no similarities to speak of.

    >>> even_batches(14_400, 512), even_batches(100, 512)
    (497, 100)
    """
    return -(-items // -(-items // most))


class TrainedFusion(Transform):
    """A fusion that is trained: the same for all kinds but its objective and what it reads.

    Attributes:
        fused: its scaling and layers; `fused.network.curves` has the losses of every epoch.
    """

    objective: ClassVar[Callable[..., Objective]]
    reads: ClassVar[tuple[bool, bool]]

    def __init__(self, fused: FusedNetwork) -> None:
        self.fused = fused

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        size: int | None = None, held_out: float = 0.1, **settings: Any,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says; to train many at once see `train_fused`.

        Args:
            size: width of the fused representation, at most that of what is read; without, at
                most 32.
            held_out: share of the rows that are not trained on, for the test loss.
            settings: of the objective: `epochs`, `learning_rate`, `batch_size` and its own.

        Raises:
            ParameterError: also for fewer than `LEAST_ITEMS` rows to train on.
        """
        first, second = check_pairs(cls.method, first, second)
        train, test = split(cls.method, len(first), held_out, rng)
        if size is None:
            sides = zip((first, second), cls.reads, strict=True)
            size = min(32, sum(side.shape[1] for side, read in sides if read))
        data = PairData(first, second, train, test, rng)
        (fused,) = train_fused(cls.objective(size, **settings), [data], cls.reads)
        return cls(fused)

    @property
    def sizes(self) -> Sizes:
        """What is read, and the width of the last layer that is kept."""
        one, other = (None if s is None else len(s.mean) for s in self.fused.scalings)
        return Sizes(one, other, len(self.fused.network.layers[-1][1]))

    def _map(self, *sides: np.ndarray) -> Float[np.ndarray, "items output"]:
        return self.fused.apply(*sides)

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        arrays: dict[str, np.ndarray] = {}
        for name, scaling in zip(("first", "second"), self.fused.scalings, strict=True):
            if scaling is not None:
                arrays[f"mean.{name}"] = scaling.mean
                arrays[f"spread.{name}"] = np.array([scaling.spread])
        network = self.fused.network
        for number, (weight, bias) in enumerate(network.layers):
            arrays |= {f"weight.{number}": weight, f"bias.{number}": bias}
        curves = {_CURVES + str(name): network.curves[name].to_numpy() for name in network.curves}
        return {**arrays, **curves}, {"activation": network.activation}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        scalings = [
            Scaling(arrays[f"mean.{name}"], float(arrays[f"spread.{name}"][0])) if read else None
            for name, read in zip(("first", "second"), cls.reads, strict=True)
        ]
        names = sorted(name for name in arrays if name.startswith(_CURVES))
        curves = pd.DataFrame({name.removeprefix(_CURVES): arrays[name] for name in names})
        numbers = range(sum(name.startswith("weight.") for name in arrays))
        layers = [(arrays[f"weight.{n}"], arrays[f"bias.{n}"]) for n in numbers]
        if not layers:
            raise ValueError("it has no layers")
        network = TrainedNetwork(curves, layers, str(settings["activation"]))
        return cls(FusedNetwork((scalings[0], scalings[1]), network))
