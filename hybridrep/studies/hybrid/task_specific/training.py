"""Training the LSTM on emotions, and taking its last hidden state as the representation.

As in section 3.1.3: cross-entropy, Adam, batches of 32, the last epoch's model. Takes the exact
shortcut where the configuration allows. On one thread of a processor the same generators give the
same bits. On another device token ids, labels and word vectors are moved once; of an epoch only its
order follows (and how the shortcut lays it out), and its losses come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float32, Int
from torch import Tensor
from torch.nn import functional

from hybridrep.errors import ParameterError
from hybridrep.sources.words.tokens import TokenBatch
from hybridrep.studies.hybrid.task_specific.lstm import (
    LSTMConfig,
    PlacedTokens,
    TaskLSTM,
    model_of_state,
    state_arrays,
)
from hybridrep.studies.hybrid.task_specific.shortcut import Shortcut

_PLAIN_BATCH = 256  # tweets evaluated at once on the plain path

OnEpoch = Callable[[Mapping[str, float]], None]


@dataclass(frozen=True, eq=False)
class LSTMResult:
    """A trained LSTM.

    Attributes:
        state: parameters and running statistics after the last epoch, as `state_arrays`.
        curves: one row an epoch: `epoch` from 1, `train_loss` (mean over the epoch's tweets as
            they were met), `validation_loss`, `validation_accuracy`, `test_accuracy` (after the
            epoch, eval mode).
    """

    state: dict[str, np.ndarray]
    curves: pd.DataFrame


def train_lstm(
    config: LSTMConfig, lookup: Float32[np.ndarray, "words dim"], train: TokenBatch,
    train_labels: Int[np.ndarray, " train"], validation: TokenBatch,
    validation_labels: Int[np.ndarray, " validation"], test: TokenBatch,
    test_labels: Int[np.ndarray, " test"], *, init: torch.Generator, order: np.random.Generator,
    on_epoch: OnEpoch | None = None, device: str = "cpu",
) -> LSTMResult:  # fmt: skip
    """Train an LSTM to tell the class of a tweet, a number from 0.

    Validation tweets are never trained on; only the curve of `test_accuracy` sees the test tweets.
    `on_epoch` is called with every finished row of the curves; both generators, which draw on the
    processor whatever the `device` that trains, are advanced.

    Raises:
        ParameterError: the loss is no longer a number: the learning rate is too high.
        ValueError: arrays that do not fit together or the configuration.
    """
    for name, tokens, labels in (
        ("train", train, train_labels),
        ("validation", validation, validation_labels),
        ("test", test, test_labels),
    ):
        _check_tweets(config, lookup, name, tokens, labels)
    with _exact(device):
        return _trained(
            config, TaskLSTM(config, lookup, init).to(device), (train, train_labels),
            (validation, validation_labels), (test, test_labels), order, on_epoch,
        )  # fmt: skip


_Labelled = tuple[TokenBatch, np.ndarray]


def _trained(
    config: LSTMConfig, model: TaskLSTM, train: _Labelled, validation: _Labelled, test: _Labelled,
    order: np.random.Generator, on_epoch: OnEpoch | None,
) -> LSTMResult:  # fmt: skip
    """Train a model where it is."""
    device, path = model.lookup.device, _path(config, model)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
    tokens, classes = PlacedTokens.on(device, train[0].token_ids), _classes(train[1]).to(device)
    held_out = path.lay_out(np.concatenate([validation[0].token_ids, test[0].token_ids]))
    held_out_classes = _classes(np.concatenate([validation[1], test[1]])).to(device)
    rows = []
    for epoch in range(1, config.epochs + 1):
        permutation = order.permutation(len(classes))
        model.train()
        train_loss = _train_epoch(path, optimizer, tokens, classes, permutation, config.batch_size)
        if not np.isfinite(train_loss):
            raise ParameterError(
                f"LSTM: the training loss is {train_loss} in epoch {epoch}. "
                f"Choose a learning_rate below {config.learning_rate}."
            )
        with torch.no_grad():
            predicted = model.head(path.read(held_out))
            n = len(validation[1])
            validation_loss = functional.cross_entropy(predicted[:n], held_out_classes[:n])
            hits = (predicted.argmax(1) == held_out_classes).cpu().double()
        rows.append(
            {
                "epoch": epoch, "train_loss": train_loss, "validation_loss": validation_loss.item(),
                "validation_accuracy": hits[:n].mean().item(),
                "test_accuracy": hits[n:].mean().item(),
            }
        )  # fmt: skip
        if on_epoch is not None:
            on_epoch(rows[-1])
    return LSTMResult(state_arrays(model), pd.DataFrame(rows))


def extract_hidden(
    config: LSTMConfig, state: Mapping[str, np.ndarray], lookup: Float32[np.ndarray, "words dim"],
    tokens: TokenBatch, device: str = "cpu",
) -> Float32[np.ndarray, "items hidden"]:  # fmt: skip
    """Return the task-specific representation of tweets: the last hidden state, in eval mode.

    `lookup` has the word vectors of the ids in `tokens`, which may be other words than in training.
    """
    _check_tweets(config, lookup, "extraction", tokens)
    path = _path(config, model_of_state(config, state, lookup).to(device))
    with _exact(device):
        return path.read(path.lay_out(tokens.token_ids)).cpu().numpy()


@contextmanager
def _exact(device: str) -> Iterator[None]:
    """Let cuDNN, which computes `nn.LSTM` on GPUs, neither round float32 to 19 bits nor guess."""
    if torch.device(device).type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    ):
        yield


class _Path(Protocol):
    """A forward pass, with a form of its own for batches and for what is only read."""

    def batches(self, tokens: PlacedTokens, rows: Sequence[np.ndarray]) -> Sequence[Any]: ...
    def scores(self, batch: Any) -> Tensor: ...
    def lay_out(self, token_ids: np.ndarray) -> Any: ...
    def read(self, corpus: Any) -> Tensor: ...


class _Plain:
    """The plain module behind the interface of `Shortcut`."""

    def __init__(self, config: LSTMConfig, model: TaskLSTM) -> None:
        self.model = model
        self._device = model.lookup.device
        self._low = config.precision == "bfloat16"

    def batches(self, tokens: PlacedTokens, rows: Sequence[np.ndarray]) -> list[Tensor]:
        return tokens.rows(rows)

    def scores(self, token_ids: Tensor) -> Tensor:
        with self._precision():
            return self.model(token_ids).float()

    @contextmanager
    def _precision(self) -> Iterator[None]:
        """Compute as the configuration asks, also on processors without bfloat16 of their own.

        There oneDNN, which computes `nn.LSTM`, refuses it; PyTorch's own kernels do not.
        """
        if not self._low:
            yield
            return
        if self._device.type != "cpu":
            with torch.autocast(self._device.type, torch.bfloat16):
                yield
            return
        # No public name tells: lists of the processor's instructions only let oneDNN's answer be
        # guessed. Of its settings only this one is touched: putting back others warns of GPUs.
        supported = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        switch = torch.backends.mkldnn.set_flags
        before = None if supported else switch(False, _fp32_precision=None)[0]
        try:
            with torch.autocast("cpu", torch.bfloat16):
                yield
        finally:
            if before is not None:
                switch(before, _fp32_precision=None)

    def lay_out(self, token_ids: np.ndarray) -> Tensor:
        return torch.from_numpy(token_ids).to(self._device)

    @torch.no_grad()
    def read(self, token_ids: Tensor) -> Tensor:
        training = self.model.training
        self.model.eval()
        batches = token_ids.split(_PLAIN_BATCH)
        with self._precision():
            hidden = torch.cat([self.model.last_hidden(batch).float() for batch in batches])
        self.model.train(training)
        return hidden


def _path(config: LSTMConfig, model: TaskLSTM) -> _Path:
    """Return the forward pass that the configuration asks for."""
    if not config.takes_shortcut:
        return _Plain(config, model)
    return Shortcut(model, torch.bfloat16 if config.precision == "bfloat16" else None)


def _train_epoch(
    path: _Path, optimizer: torch.optim.Optimizer, tokens: PlacedTokens, classes: Tensor,
    order: np.ndarray, batch_size: int,
) -> float:  # fmt: skip
    """Take one step a batch; return the mean loss over the items, read once at the end."""
    rows = np.split(order, range(batch_size, len(order), batch_size))
    batches = path.batches(tokens, rows)
    ordered = classes.index_select(0, torch.from_numpy(order).to(classes.device))
    losses = []
    for batch, right in zip(batches, ordered.split(batch_size), strict=True):
        loss = functional.cross_entropy(path.scores(batch), right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    total = 0.0
    for value, some in zip(torch.stack(losses).tolist(), rows, strict=True):
        total += value * len(some)
    return total / len(classes)


def _classes(labels: np.ndarray) -> Tensor:
    return torch.from_numpy(labels).long()


def _check_tweets(
    config: LSTMConfig, lookup: np.ndarray, name: str, tokens: TokenBatch,
    labels: np.ndarray | None = None,
) -> None:  # fmt: skip
    """Refuse arrays that do not fit together or the configuration."""
    shape = tokens.token_ids.shape
    if shape[0] == 0 and labels is not None:
        raise ValueError(f"{name}: no tweets")
    if shape[1] != config.time_steps:
        raise ValueError(f"{name}: tweets have {shape[1]} time steps, not {config.time_steps}")
    if shape[0] and not 0 <= tokens.token_ids.min() <= tokens.token_ids.max() < len(lookup):
        raise ValueError(f"{name}: word ids outside the {len(lookup)} rows of the word vectors")
    if labels is None:
        return
    if len(labels) != shape[0]:
        raise ValueError(f"{name}: {shape[0]} tweets but {len(labels)} labels")
    if not 0 <= labels.min() <= labels.max() < config.classes:
        raise ValueError(f"{name}: labels outside 0 to {config.classes - 1}")
