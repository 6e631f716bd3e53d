"""Trainable word embeddings as the inputs of stacked classifiers: the transfer task's baselines.

Adam moves every row that ever had a gradient at every step; rows of words that no training item
holds never have one and stay exactly as they started. Here the rows that move are kept together,
in one stretch for all models, and Adam passes only over those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from hybridrep.networks.batches import Batches, as_tensor
from hybridrep.networks.network import adam_step, round_up
from hybridrep.studies.hybrid.transfer.classifier import PADDING, Pooling


@dataclass(frozen=True, eq=False)
class Texts:
    """One model's items as padded token ids, and the embeddings that it starts from."""

    token_ids: Int[np.ndarray, "items time"]
    embedding: Float[np.ndarray, "words dim"]
    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]


@dataclass(frozen=True, eq=False)
class _Words:
    """The words of one model's items, item after item, without padding."""

    index_of_item: np.ndarray
    lengths: np.ndarray
    ids: np.ndarray
    positions: np.ndarray

    @classmethod
    def of(cls, texts: Texts) -> _Words:
        items = np.union1d(texts.train, texts.test)
        index_of_item = np.full(len(texts.token_ids), -1)
        index_of_item[items] = np.arange(len(items))
        token_ids = texts.token_ids[items]
        word = token_ids != PADDING
        return cls(index_of_item, word.sum(1), token_ids[word], np.nonzero(word)[1])


class Embeddings:
    """Pooled trainable embeddings of models of equally many time steps and dimensions."""

    trainable = True

    def __init__(
        self, models: Sequence[Texts], pooling: Pooling, learning_rate: float, dtype: torch.dtype,
        device: torch.device | str = "cpu",
    ) -> None:  # fmt: skip
        self._models, self._pooling, self._learning_rate = models, pooling, learning_rate
        self._time_steps = models[0].token_ids.shape[1]
        words = [_Words.of(texts) for texts in models]
        self._moving = [distinct_words(t.token_ids[t.train], len(t.embedding)) for t in models]
        self._table = self._lay_out(words, dtype).to(device)
        self._index_of_item = [each.index_of_item for each in words]
        counts = [len(each.lengths) for each in words]
        self._first_item = np.cumsum([0, *counts[:-1]])
        self._lengths = np.concatenate([each.lengths for each in words])
        self._first_word = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        self._positions = np.concatenate([each.positions for each in words])
        moved = self._table[: self._span]
        self._gradient = torch.zeros_like(moved)
        self._moments = torch.zeros_like(moved).view(-1), torch.zeros_like(moved).view(-1)
        self._steps = torch.zeros((), device=device)

    def _lay_out(self, words: Sequence[_Words], dtype: torch.dtype) -> Tensor:
        """Return the table: every model's moving rows, then all rows that stay as they are."""
        self._stride = round_up(max(len(moving) for moving in self._moving))
        self._span = self._stride * len(self._models)
        rows: list[np.ndarray] = []
        parts = [torch.zeros(self._span, self._models[0].embedding.shape[1], dtype=dtype)]
        after = self._span
        for model, (texts, moving) in enumerate(zip(self._models, self._moving, strict=True)):
            words_of_test = distinct_words(texts.token_ids[texts.test], len(texts.embedding))
            still = np.setdiff1d(words_of_test, moving, assume_unique=True)
            row_of_id = np.zeros(len(texts.embedding), dtype=np.int64)
            row_of_id[moving] = model * self._stride + np.arange(len(moving))
            row_of_id[still] = after + np.arange(len(still))
            after += len(still)
            rows.append(row_of_id[words[model].ids])
            first = model * self._stride
            parts[0][first : first + len(moving)] = as_tensor(texts.embedding[moving], dtype)
            parts.append(as_tensor(texts.embedding[still], dtype))
        self._rows = np.concatenate(rows)
        return torch.cat(parts)

    def plan(self, plan: Batches) -> None:
        """List the words of these batches, batch after batch and row after row."""
        steps, models, rows = plan.items.shape
        index = [of_item[plan.items[:, m]] for m, of_item in enumerate(self._index_of_item)]
        items = (np.stack(index, axis=1) + self._first_item[:, None]).reshape(steps, -1)
        lengths = self._lengths[items].reshape(steps, models, rows)
        divisors = np.full_like(lengths, self._time_steps)
        if self._pooling == "token_mean":
            divisors = np.maximum(lengths, 1)
        for step, valid in enumerate(plan.valid):
            lengths[step, :, valid:] = 0
        ends = np.cumsum(lengths).reshape(steps, -1)
        counts, first = lengths.ravel(), self._first_word[items].ravel()
        starts = ends.ravel() - counts
        words = np.arange(ends[-1, -1]) + np.repeat(first - starts, counts)
        slots = np.repeat(np.tile(np.arange(models * rows), steps), counts)
        if self._pooling == "flatten":
            slots = slots * self._time_steps + self._positions[words]
        self._edges = [0, *ends[:, -1].tolist()]
        starts = starts.reshape(steps, -1)
        device = self._table.device
        self._offsets = torch.from_numpy(starts - starts[:, :1]).to(device)
        self._words = torch.from_numpy(self._rows[words]).to(device)
        self._slots = torch.from_numpy(slots).to(device)
        scales = torch.from_numpy(1 / divisors).to(self._table.dtype)
        self._scales = scales.to(device).unsqueeze(3)

    def fill(self, step: int, out: Tensor) -> None:
        """Write the pooled embeddings of a step's batch into [models, rows, inputs]."""
        words, slots = self._of_step(step)
        if self._pooling == "flatten":
            cells = out.zero_().view(-1, self._table.shape[1])
            cells.index_copy_(0, slots, self._table.index_select(0, words))
            return
        sums = torch.nn.functional.embedding_bag(
            words, self._table, self._offsets[step], mode="sum"
        )
        torch.mul(sums.view(out.shape), self._scales[step], out=out)

    def learn(self, step: int, gradient: Tensor) -> None:
        """Hand the gradient by the inputs down to the words' rows; one step of Adam."""
        words, slots = self._of_step(step)
        if self._pooling != "flatten":
            gradient.mul_(self._scales[step])
        by_word = gradient.view(-1, self._table.shape[1]).index_select(0, slots)
        self._gradient.index_add_(0, words, by_word)
        self._steps.add_(1)
        adam_step(
            self._table[: self._span].view(-1), self._gradient.view(-1), self._moments,
            self._steps, self._learning_rate,
        )  # fmt: skip
        self._gradient.index_fill_(0, words, 0)

    def _of_step(self, step: int) -> tuple[Tensor, Tensor]:
        """Return table rows of a batch's words, and where each word goes."""
        part = slice(self._edges[step], self._edges[step + 1])
        return self._words[part], self._slots[part]

    def embedding(self, model: int) -> np.ndarray:
        """Return one model's embeddings as they are now, one row an id."""
        texts, moving = self._models[model], self._moving[model]
        full = as_tensor(texts.embedding, self._table.dtype).clone()
        full[PADDING] = 0
        first = model * self._stride
        full[torch.from_numpy(moving)] = self._table[first : first + len(moving)].cpu()
        return full.numpy()


def distinct_words(token_ids: np.ndarray, words: int) -> np.ndarray:
    """Return the distinct ids in token ids below `words`, ascending, without padding."""
    seen = np.zeros(words, dtype=bool)
    seen[token_ids.ravel()] = True
    seen[PADDING] = False
    return np.flatnonzero(seen)
