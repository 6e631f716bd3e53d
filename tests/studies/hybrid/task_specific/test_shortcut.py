"""The shortcut against the plain module: nn.LSTM on padded input, forward and backward."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from hybridrep.studies.hybrid.task_specific import shortcut as lstm_shortcut
from hybridrep.studies.hybrid.task_specific._branching import BranchingLSTM
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig, TaskLSTM
from hybridrep.studies.hybrid.task_specific.shortcut import Shortcut

TIME, DIM, HIDDEN, WORDS = 9, 6, 5, 20
WITHOUT_VECTOR = 3  # a known word of zeros
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def some_model(dtype: torch.dtype = torch.float64) -> TaskLSTM:
    lookup = np.random.default_rng(0).normal(0.3, 1, (WORDS, DIM)).astype(np.float32)
    lookup[[0, 1, WITHOUT_VECTOR]] = 0
    config = LSTMConfig(DIM, TIME, 4, HIDDEN)
    model = TaskLSTM(config, lookup, torch.Generator().manual_seed(1))
    draw = torch.Generator().manual_seed(2)
    with torch.no_grad():
        model.recurrent.weight_hh_l0 *= 3  # let the far past matter
        for values in (model.normalise.weight, model.normalise.running_var):
            values.uniform_(0.5, 2, generator=draw)
        for values in (model.normalise.bias, model.normalise.running_mean):
            values.uniform_(-1, 1, generator=draw)
    return model.to(dtype)


def tweets(lengths: list[int]) -> Tensor:
    rng = np.random.default_rng(3)
    token_ids = np.zeros((len(lengths), TIME), dtype=np.int64)
    for row, length in zip(token_ids, lengths, strict=True):
        row[TIME - length :] = rng.integers(1, WORDS, length)
    return torch.from_numpy(token_ids)


def plain_scores(model: TaskLSTM, token_ids: Tensor) -> Tensor:
    """What a plain user would write."""
    vectors = model.lookup[token_ids]
    states, _ = model.recurrent(model.normalise(vectors))
    return model.head(states[:, -1])


def relative(mine: Tensor, theirs: Tensor) -> float:
    return float((mine - theirs).norm() / theirs.norm().clamp_min(1e-6))


def assert_same(token_ids: Tensor, dtype: torch.dtype, training: bool) -> None:
    """Loss, every gradient and the running statistics."""
    plain = some_model(dtype).train(training)
    fast = copy.deepcopy(plain)
    labels = torch.arange(len(token_ids)) % 4
    losses = []
    for model, forward in ((plain, lambda ids: plain_scores(plain, ids)), (fast, Shortcut(fast))):
        loss = nn.functional.cross_entropy(forward(token_ids), labels)
        loss.backward()
        losses.append(loss.detach())
        assert all(parameter.grad is not None for parameter in model.parameters())
    assert relative(losses[1], losses[0]) < TOLERANCE[dtype]
    for (name, mine), theirs in zip(fast.named_parameters(), plain.parameters(), strict=True):
        assert relative(mine.grad, theirs.grad) < TOLERANCE[dtype], name
    for name in ("running_mean", "running_var"):
        mine, theirs = (getattr(model.normalise, name) for model in (fast, plain))
        assert relative(mine, theirs) < TOLERANCE[dtype], name


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(
    "lengths",
    [
        [3, 7, 3, 5, 1, 6],
        [0, 4, TIME, 0, 2],
        [TIME, TIME, TIME],
        [0, 0],
        [4],
        [0],
        [TIME],
        [TIME, 0],
        list(range(TIME + 1)),
    ],
    ids=str,
)
def test_equals_the_plain_module(lengths, dtype, training):
    assert_same(tweets(lengths), dtype, training)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, TIME), min_size=1, max_size=12))
def test_equals_the_plain_module_for_any_lengths(lengths):
    assert_same(tweets(lengths), torch.float64, training=True)


def test_words_without_a_vector_may_stand_anywhere():
    token_ids = torch.zeros(4, TIME, dtype=torch.long)
    token_ids[0, 2:] = torch.tensor([1, WITHOUT_VECTOR, 5, 1, 6, 7, WITHOUT_VECTOR])
    token_ids[1, 6:] = torch.tensor([1, 1, WITHOUT_VECTOR])
    token_ids[2, 3:] = 8
    assert_same(token_ids, torch.float64, training=True)


def test_padding_behind_is_right_too():
    assert_same(tweets([3, 7, TIME, 1]).flip(1), torch.float64, training=True)


def test_gradient_of_the_recurrence():
    draw = torch.Generator().manual_seed(0)
    counts = [1, 1, 3, 3, 4, 6]

    def last(gates: Tensor, weight: Tensor) -> Tensor:
        return BranchingLSTM.apply(gates.clone(), weight, counts, torch.float64)

    gates = torch.randn(sum(counts[:-1]), 12, dtype=torch.float64, generator=draw)
    weight = torch.randn(12, 3, dtype=torch.float64, generator=draw)
    assert torch.autograd.gradcheck(last, (gates.requires_grad_(), weight.requires_grad_()))


def test_gradients_can_be_taken_twice_from_one_forward_pass():
    model = some_model()
    loss = Shortcut(model)(tweets([3, 5, 1])).square().sum()
    first, second = (
        torch.autograd.grad(loss, list(model.parameters()), retain_graph=True) for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("together", [1, 2, 256])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_extraction_equals_the_plain_module_in_eval_mode(dtype, together, monkeypatch):
    monkeypatch.setattr(lstm_shortcut, "_EXTRACTED_TOGETHER", together)
    model = some_model(dtype)
    token_ids = tweets([4, 0, TIME, 4, 1, 4, 7, 4, 0, TIME])
    extracted = Shortcut(model).extract(token_ids.numpy())
    assert model.training
    assert extracted.dtype == dtype
    with torch.no_grad():
        plain = model.eval().recurrent(model.normalise(model.lookup[token_ids]))[0][:, -1]
    assert relative(extracted, plain) < TOLERANCE[dtype]


def test_extraction_changes_nothing():
    model = some_model()
    before = copy.deepcopy(model.state_dict())
    Shortcut(model).extract(tweets([4, 0, TIME]).numpy())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())


def test_a_tweet_is_extracted_alike_whatever_stands_beside_it():
    token_ids = tweets([4, 0, TIME, 4, 1, 6]).numpy()
    fast = Shortcut(some_model())
    together = fast.extract(token_ids)
    alone = torch.cat([fast.extract(row[None]) for row in token_ids])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_low_precision_products_stay_near_but_are_not_the_reference():
    model = some_model(torch.float32)
    token_ids, labels = tweets([3, 7, 0, 5, TIME]), torch.tensor([0, 1, 2, 3, 0])
    gradients = []
    for fast in (Shortcut(model), Shortcut(model, torch.bfloat16)):
        model.zero_grad()
        nn.functional.cross_entropy(fast(token_ids), labels).backward()
        gradients.append(model.recurrent.weight_hh_l0.grad.clone())
    assert 1e-4 < relative(gradients[1], gradients[0]) < 0.05
    hidden = [
        fast.extract(token_ids.numpy())
        for fast in (Shortcut(model), Shortcut(model, torch.bfloat16))
    ]
    assert 1e-4 < relative(hidden[1], hidden[0]) < 0.05
