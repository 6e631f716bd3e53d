"""Which rows make each batch of each model, and how they get from the data into a stack."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from hybridrep.networks.network import round_up

EVALUATION_ROWS = 320
"""Rows of a batch when nothing is trained: 300 items of RSA or a fifth of 1,600 test items."""

_JOINED_BYTES = 32 * 2**20
"""Up to this size the rows of several models are copied into one table, gathered in one go."""


@dataclass(frozen=True)
class Batches:
    """The batches of one pass over equally many items of each model.

    Attributes:
        items: item of every row, [steps, models, rows]; rows is a multiple of the stack's lane.
        valid: how many rows of each step count; the rest repeat an item and must have no effect.
    """

    items: Int64[np.ndarray, "steps models rows"]
    valid: tuple[int, ...]


def batches(
    items: Int64[np.ndarray, "models items"], batch_size: int, rows: int | None = None
) -> Batches:
    """Cut each model's items, in their order, into batches; the last may be smaller."""
    models, count = items.shape
    steps = -(-count // batch_size)
    wanted = steps * batch_size
    filled = np.concatenate([items, np.repeat(items[:, :1], wanted - count, axis=1)], axis=1)
    by_step = filled.reshape(models, steps, batch_size).transpose(1, 0, 2)
    padding = np.repeat(by_step[:, :, :1], (rows or round_up(batch_size)) - batch_size, axis=2)
    valid = [batch_size] * (steps - 1) + [count - (steps - 1) * batch_size]
    return Batches(np.concatenate([by_step, padding], axis=2), tuple(valid))


def evaluation_batches(items: Int64[np.ndarray, "models items"]) -> Batches:
    """Cut items into batches of `EVALUATION_ROWS`."""
    return batches(items, EVALUATION_ROWS)


@runtime_checkable
class InputSource(Protocol):
    """Puts the inputs of a stack's batches into its workspace."""

    @property
    def trainable(self) -> bool:
        """Whether the inputs themselves learn, so that `learn` must follow each `fill`."""

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""

    def fill(self, step: int, out: Tensor) -> None:
        """Write the inputs of a step's batch into [models, rows, inputs]."""

    def learn(self, step: int, gradient: Tensor) -> None:
        """Move what the inputs are made of, given the gradient by them."""


class Place:
    """The device that a stack computes on, with the arrays that were moved there, each once."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)
        self._moved: dict[tuple[int, torch.dtype], tuple[np.ndarray, Tensor]] = {}

    def of(self, array: np.ndarray, dtype: torch.dtype) -> Tensor:
        """Return an array there, never written to; what reads the same array shares it."""
        key = id(array), dtype
        if key not in self._moved:  # the array is kept, for its id must not be another's
            self._moved[key] = array, as_tensor(array, dtype).to(self.device)
        return self._moved[key][1]


class Rows:
    """Rows of each model's table [items, size], gathered by item.

    Tables that are one and the same array are never copied; small ones are copied into one table.
    """

    trainable = False

    def __init__(
        self, tables: Sequence[np.ndarray], dtype: torch.dtype, place: Place | None = None
    ) -> None:
        place = place or Place()
        self._device, self._size = place.device, tables[0].shape[1]
        converted = {id(table): place.of(table, dtype) for table in tables}
        distinct = list(converted.values())
        self._tables = [converted[id(table)] for table in tables]
        small = sum(table.nbytes for table in distinct) <= _JOINED_BYTES
        self._joined: Tensor | None = None
        self._first_rows = np.zeros(len(tables), dtype=np.int64)
        if len(distinct) == 1:
            self._joined = distinct[0]
        elif small:
            self._joined = torch.cat(distinct)
            starts = np.cumsum([0, *(len(table) for table in distinct[:-1])])
            start_of = dict(zip(converted, starts, strict=True))
            self._first_rows = np.array([start_of[id(table)] for table in tables])
        self._rows = torch.empty(0)

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""
        rows = plan.items + self._first_rows[None, :, None]
        self._rows = torch.from_numpy(rows).to(self._device)

    def fill(self, step: int, out: Tensor) -> None:
        """Write the rows of a step's batch into [models, rows, size]."""
        rows = self._rows[step]
        if self._joined is not None:
            torch.index_select(self._joined, 0, rows.view(-1), out=out.view(-1, self._size))
            return
        for table, chosen, part in zip(self._tables, rows, out, strict=True):
            torch.index_select(table, 0, chosen, out=part)

    def learn(self, step: int, gradient: Tensor) -> None:
        """Do nothing: the rows are fixed."""


def as_tensor(array: np.ndarray, dtype: torch.dtype) -> Tensor:
    """Return an array as a tensor, without copying where the dtype is right; never written to."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(array)).to(dtype)
