"""The LSTM on padded tweets as a plain user writes it, against the exact shortcut.

Emotion tweets (the real ones where `HYBRIDREP_DATA` points to them, else the sample), 300-d word
vectors drawn at random: the arithmetic does not depend on their values. One thread on both sides,
as in the workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import nn

from benchmarks.harness import Agreement, Part, adam_bytes
from benchmarks.tweets import described, emotion_corpus
from hybridrep.sources.words.tokens import TokenBatch, Vocabulary, tokenize
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig, TaskLSTM
from hybridrep.studies.hybrid.task_specific.shortcut import Shortcut
from hybridrep.studies.hybrid.task_specific.training import LSTMResult, extract_hidden, train_lstm

DIM, HIDDEN, BATCH = 300, 300, 32
BATCHES = 40
EXTRACTED = 16_000
PLAIN_EXTRACTED = 1_600
SEED = 0
CHECKED = 3  # batches that both sides take in float64
TOLERANCE = 1e-9


class PlainLSTM(nn.Module):
    """The paper's network on padded input."""

    def __init__(self, lookup: np.ndarray, time_steps: int, classes: int) -> None:
        super().__init__()
        self.words = nn.Embedding.from_pretrained(torch.from_numpy(lookup))
        self.normalise = nn.BatchNorm1d(time_steps)
        self.recurrent = nn.LSTM(lookup.shape[1], HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, classes)

    def hidden(self, token_ids: torch.Tensor) -> torch.Tensor:
        """Return the hidden states after the last step."""
        states, _ = self.recurrent(self.normalise(self.words(token_ids)))
        return states[:, -1]

    def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
        """Return class scores."""
        return self.head(self.hidden(token_ids))


@cache
def tweets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Word ids, padded in front, and labels of the training tweets, and the word vectors."""
    corpus = emotion_corpus()
    train = [item for item, split in enumerate(corpus.splits) if split == "train"]
    vocabulary = Vocabulary.from_texts(corpus.texts)
    steps = max(len(tokenize(text)) for text in corpus.texts)
    token_ids = vocabulary.encode([corpus.texts[item] for item in train], steps).token_ids
    shape = (len(vocabulary) + 2, DIM)
    lookup = np.random.default_rng(SEED).standard_normal(shape, dtype=np.float32)
    lookup[:2] = 0
    return token_ids, corpus.labels[train], lookup


def batch_of(token_ids: np.ndarray) -> TokenBatch:
    """Return ids and lengths."""
    return TokenBatch(token_ids, (token_ids > 0).sum(1))


def plain_epoch() -> tuple[float, nn.Module]:
    """Train for one epoch; return the mean loss and the network."""
    all_ids, all_labels, lookup = tweets()
    token_ids = torch.from_numpy(all_ids[: BATCHES * BATCH])
    labels = torch.from_numpy(all_labels[: BATCHES * BATCH])
    torch.manual_seed(SEED)
    network = PlainLSTM(lookup, token_ids.shape[1], int(all_labels.max()) + 1)
    optimizer, loss_of = torch.optim.Adam(network.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    order = torch.from_numpy(np.random.default_rng(SEED).permutation(len(token_ids)))
    losses = []
    for rows in order.split(BATCH):
        optimizer.zero_grad()
        loss = loss_of(network(token_ids[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return float(np.mean(losses)), network


def fast_epoch() -> LSTMResult:
    """Train for the same epoch, and evaluate two tweets."""
    token_ids, labels, lookup = tweets()
    count = BATCHES * BATCH
    return train_lstm(
        config(epochs=1),
        lookup,
        batch_of(token_ids[:count]),
        labels[:count],
        *(batch_of(token_ids[:1]), labels[:1]) * 2,
        init=torch.Generator().manual_seed(SEED),
        order=np.random.default_rng(SEED),
    )


def plain_extraction(network: PlainLSTM) -> np.ndarray:
    """Return the last hidden states of some tweets in batches as in training."""
    token_ids = torch.from_numpy(tweets()[0][:PLAIN_EXTRACTED])
    network.eval()
    with torch.no_grad():
        return torch.cat([network.hidden(rows) for rows in token_ids.split(BATCH)]).numpy()


def fast_extraction(state: dict[str, np.ndarray]) -> np.ndarray:
    """Return the last hidden states of all tweets."""
    token_ids, _, lookup = tweets()
    return extract_hidden(config(), state, lookup, batch_of(token_ids[:EXTRACTED]))


def config(epochs: int = 10) -> LSTMConfig:
    """Return the paper's configuration for these tweets."""
    token_ids, labels, _ = tweets()
    return LSTMConfig(DIM, token_ids.shape[1], int(labels.max()) + 1, HIDDEN, epochs=epochs)


def state_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Return a plain network's state as `LSTMResult` has it."""
    left_out = ("words.weight", "normalise.num_batches_tracked")
    items = network.state_dict().items()
    return {name: value.numpy() for name, value in items if name not in left_out}


def check_epoch(plain: tuple[float, nn.Module], fast: LSTMResult) -> Agreement:
    """Compare the weights after some batches in float64; of float32 only say how far they are."""
    loss, network = plain
    off = abs(fast.curves["train_loss"].item() / loss - 1)
    worst = max(
        float(np.linalg.norm(value - fast.state[name]) / np.linalg.norm(value))
        for name, value in state_of(network).items()
    )
    double = max(differences_in_double())
    said = (
        f"in float64 {double:.0e} after {CHECKED} batches; in float32 the loss within {off:.0e}, "
        f"weights {worst:.0e}"
    )
    return Agreement(said, double <= TOLERANCE)


def differences_in_double() -> tuple[float, float]:
    """Return how far weights (relative, by norm) and hidden states (absolute) differ in float64.

    Both sides take the first batches of the same tweets from the same weights, and then read them.
    """
    all_ids, all_labels, lookup = tweets()
    classes = int(all_labels.max()) + 1
    torch.manual_seed(SEED)
    network = PlainLSTM(lookup, all_ids.shape[1], classes).double()
    model = TaskLSTM(config(), lookup, torch.Generator().manual_seed(SEED)).double()
    fast = Shortcut(model)
    optimizers = [torch.optim.Adam(each.parameters(), lr=1e-3) for each in (network, model)]
    for start in range(0, CHECKED * BATCH, BATCH):
        token_ids = torch.from_numpy(all_ids[start : start + BATCH])
        labels = torch.from_numpy(all_labels[start : start + BATCH]).long()
        for scores, optimizer in zip((network, fast), optimizers, strict=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(scores(token_ids), labels).backward()
            optimizer.step()
    mine = dict(model.named_parameters())
    network.eval()
    model.eval()
    read = all_ids[: CHECKED * BATCH]
    with torch.no_grad():
        weights = max(
            float((value - mine[name]).norm() / value.norm())
            for name, value in network.named_parameters() if name in mine
        )  # fmt: skip
        states = network.hidden(torch.from_numpy(read)) - fast.extract(read)
    return weights, float(states.abs().max())


def check_extraction(plain: np.ndarray, fast: np.ndarray) -> Agreement:
    """Compare the hidden states in float64; of float32 only say how far they are."""
    worst = float(np.abs(plain - fast[: len(plain)]).max())
    double = differences_in_double()[1]
    said = f"states in float64 within {double:.0e}; in float32 {worst:.0e}"
    return Agreement(said, double <= TOLERANCE)


def distinct_words(batches: Sequence[np.ndarray]) -> int:
    """Count the distinct words of each batch."""
    return sum(len(np.unique(batch[batch > 0])) for batch in batches)


def parts() -> list[Part]:
    """Return `lstm_epoch` and `lstm_extract`."""
    token_ids, _, lookup = tweets()
    extracted, trained = token_ids[:EXTRACTED], token_ids[: BATCHES * BATCH]
    recurrent, per_word = 2 * HIDDEN * 4 * HIDDEN, 2 * DIM * 4 * HIDDEN
    order = np.random.default_rng(SEED).permutation(len(trained))
    batches = np.split(trained[order], BATCHES)
    padding = sum(int((batch == 0).all(0).sum()) for batch in batches)
    parameters = 4 * HIDDEN * (DIM + HIDDEN)
    sizes = {
        "corpus": described(),
        "time_steps": token_ids.shape[1],
        "mean_length": round(float((token_ids > 0).sum(1).mean()), 2),
        "dim": DIM,
        "hidden": HIDDEN,
        "words": len(lookup),
        "threads": 1,
    }
    network = plain_epoch()[1]
    assert isinstance(network, PlainLSTM)
    state = state_of(network)
    return [
        Part(
            name="lstm_epoch",
            plain=plain_epoch,
            fast=fast_epoch,
            # Recurrence: forward, gradient by states, by weights. Input: forward, by weights.
            flops=3.0 * recurrent * (int((trained > 0).sum()) + padding)
            + 2.0 * per_word * distinct_words(batches),
            bytes=BATCHES * adam_bytes(parameters),
            sizes=sizes | {"batch": BATCH, "epoch": f"shortened to {BATCHES} batches"},
            check=check_epoch,
            plain_threads=1,
            fast_threads=1,
        ),
        Part(
            name="lstm_extract",
            plain=lambda: plain_extraction(network),
            fast=lambda: fast_extraction(state),
            flops=float(recurrent) * int((extracted > 0).sum())
            + float(per_word) * distinct_words([extracted]),
            bytes=4.0 * 4 * HIDDEN * int((extracted > 0).sum()),  # gates of the words
            sizes=sizes
            | {
                "tweets": len(extracted),
                "plain": f"{PLAIN_EXTRACTED} tweets timed, multiplied up",
            },
            check=check_extraction,
            plain_share=min(1.0, PLAIN_EXTRACTED / len(extracted)),
            plain_threads=1,
            fast_threads=1,
        ),
    ]
