"""The plain LSTM: its equations, its parameters, its configuration."""

import numpy as np
import pytest
import torch
from torch import nn

from hybridrep.errors import ParameterError
from hybridrep.studies.hybrid.task_specific.lstm import (
    LSTMConfig,
    TaskLSTM,
    model_of_state,
    state_arrays,
)

SMALL = LSTMConfig(input_size=5, time_steps=6, classes=3, hidden_size=4)


def word_vectors(words: int = 12, dim: int = 5) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(words, dim)).astype(np.float32)
    vectors[:2] = 0
    return vectors


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def scores_by_hand(model: TaskLSTM, token_ids: np.ndarray) -> np.ndarray:
    """The class scores in train mode, from the textbook's equations."""
    p = {name: value.detach().numpy() for name, value in model.named_parameters()}
    x = model.lookup.numpy()[token_ids]
    mean, variance = x.mean((0, 2), keepdims=True), x.var((0, 2), keepdims=True)
    x = (x - mean) / np.sqrt(variance + 1e-5)
    x = x * p["normalise.weight"][:, None] + p["normalise.bias"][:, None]
    hidden = cell = np.zeros((len(x), model.config.hidden_size))
    for t in range(x.shape[1]):
        gates = x[:, t] @ p["recurrent.weight_ih_l0"].T + p["recurrent.bias_ih_l0"]
        gates += hidden @ p["recurrent.weight_hh_l0"].T + p["recurrent.bias_hh_l0"]
        enter, forget, candidate, out = np.split(gates, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(candidate)
        hidden = sigmoid(out) * np.tanh(cell)
    return hidden @ p["head.weight"].T + p["head.bias"]


def test_forward_follows_the_equations():
    model = TaskLSTM(SMALL, word_vectors(), torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        model.normalise.weight.uniform_(0.5, 2)
        model.normalise.bias.uniform_(-1, 1)
    token_ids = np.random.default_rng(1).integers(0, 12, (7, 6))
    scores = model(torch.from_numpy(token_ids)).detach().numpy()
    np.testing.assert_allclose(scores, scores_by_hand(model, token_ids), rtol=0, atol=1e-12)


def test_parameters_are_pytorch_defaults_from_the_given_generator():
    with torch.random.fork_rng():
        torch.manual_seed(7)
        recurrent, head = nn.LSTM(5, 4, batch_first=True), nn.Linear(4, 3)
    model = TaskLSTM(SMALL, word_vectors(), torch.Generator().manual_seed(7))
    ours = (*model.recurrent.parameters(), *model.head.parameters())
    theirs = (*recurrent.parameters(), *head.parameters())
    for mine, default in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, default, rtol=1e-6, atol=0)
    assert torch.equal(model.normalise.weight, torch.ones(6))
    assert torch.equal(model.normalise.bias, torch.zeros(6))


def test_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    TaskLSTM(SMALL, word_vectors(), torch.Generator().manual_seed(7))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_word_vectors_are_neither_trained_nor_saved_nor_shared():
    vectors = word_vectors()
    model = TaskLSTM(SMALL, vectors, torch.Generator())
    model.lookup += 1
    assert not vectors[:2].any()
    assert not any("lookup" in name for name, _ in model.named_parameters())
    assert not any("lookup" in name for name in state_arrays(model))


def test_word_vectors_of_another_width_are_refused():
    with pytest.raises(ValueError, match="7 wide, not 5"):
        TaskLSTM(SMALL, word_vectors(dim=7), torch.Generator())


def test_state_comes_back():
    model = TaskLSTM(SMALL, word_vectors(), torch.Generator().manual_seed(3))
    token_ids = torch.from_numpy(np.random.default_rng(1).integers(0, 12, (7, 6)))
    model(token_ids)  # moves the running statistics
    state = state_arrays(model)
    assert {value.dtype for value in state.values()} == {np.dtype(np.float32)}
    again = model_of_state(SMALL, state, word_vectors())
    assert not again.training
    torch.testing.assert_close(again(token_ids), model.eval()(token_ids), rtol=0, atol=0)


@pytest.mark.parametrize("spoil", [{"more": np.zeros(3)}, {"head.bias": np.zeros(9)}])
def test_a_state_of_another_model_is_refused(spoil):
    state = state_arrays(TaskLSTM(SMALL, word_vectors(), torch.Generator()))
    with pytest.raises(ValueError, match="not the weights of"):
        model_of_state(SMALL, state | spoil, word_vectors())


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("input_size", 1, "at least 2, got 1"),
        ("time_steps", 0, "at least 1, got 0"),
        ("classes", 1, "at least 2, got 1"),
        ("hidden_size", 2.5, "whole number"),
        ("epochs", 0, "at least 1"),
        ("batch_size", True, "whole number"),
        ("learning_rate", float("nan"), "above 0"),
        ("learning_rate", 0.0, "above 0"),
        ("padding", "behind", "front, after"),
        ("precision", "float16", "float32, bfloat16"),
        ("path", "quick", "fast, plain"),
    ],
)
def test_bad_values_are_refused_by_name(field, value, message):
    config = LSTMConfig(input_size=5, time_steps=6, classes=3)
    object.__setattr__(config, field, value)  # past the check of types that only tests have
    with pytest.raises(ParameterError, match=f"{field} .*{message}"):
        config.__post_init__()


def test_the_shortcut_needs_padding_in_front():
    sizes = {"input_size": 5, "time_steps": 6, "classes": 3}
    assert LSTMConfig(**sizes).takes_shortcut
    assert not LSTMConfig(**sizes, padding="after").takes_shortcut
    assert not LSTMConfig(**sizes, path="plain").takes_shortcut
