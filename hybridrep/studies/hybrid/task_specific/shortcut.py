"""The plain LSTM's numbers without the plain LSTM's padding.

With padding in front, a padded position is, after BatchNorm, one constant for every tweet and
dimension of a batch. So the state through the leading padding is *one* trajectory, computed as one
row, off which each tweet branches at its first word: of 66 steps the mean emotion tweet needs 19.
Three more exact savings:

* BatchNorm is `scale_t * x + shift_t`. Its batch statistics are sums over the words' rows, and each
  word's sum and sum of squares never change.
* The input weights meet each distinct word of a batch once (half of the words are repeats):
  `scale_t * (W x) + shift_t * (W 1) + bias`.
* The steps of a batch are packed, see `_branching`; for extraction, where the constants no longer
  depend on the batch, tweets of equal length go together.

Loss, gradients and running statistics equal those of `TaskLSTM` to rounding. A word without a
vector before the first one with a vector is zeros like the padding and is treated as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from hybridrep.studies.hybrid.task_specific._branching import (
    BranchingLSTM,
    add_product_,
    cell_step_,
    loop_weight,
    run_packed,
)
from hybridrep.studies.hybrid.task_specific.lstm import BATCH_NORM_MOMENTUM, PlacedTokens, TaskLSTM

_EXTRACTED_TOGETHER = 256  # tweets; measured: fewer than 100 are slower, more than 256 no faster
_TOGETHER_ELSEWHERE = 8_192  # on another device than the processor: few steps, each a large one


class Weights(NamedTuple):
    """An `nn.LSTM`'s parameters, its two biases (which only ever occur as a sum) added."""

    input: Tensor
    recurrent: Tensor
    bias: Tensor


class Packing(NamedTuple):
    """A batch without its repeats of padding.

    Attributes:
        items: the batch's items in the order of their rows, earliest first word first.
        counts: rows of each step and, last, of the final state.
        words: distinct word ids; `word`: which of them stands in each row, step after step.
        step: time step of each row.
    """

    items: np.ndarray
    counts: list[int]
    words: np.ndarray
    word: np.ndarray
    step: np.ndarray


class PackedBatch(NamedTuple):
    """A packed batch as the recurrence takes it, on the model's device.

    Attributes:
        token_ids: of its items, [items, time].
        counts: as of `Packing`, like `words` and `step`.
        parts: rows of the table of gates that add up in each row, [rows, 3].
        back: row of each item among the last states.
    """

    token_ids: Tensor
    counts: list[int]
    words: Tensor
    parts: Tensor
    step: Tensor
    back: Tensor


class LaidOut(NamedTuple):
    """A corpus as `Shortcut.read` takes it, on the model's device.

    Attributes:
        items: how many there are.
        words: distinct word ids; `known`: which of them stands where, [items, time].
        groups: positions of the first word, and the items of which it is that.
    """

    items: int
    words: Tensor
    known: Tensor
    groups: list[tuple[int, Tensor]]


def pack(token_ids: Int[np.ndarray, "items time"], begins: Int[np.ndarray, " items"]) -> Packing:
    """Lay out a batch for the branching recurrence.

    `begins` is the position of each item's first word; `time` where there is none.
    """
    n_items, time = token_ids.shape
    items = np.argsort(begins, kind="stable")
    begun = np.searchsorted(begins[items], np.arange(time + 1), side="right")
    counts = np.minimum(begun + 1, n_items)
    used = np.arange(n_items) < counts[:time, None]
    words, word = np.unique(token_ids[items].T[used], return_inverse=True)
    return Packing(items, counts.tolist(), words, word, np.repeat(np.arange(time), counts[:time]))


class Shortcut:
    """The fast forward of a `TaskLSTM`, on that module's own parameters and statistics.

    Calling it follows the module's mode: in train mode batch statistics are used and the running
    ones updated, in eval mode the running ones are used. (Where the input is padded behind, results
    are right but nothing is saved.) `products` is the dtype of the matrix products.
    """

    def __init__(self, model: TaskLSTM, products: torch.dtype | None = None) -> None:
        self.model = model
        self._products = products or model.lookup.dtype
        self._device = model.lookup.device
        self._silent = (model.lookup == 0).all(1).cpu().numpy()

    def __call__(self, token_ids: Int[Tensor, "items time"]) -> Float[Tensor, "items classes"]:
        """Return class scores, as `TaskLSTM.forward`."""
        return self.model.head(self.last_hidden(token_ids))

    def last_hidden(self, token_ids: Int[Tensor, "items time"]) -> Float[Tensor, "items hidden"]:
        """Return the hidden states after the last step, as `TaskLSTM.last_hidden`."""
        tokens = PlacedTokens.on(self._device, token_ids.numpy())
        (batch,) = self.batches(tokens, [np.arange(len(token_ids))])
        return self._last_of(batch)

    def batches(self, tokens: PlacedTokens, rows: Sequence[np.ndarray]) -> list[PackedBatch]:
        """Pack batches of some rows; how they are packed goes to the model's device at once."""
        given = [tokens.given[each] for each in rows]
        packings = [pack(token_ids, self._begins(token_ids)) for token_ids in given]
        words = self._moved(np.concatenate([each.words for each in packings]))
        step = self._moved(np.concatenate([each.step for each in packings]))
        parts = self._moved(np.concatenate([_parts(each) for each in packings]))
        back = self._moved(np.concatenate([np.argsort(each.items) for each in packings]))
        lengths = [len(each.step) for each in packings]
        return [
            PackedBatch(token_ids, packing.counts, *rest)
            for token_ids, packing, *rest in zip(
                tokens.rows(rows), packings, words.split([len(each.words) for each in packings]),
                parts.split(lengths), step.split(lengths), back.split([len(r) for r in rows]),
                strict=True,
            )
        ]  # fmt: skip

    def scores(self, batch: PackedBatch) -> Float[Tensor, "items classes"]:
        """Return class scores of a packed batch, as calling it gives of token ids."""
        return self.model.head(self._last_of(batch))

    def _last_of(self, batch: PackedBatch) -> Tensor:
        if self.model.normalise.training:
            scale, shift = self._affine(*self._batch_statistics(batch.token_ids))
        else:
            scale, shift = self._affine(*self._running_statistics())
        weights = self._weights()
        gates = self._input_gates(batch, weights, scale, shift)
        last: Tensor = BranchingLSTM.apply(gates, weights.recurrent, batch.counts, self._products)
        return last.index_select(0, batch.back)

    def _moved(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    def extract(self, token_ids: Int[np.ndarray, "items time"]) -> Float[Tensor, "items hidden"]:
        """Return the last hidden states of a whole corpus in eval mode, whatever the mode is."""
        return self.read(self.lay_out(token_ids))

    def lay_out(self, token_ids: Int[np.ndarray, "items time"]) -> LaidOut:
        """Lay out a corpus, once for all epochs that it is read after."""
        used = np.zeros(len(self._silent), dtype=bool)
        used[token_ids] = True
        begins = self._begins(token_ids)
        order = np.argsort(begins, kind="stable")
        first, counts = np.unique(begins, return_counts=True)
        groups = self._moved(order).split(counts.tolist())
        return LaidOut(
            len(token_ids), self._moved(np.flatnonzero(used)),
            self._moved((np.cumsum(used) - 1)[token_ids]),
            list(zip(first.tolist(), groups, strict=True)),
        )  # fmt: skip

    @torch.no_grad()
    def read(self, corpus: LaidOut) -> Float[Tensor, "items hidden"]:
        """Return the last hidden states of a corpus in eval mode, whatever the mode is."""
        weights, known = self._weights(), corpus.known
        time = known.shape[1]
        scale, shift = self._affine(*self._running_statistics())
        word_gates = self._multiply(self.model.lookup.index_select(0, corpus.words), weights.input)
        row_sums = weights.input.sum(1)
        padding_gates = torch.addmm(weights.bias, shift.unsqueeze(1), row_sums.unsqueeze(0))
        path = run_packed(
            padding_gates.clone(), weights.recurrent, [1] * (time + 1), self._products
        )
        size = weights.recurrent.shape[1]
        for gates in (word_gates, padding_gates):  # the loop's units, see `_branching_lstm`
            gates[:, 2 * size : 3 * size] *= 2
        weight, scales = loop_weight(weights.recurrent, self._products), scale.tolist()

        on_processor = self._device.type == "cpu"
        together = _EXTRACTED_TOGETHER if on_processor else _TOGETHER_ELSEWHERE
        last, half = word_gates.new_empty(corpus.items, size), word_gates.new_full((), 0.5)
        for begin, equal in corpus.groups:
            for items in equal.split(together):
                hidden = (path.hidden[begin] / 2).repeat(len(items), 1)
                cell = (path.cell[begin] * 2).repeat(len(items), 1)
                cell_tanh = torch.empty_like(cell)
                gates = word_gates.new_empty(len(items), word_gates.shape[1])
                blocks = gates.split(size, dim=1)
                steps = known.index_select(0, items).t().contiguous()
                for t in range(begin, time):
                    torch.index_select(word_gates, 0, steps[t], out=gates)
                    torch.add(padding_gates[t], gates, alpha=scales[t], out=gates)
                    add_product_(gates, hidden, weight)
                    out = cell_step_(gates, blocks, cell, cell, cell_tanh, half)
                    torch.mul(out, cell_tanh, out=hidden)
                last[items] = hidden.mul_(2)
        return last

    @cached_property
    def _moments(self) -> Float[Tensor, "words 2"]:
        """Sum and sum of squares of each word's vector; double, for the variance subtracts them."""
        rows = self.model.lookup.cpu()
        norm = torch.linalg.vector_norm(rows, dim=1, dtype=torch.float64)
        moments = torch.stack([rows.sum(1, dtype=torch.float64), norm.square()], dim=1)
        if self._device.type == "mps":  # which has no double
            moments = moments.float()
        return moments.to(self._device)

    def _begins(self, token_ids: Int[np.ndarray, "items time"]) -> Int[np.ndarray, " items"]:
        """Return the position of each item's first word with a vector; `time` if it has none."""
        heard = ~self._silent[token_ids]
        return np.where(heard.any(1), heard.argmax(1), token_ids.shape[1])

    def _weights(self) -> Weights:
        get = self.model.recurrent.get_parameter
        bias = get("bias_ih_l0") + get("bias_hh_l0")
        return Weights(get("weight_ih_l0"), get("weight_hh_l0"), bias)

    def _multiply(self, vectors: Tensor, weight: Tensor) -> Tensor:
        """Return `vectors @ weight.T`, multiplied in the dtype of the products."""
        if self._products == vectors.dtype:
            return functional.linear(vectors, weight)
        low = functional.linear(vectors.to(self._products), weight.to(self._products))
        return low.to(vectors.dtype)

    def _affine(
        self, mean: Float[Tensor, " time"], variance: Float[Tensor, " time"]
    ) -> tuple[Float[Tensor, " time"], Float[Tensor, " time"]]:
        """Return BatchNorm as scale and shift of each time step."""
        norm = self.model.normalise
        scale = norm.weight * (variance + norm.eps).rsqrt()
        return scale, norm.bias - mean * scale

    def _running_statistics(self) -> tuple[Tensor, Tensor]:
        norm = self.model.normalise
        return norm.get_buffer("running_mean"), norm.get_buffer("running_var")

    def _batch_statistics(self, token_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and (biased) variance of each time step; move the running ones."""
        dtype = self.model.lookup.dtype
        n = token_ids.shape[0] * self.model.lookup.shape[1]
        with torch.no_grad():
            moments = functional.embedding(token_ids, self._moments).sum(0).div_(n)
            mean, square = moments.unbind(1)
            variance = (square - mean.square()).clamp_min_(0)
            running_mean, running_variance = self._running_statistics()
            running_mean.lerp_(mean.to(dtype), BATCH_NORM_MOMENTUM)
            running_variance.lerp_((variance * (n / (n - 1))).to(dtype), BATCH_NORM_MOMENTUM)
        return mean.to(dtype), variance.to(dtype)

    def _input_gates(
        self, batch: PackedBatch, weights: Weights, scale: Float[Tensor, " time"],
        shift: Float[Tensor, " time"],
    ) -> Float[Tensor, "rows gates"]:  # fmt: skip
        """Return input weights times normalised input plus biases, as sums of table rows."""
        vectors = self.model.lookup.index_select(0, batch.words)
        table = torch.cat(
            [
                self._multiply(vectors, weights.input),
                weights.input.sum(1).unsqueeze(0),
                weights.bias.unsqueeze(0),
            ]
        )
        factors = torch.stack([scale, shift, torch.ones_like(scale)], dim=1)
        return functional.embedding_bag(
            batch.parts, table, mode="sum",
            per_sample_weights=factors.index_select(0, batch.step),
        )  # fmt: skip


def _parts(packing: Packing) -> Int[np.ndarray, "rows 3"]:
    """Return which rows of the table add up: each distinct word's, of all ones, the bias."""
    words = len(packing.words)
    parts = np.empty((len(packing.word), 3), dtype=np.int64)
    parts[:, 0], parts[:, 1], parts[:, 2] = packing.word, words, words + 1
    return parts
