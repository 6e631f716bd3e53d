"""Training and extraction against a plain loop over the plain module."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from hybridrep.errors import ParameterError
from hybridrep.sources.words.tokens import TokenBatch
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
from hybridrep.studies.hybrid.task_specific.training import LSTMResult, extract_hidden, train_lstm
from hybridrep.testing.pretended_device import pretended_device

TIME, WORDS, CLASSES = 12, 40, 4
CONFIG = LSTMConfig(
    input_size=8, time_steps=TIME, classes=CLASSES, hidden_size=16, epochs=2, batch_size=8
)


def word_vectors() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(WORDS, 8)).astype(np.float32)
    vectors[:2] = 0
    return vectors


def tweets(items: int, seed: int, padding: str = "front") -> tuple[TokenBatch, np.ndarray]:
    """Tweets of noise, their class told by the first word."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, items)
    lengths = rng.integers(1, TIME + 1, items)
    token_ids = np.zeros((items, TIME), dtype=np.int64)
    for row, label, length in zip(token_ids, labels, lengths, strict=True):
        start = TIME - length if padding == "front" else 0
        row[start : start + length] = rng.integers(6, WORDS, length)
        row[start] = 2 + label
    return TokenBatch(token_ids, lengths), labels


def split(padding: str = "front") -> list[TokenBatch | np.ndarray]:
    """33 to train on: the last batch of 8 has a single tweet."""
    parts = [tweets(items, seed, padding) for seed, items in enumerate((33, 14, 10))]
    return [array for part in parts for array in part]


def train(config: LSTMConfig, data=None, seed: int = 5, **options) -> LSTMResult:
    return train_lstm(
        config,
        word_vectors(),
        *(data or split(config.padding)),
        init=torch.Generator().manual_seed(seed),
        order=np.random.default_rng(seed),
        **options,
    )


class PlainNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding.from_pretrained(torch.from_numpy(word_vectors()))
        self.normalise = nn.BatchNorm1d(TIME)
        self.recurrent = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, CLASSES)

    def hidden(self, token_ids):
        return self.recurrent(self.normalise(self.words(token_ids)))[0][:, -1]

    def forward(self, token_ids):
        return self.head(self.hidden(token_ids))


def plain_training(config: LSTMConfig, seed: int = 5) -> tuple[PlainNetwork, pd.DataFrame]:
    """The whole training as a plain user would write it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = PlainNetwork()
    train, train_y, validation, validation_y, test, test_y = (
        torch.from_numpy(part if isinstance(part, np.ndarray) else part.token_ids)
        for part in split(config.padding)
    )
    order, adam = np.random.default_rng(seed), torch.optim.Adam(network.parameters(), 1e-3)
    loss_of, rows = nn.CrossEntropyLoss(), []
    for epoch in range(1, config.epochs + 1):
        network.train()
        losses = np.zeros(len(train))
        permutation = order.permutation(len(train))
        for first in range(0, len(train), config.batch_size):
            batch = permutation[first : first + config.batch_size]
            adam.zero_grad()
            loss = loss_of(network(train[batch]), train_y[batch])
            loss.backward()
            adam.step()
            losses[batch] = loss.item()
        network.eval()
        with torch.no_grad():
            guess, test_guess = network(validation), network(test)
        rows.append(
            {
                "epoch": epoch,
                "train_loss": losses.mean(),
                "validation_loss": loss_of(guess, validation_y).item(),
                "validation_accuracy": (guess.argmax(1) == validation_y).float().mean().item(),
                "test_accuracy": (test_guess.argmax(1) == test_y).float().mean().item(),
            }
        )
    return network, pd.DataFrame(rows)


@pytest.mark.parametrize("padding", ["front", "after"])
@pytest.mark.parametrize("path", ["fast", "plain"])
def test_training_equals_a_plain_loop(path, padding):
    config = replace(CONFIG, path=path, padding=padding)
    network, curves = plain_training(config)
    result = train(config)
    pd.testing.assert_frame_equal(result.curves, curves, rtol=1e-5)
    reference = {k: v.numpy() for k, v in network.state_dict().items() if k != "words.weight"}
    del reference["normalise.num_batches_tracked"]
    assert result.state.keys() == reference.keys()
    for name, mine in result.state.items():
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, reference[name], rtol=1e-5, atol=1e-6, err_msg=name)
    with torch.no_grad():
        hidden = network.hidden(torch.from_numpy(split(padding)[4].token_ids)).numpy()
    extracted = extract_hidden(config, result.state, word_vectors(), split(padding)[4])
    np.testing.assert_allclose(extracted, hidden, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("path", ["fast", "plain"])
def test_same_generators_same_bits(path):
    first, second, other = (train(replace(CONFIG, path=path), seed=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first.curves, second.curves, check_exact=True)
    for name in first.state:
        np.testing.assert_array_equal(first.state[name], second.state[name])
    assert not np.array_equal(first.state["head.weight"], other.state["head.weight"])


def test_init_and_order_are_both_used():
    options = {"init": torch.Generator().manual_seed(5), "order": np.random.default_rng(9)}
    other = train_lstm(CONFIG, word_vectors(), *split(), **options)
    assert not np.array_equal(other.state["head.weight"], train(CONFIG).state["head.weight"])


def test_it_learns_from_the_far_past():
    data = [array for seed in range(3) for array in tweets(300, seed)]
    config = replace(CONFIG, epochs=14, learning_rate=1e-2, batch_size=32)
    curves = train(config, data).curves
    assert curves["train_loss"].iloc[-1] < curves["train_loss"].iloc[0] / 2
    assert curves["validation_accuracy"].iloc[-1] > 0.8
    assert curves["test_accuracy"].iloc[-1] > 0.8


def test_every_epoch_is_told():
    told = []
    curves = train(CONFIG, on_epoch=told.append).curves
    pd.testing.assert_frame_equal(pd.DataFrame(told), curves)
    assert list(curves["epoch"]) == [1, 2]


def test_bfloat16_trains_near_the_reference():
    exact = train(CONFIG).curves
    for path in ("fast", "plain"):
        low = train(replace(CONFIG, precision="bfloat16", path=path))
        assert {value.dtype for value in low.state.values()} == {np.dtype(np.float32)}
        difference = np.abs(low.curves["train_loss"] - exact["train_loss"]).max()
        assert 0 < difference < 0.02


def test_the_plain_path_leaves_onednn_alone_unless_it_cannot_compute(recwarn, capfd):
    mkldnn, settings = torch.backends.mkldnn, ("enabled", "allow_tf32", "fp32_precision")
    before = [getattr(mkldnn, name) for name in settings]
    with patch.object(mkldnn, "set_flags", wraps=mkldnn.set_flags) as switch:
        train(replace(CONFIG, path="plain"))
        assert not switch.called
        train(replace(CONFIG, path="plain", precision="bfloat16"))
        assert switch.called != torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert [getattr(mkldnn, name) for name in settings] == before
    assert not recwarn.list
    assert not any(capfd.readouterr())


def test_the_callers_arrays_are_left_alone():
    data, vectors = split(), word_vectors()
    result = train(CONFIG, data)
    state = {name: value.copy() for name, value in result.state.items()}
    extract_hidden(CONFIG, result.state, vectors, data[0])
    for mine, fresh in zip(data[::2], split()[::2], strict=True):
        np.testing.assert_array_equal(mine.token_ids, fresh.token_ids)
    np.testing.assert_array_equal(vectors, word_vectors())
    for name in state:
        np.testing.assert_array_equal(state[name], result.state[name])


def test_extraction_of_nothing_is_empty():
    state = train(replace(CONFIG, epochs=1)).state
    nothing = TokenBatch(np.zeros((0, TIME), dtype=np.int64), np.zeros(0, dtype=np.int64))
    for path in ("fast", "plain"):
        hidden = extract_hidden(replace(CONFIG, path=path), state, word_vectors(), nothing)
        assert hidden.shape == (0, 16)


def test_words_of_another_corpus_can_be_extracted():
    state = train(replace(CONFIG, epochs=1)).state
    more = np.concatenate([word_vectors(), np.ones((30, 8), dtype=np.float32)])
    tokens, _ = tweets(6, 0)
    strange = TokenBatch(np.where(tokens.token_ids > 9, tokens.token_ids + 30, 0), tokens.lengths)
    fast, plain = (
        extract_hidden(replace(CONFIG, path=path), state, more, strange)
        for path in ("fast", "plain")
    )
    np.testing.assert_allclose(fast, plain, atol=1e-6)


def test_a_diverging_training_says_so():
    with pytest.raises(ParameterError, match=r"epoch 1.*learning_rate below 1e\+38"):
        train(replace(CONFIG, learning_rate=1e38))


@pytest.mark.parametrize(
    ("place", "spoil", "message"),
    [
        (0, lambda t: TokenBatch(t.token_ids[:, 1:], t.lengths), "train: .*11 time steps, not 12"),
        (2, lambda t: TokenBatch(t.token_ids + WORDS, t.lengths), "validation: word ids outside"),
        (4, lambda t: TokenBatch(t.token_ids[:0], t.lengths[:0]), "test: no tweets"),
        (1, lambda y: y[1:], "train: 33 tweets but 32 labels"),
        (5, lambda y: y + CLASSES, "test: labels outside 0 to 3"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(place, spoil, message):
    data = split()
    data[place] = spoil(data[place])
    with pytest.raises(ValueError, match=message):
        train(CONFIG, data)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_on_a_device_the_shortcut_has_the_processors_numbers(precision, one_thread):
    config = replace(CONFIG, precision=precision)
    wanted, tokens = train(config), split()[4]
    with pretended_device() as device:
        found = train(config, device=device.name)
        hidden = extract_hidden(config, found.state, word_vectors(), tokens, device.name)
    pd.testing.assert_frame_equal(found.curves, wanted.curves, check_exact=True)
    assert all(np.array_equal(found.state[name], value) for name, value in wanted.state.items())
    expected = extract_hidden(config, wanted.state, word_vectors(), tokens)
    np.testing.assert_array_equal(hidden, expected)


@pytest.mark.parametrize("padding", ["front", "after"])
def test_on_a_device_the_plain_path_leaves_nothing_elsewhere(padding, one_thread):
    """To rounding: on a processor oneDNN computes `nn.LSTM`, there PyTorch's own kernels."""
    config = replace(CONFIG, padding=padding, path="plain")
    wanted, tokens = train(config), split(padding)[4]
    with pretended_device() as device:
        found = train(config, device=device.name)
        hidden = extract_hidden(config, found.state, word_vectors(), tokens, device.name)
    pd.testing.assert_frame_equal(found.curves, wanted.curves, rtol=1e-5)
    expected = extract_hidden(config, wanted.state, word_vectors(), tokens)
    np.testing.assert_allclose(hidden, expected, atol=1e-5)


@pytest.mark.parametrize("path", ["fast", "plain"])
def test_on_a_device_tokens_and_vectors_are_moved_once(path, one_thread):
    moved, read = {}, {}
    for epochs, batch_size in ((1, 8), (2, 8), (2, 33)):
        config = replace(CONFIG, path=path, epochs=epochs, batch_size=batch_size)
        with pretended_device() as device:
            train(config, device=device.name)
        assert device.moved.count(33 * TIME) == 1  # token ids to train on
        assert device.moved.count(24 * TIME) == 1  # those held out
        assert device.moved.count(WORDS * 8) == 1  # word vectors
        moved[epochs, batch_size], read[epochs, batch_size] = len(device.moved), device.read
    assert moved[2, 8] == moved[2, 33]
    assert read[2, 8] == read[2, 33]
    assert moved[2, 8] - moved[1, 8] <= 7  # of an epoch its order, and how it is packed
