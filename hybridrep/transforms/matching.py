"""Fusions trained on the similarities themselves, not on rebuilding vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hybridrep.errors import ParameterError
from hybridrep.networks.batches import Batches, InputSource, Place, Rows
from hybridrep.networks.checks import check_positive, check_whole
from hybridrep.networks.network import Shape
from hybridrep.transforms.fused_networks import PairData, Scaling, TrainedFusion

_TINY = 1e-30
"""The least squared length that is divided by."""

SMALLEST_PREFIX = 8


@dataclass(frozen=True)
class Matching:
    """One hidden layer of 256 units, trained so that cosines correlate with those of both sides.

    With r_g and r_t the Pearson correlations, over the pairs of items of a batch, of the fused
    cosines with the first and the second side's, the loss is
    -(r_g + r_t) / 2 + (r_g - r_t)^2 / 2: high, and alike for both.

    Attributes:
        size: width of the fused representation.
        hidden: units of the hidden layer.
        epochs: passes over the training items.
        learning_rate: of Adam.
        batch_size: items in a batch, at most.
        prefixes: widths whose first units alone are held to the loss, too, which is then their
            mean (Kusupati et al. 2022, Matryoshka representations); none: only the whole.

    Examples:
        >>> Matching(32).shape(684, 684).sizes
        (684, 256, 32)
    """

    size: int
    hidden: int = 256
    epochs: int = 12
    learning_rate: float = 2e-3
    batch_size: int = 512
    prefixes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("size", "hidden", "epochs", "batch_size"):
            check_whole("fusion", name, getattr(self, name))
        check_positive("fusion", "learning_rate", self.learning_rate)
        check_prefixes(self.prefixes, self.size)

    @property
    def kept_layers(self) -> int:
        """Both."""
        return 2

    def shape(self, inputs: int, outputs: int) -> Shape:
        """Return the layers."""
        if self.size > inputs:
            raise ParameterError(f"fusion: size must be at most {inputs}, got {self.size}")
        return Shape((inputs, self.hidden, self.size), (True, False), "relu")

    def loss(
        self, models: Sequence[PairData], scalings: Sequence[tuple[Scaling, Scaling]],
        dtype: torch.dtype, place: Place,
    ) -> _SimilarityLoss:  # fmt: skip
        """Return the loss against the cosines of both sides as they are, not scaled."""
        sides = [[m.first for m in models], [m.second for m in models]]
        widths = [tables[0].shape[1] for tables in sides]
        prefixes = tuple(sorted({*self.prefixes, self.size}))
        rows = [Rows(tables, dtype, place) for tables in sides]
        return _SimilarityLoss(rows, widths, prefixes, dtype)


def check_prefixes(prefixes: Sequence[int], size: int) -> None:
    """Refuse prefixes of a fused representation that are wider than all of it."""
    for width in prefixes:
        check_whole("fusion", "prefixes", width)
        if width > size:
            raise ParameterError(f"fusion: a prefix must be at most {size}, got {width}")


def doubling_prefixes(size: int) -> tuple[int, ...]:
    """Return 8, 16, 32, ... below a size.

    >>> doubling_prefixes(32), doubling_prefixes(8)
    ((8, 16), ())
    """
    prefixes = [SMALLEST_PREFIX]
    while prefixes[-1] < size:
        prefixes.append(prefixes[-1] * 2)
    return tuple(prefixes[:-1])


class _SimilarityLoss:
    """The loss of `Matching` times the rows of a batch, and its gradient, by hand."""

    factor = 1.0

    def __init__(
        self, sides: Sequence[InputSource], widths: Sequence[int], prefixes: Sequence[int],
        dtype: torch.dtype,
    ) -> None:  # fmt: skip
        self._sides, self._widths, self._prefixes, self._dtype = sides, widths, prefixes, dtype

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""
        for side in self._sides:
            side.plan(plan)

    def measure(self, step: int, output: Tensor, valid: int, error: Tensor) -> Tensor:
        """Return each model's loss times `valid`; `error` becomes its gradient by the output."""
        models, rows, _ = output.shape
        targets = []
        for side, width in zip(self._sides, self._widths, strict=True):
            room = torch.empty(models, rows, width, dtype=self._dtype, device=output.device)
            side.fill(step, room)
            targets.append(_centred_cosines(_unit(room[:, :valid])[0])[0])
        error.zero_()
        total = torch.zeros(models, dtype=self._dtype, device=output.device)
        for width in self._prefixes:
            loss, gradient = _match(output[:, :valid, :width], *targets)
            total += loss
            error[:, :valid, :width] += gradient
        scale = valid / len(self._prefixes)
        error.mul_(scale)
        return total * scale

    def correct(self, step: int, output: Tensor, valid: int) -> Tensor:
        """Count nothing: there are no classes."""
        return torch.zeros(len(output), dtype=torch.int64, device=output.device)


def _unit(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows of length 1, [models, items, dim], and their lengths, [models, items, 1]."""
    lengths = rows.square().sum(2, keepdim=True).clamp_min_(_TINY).sqrt_()
    return rows / lengths, lengths


def _centred_cosines(unit: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosines off the diagonal, centred and of norm 1, and that norm, [models, 1, 1].

    The diagonal is 0. Cosines that are all equal give zeros.
    """
    cosines = torch.bmm(unit, unit.transpose(1, 2))
    items = cosines.shape[1]
    cosines.diagonal(dim1=1, dim2=2).zero_()
    mean = cosines.sum((1, 2), keepdim=True) / (items * (items - 1))
    cosines.sub_(mean).diagonal(dim1=1, dim2=2).zero_()
    norm = cosines.square().sum((1, 2), keepdim=True).clamp_min_(_TINY).sqrt_()
    return cosines.div_(norm), norm


def _match(output: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss [models] of fused rows and its gradient by them.

    With S the centred cosines of norm 1 and |.| that norm, dr/dcosines = (T - r S) / |.|. A cosine
    stands twice in the symmetric matrix: by unit rows the gradient is 2 D U with D that of the
    matrix, and by the rows themselves what of it is at right angles to them, over their lengths.
    """
    unit, lengths = _unit(output)
    cosines, norm = _centred_cosines(unit)
    r_first = (cosines * first).sum((1, 2), keepdim=True)
    r_second = (cosines * second).sum((1, 2), keepdim=True)
    apart = r_first - r_second
    loss = (apart.square() - (r_first + r_second)) / 2
    by_first, by_second = apart - 0.5, -apart - 0.5
    by_cosines = by_first * first + by_second * second
    by_cosines -= (by_first * r_first + by_second * r_second) * cosines
    by_unit = torch.bmm(by_cosines.div_(norm), unit).mul_(2)
    along = (by_unit * unit).sum(2, keepdim=True)
    return loss.view(-1), (by_unit - along * unit) / lengths


class SimilarityMatched(TrainedFusion):
    """Both sides in; the similarities of what comes out follow those of both.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> SimilarityMatched.fit(first, second, rng, size=4, epochs=2).apply(first, second).shape
        (90, 4)
    """

    method = "similarity_matched"
    objective = Matching
    reads = (True, True)


class SimilarityMatchedGlobal(TrainedFusion):
    """The first side alone in: what a network that never sees the second can carry of both.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> SimilarityMatchedGlobal.fit(first, second, rng, size=4, epochs=2).apply(first).shape
        (90, 4)
    """

    method = "similarity_matched_global"
    objective = Matching
    reads = (True, False)


class SimilarityMatchedTask(TrainedFusion):
    """The second side alone in.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> fitted = SimilarityMatchedTask.fit(first, second, rng, size=2, epochs=2)
        >>> fitted.apply(second=second).shape
        (90, 2)
    """

    method = "similarity_matched_task"
    objective = Matching
    reads = (False, True)


class MatryoshkaMatched(TrainedFusion):
    """`SimilarityMatched` whose first 8, 16, 32, ... units serve by themselves.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 20)), rng.normal(size=(90, 8))
        >>> fitted = MatryoshkaMatched.fit(first, second, rng, size=16, epochs=2)
        >>> fitted.apply(first, second)[:, :8].shape
        (90, 8)
    """

    method = "matryoshka_matched"
    reads = (True, True)

    @staticmethod
    def objective(size: int, **settings: object) -> Matching:
        """Hold 8, 16, 32, ... units and the whole to the loss."""
        given = {"prefixes": doubling_prefixes(size), **settings}
        return Matching(size, **given)  # type: ignore[arg-type]
