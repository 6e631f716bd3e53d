"""Stacks of networks compute what the same networks of torch.nn compute, and so do components."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hybridrep.errors import ParameterError
from hybridrep.studies.nback.memory.model import Hidden, MemoryConfig, MemoryStack, initial_state
from hybridrep.studies.nback.memory.training import Batch, scores_of
from tests.studies.nback.memory.plain import PlainNetwork

ARCHITECTURES = ("rnn", "gru", "lstm")


def drawn(config: MemoryConfig, seed: int) -> dict[str, Tensor]:
    return initial_state(config, torch.Generator().manual_seed(seed))


def plain(config: MemoryConfig, state: dict[str, Tensor]) -> PlainNetwork:
    network = PlainNetwork(config).double()
    network.load_state_dict({name: value.double() for name, value in state.items()})
    return network


def batch_of(models: int, images: int, trials: int = 5, frames: int = 4) -> Batch:
    rng = torch.Generator().manual_seed(7)
    return Batch(
        torch.randint(0, images, (models, frames, trials), generator=rng),
        torch.rand(models, trials, 6, generator=rng, dtype=torch.float64),
        torch.randint(0, 3, (models, frames, trials), generator=rng),
    )


@pytest.mark.parametrize("front_end", ["pca", "conv"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_stack_gives_what_each_network_of_modules_gives(architecture, front_end):
    """Scores, states and every gradient, in float64 within 1e-10."""
    places = 9 if front_end == "conv" else 1
    config = MemoryConfig(architecture, 8, channels=7, positions=places, front_end=front_end)
    states = [drawn(config, seed) for seed in range(3)]
    stack = MemoryStack(config, states, torch.float64, trainable=True)
    images = torch.randn(11, places, 7, dtype=torch.float64)
    batch = batch_of(3, len(images))
    scores = scores_of(stack, images, batch)
    nn.functional.cross_entropy(scores.flatten(0, 2), batch.right.flatten()).backward()
    for model, state in enumerate(states):
        network = plain(config, state)
        shown = images[batch.shown[model].T]
        if front_end == "conv":
            shown = shown.transpose(2, 3).unflatten(3, (3, 3))
        else:
            shown = shown.flatten(2)
        expected = network(shown, batch.codes[model])
        torch.testing.assert_close(scores[model], expected.transpose(0, 1), atol=1e-10, rtol=0)
        loss = nn.functional.cross_entropy(expected.flatten(0, 1), batch.right[model].T.flatten())
        (loss / 3).backward()
        for name, parameter in network.named_parameters():
            mine = stack.parameters[name].grad
            assert mine is not None
            torch.testing.assert_close(mine[model], parameter.grad, atol=1e-10, rtol=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_recurrence_goes_on_from_any_state(architecture):
    config = MemoryConfig(architecture, 8, channels=5)
    stack = MemoryStack(config, [drawn(config, 0)], torch.float64)
    frames = torch.randn(1, 6, 3, 8, dtype=torch.float64)
    whole = stack.recur(frames)
    cell = None if whole.cell is None else whole.cell[:, 1]
    rest = stack.recur(frames[:, 2:], Hidden(whole.output[:, 1], cell))
    torch.testing.assert_close(rest.output, whole.output[:, 2:], atol=1e-12, rtol=0)
    assert (whole.cell is not None) == (architecture == "lstm")


def test_all_components_allow_what_the_convolution_does():
    """Of training images: the linear map of conv and linear layer, written in components."""
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(12, 5, 3, 3))
    conv = MemoryConfig("gru", 8, channels=5, positions=9, front_end="conv")
    state = drawn(conv, 0)
    lying = torch.from_numpy(maps.reshape(12, 5, 9).transpose(0, 2, 1).copy())
    flat = lying.flatten(1).numpy()
    mean = flat.mean(axis=0)
    axes = np.linalg.svd(flat - mean, full_matrices=False)[2][:11].T
    components = torch.from_numpy((flat - mean) @ axes)
    weight = state["input.weight"].double()
    # Jacobian and offset of what the linear layer gets of a map, by the convolution path itself
    stack = MemoryStack(conv, [state], torch.float64)
    zero = stack.image_part(torch.zeros(1, 9, 5, dtype=torch.float64))[0, 0]
    unit = torch.eye(45, dtype=torch.float64).view(45, 9, 5)
    linear = (stack.image_part(unit)[0] - zero).T
    pca = MemoryConfig("gru", 8, channels=11)
    same = {name: state[name].double() for name in pca.shapes if not name.startswith("input.")}
    in_components = linear @ torch.from_numpy(axes)
    same["input.weight"] = torch.cat([in_components, weight[:, conv.image_units :]], dim=1)
    same["input.bias"] = state["input.bias"].double() + linear @ torch.from_numpy(mean) + zero
    batch = batch_of(1, 12)
    expected = scores_of(stack, lying, batch)
    found = scores_of(MemoryStack(pca, [same], torch.float64), components[:, None], batch)
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=0)


def test_images_shown_often_are_computed_once_with_the_same_result():
    config = MemoryConfig("rnn", 8, channels=5)
    stack = MemoryStack(config, [drawn(config, 0), drawn(config, 1)], torch.float64)
    images = torch.randn(1000, 1, 5, dtype=torch.float64)
    batch = batch_of(2, len(images))
    few, _ = torch.unique(batch.shown, return_inverse=True)
    assert len(few) < 100
    direct = stack.frames(stack.image_part(images), batch.shown, batch.codes)
    expected = stack.answers(stack.recur(direct).output)
    torch.testing.assert_close(scores_of(stack, images, batch), expected, atol=1e-12, rtol=0)


def test_parameters_begin_as_those_of_modules_do():
    config = MemoryConfig("lstm", 64, channels=30)
    torch.manual_seed(0)
    network = PlainNetwork(config)
    state = drawn(config, 0)
    assert {n: tuple(v.shape) for n, v in network.state_dict().items()} == config.shapes
    for name, theirs in network.state_dict().items():
        mine = state[name]
        assert mine.dtype == torch.float32
        assert float(mine.abs().max()) == pytest.approx(float(theirs.abs().max()), rel=0.1)
        assert float(mine.std()) == pytest.approx(float(theirs.std()), rel=0.25, abs=0.02)


@pytest.mark.parametrize(
    ("architecture", "hidden", "total", "recurrent"),
    [
        ("rnn", 512, 14.43e6, 0.525e6), ("gru", 256, 4.13e6, 0.395e6),
        ("lstm", 256, 4.27e6, 0.526e6), ("rnn", 256, 3.87e6, 0.132e6),
    ],
)  # fmt: skip
def test_the_literal_networks_have_as_many_parameters_as_computed(
    architecture, hidden, total, recurrent
):
    config = MemoryConfig(architecture, hidden, 2048, positions=49, front_end="conv")
    assert config.parameters == pytest.approx(total, rel=2e-3)
    assert config.recurrent_parameters == pytest.approx(recurrent, rel=5e-3)
    assert config.parameters == sum(p.numel() for p in PlainNetwork(config).parameters())


def test_the_public_initial_state_is_what_pytorch_makes_of_an_empty_one():
    config = MemoryConfig("lstm", 256, channels=3, initial_state="kaiming")
    stack = MemoryStack(config, [drawn(config, 0)])
    state = stack.kaiming_state(256, [torch.Generator().manual_seed(1)])
    theirs = nn.init.kaiming_uniform_(torch.empty(1, 256, 256))
    assert state.cell is not None
    for mine in (state.output, state.cell):
        assert mine.shape == theirs.shape
        bound = math.sqrt(6 / 256 / 256)
        assert 0.99 * bound < float(mine.abs().max()) <= bound
        assert float(mine.std()) == pytest.approx(float(theirs.std()), rel=0.02)
    assert not torch.equal(state.output, state.cell)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"architecture": "transformer"}, "architecture must be one of rnn, gru, lstm"),
        ({"hidden": 0}, "hidden must be a whole number of at least 1"),
        ({"front_end": "fft"}, "front_end must be one of pca, conv"),
        ({"nonlinearity": "sine"}, "nonlinearity must be one of tanh, relu"),
    ],
)
def test_a_bad_network_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        MemoryConfig(**{"architecture": "gru", "hidden": 8, "channels": 3, **given})
