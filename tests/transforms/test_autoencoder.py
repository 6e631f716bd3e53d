"""The plain autoencoder modules: the paper's layers, and the claim that they are linear maps."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from hybridrep.errors import ParameterError
from hybridrep.transforms.autoencoder import (
    AutoencoderConfig,
    ConvAutoencoder,
    LinearAutoencoder,
    autoencoder_of_state,
    build_autoencoder,
    state_arrays,
)

CONFIG = AutoencoderConfig(20, 12, 3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def convolutions(model: ConvAutoencoder) -> list[nn.Conv1d | nn.ConvTranspose1d]:
    return [m for m in model.modules() if isinstance(m, nn.Conv1d | nn.ConvTranspose1d)]


def random_inputs(items: int = 9, size: int = 20) -> torch.Tensor:
    return torch.randn(items, size, generator=generator(5))


def test_layers_are_those_of_the_paper() -> None:
    layers = convolutions(ConvAutoencoder(AutoencoderConfig(768, 300, 32), generator()))
    assert [type(m) for m in layers] == [nn.Conv1d] * 3 + [nn.ConvTranspose1d] * 3
    widths = [(m.in_channels, m.out_channels) for m in layers]
    assert widths == [(768, 128), (128, 64), (64, 32), (32, 64), (64, 128), (128, 300)]
    assert {(m.kernel_size, m.stride, m.padding) for m in layers} == {((3,), (2,), (1,))}


def test_forward_is_the_chain_of_convolutions_with_relu_between() -> None:
    model = ConvAutoencoder(CONFIG, generator())
    a, b, c, d, e, f = convolutions(model)
    x = random_inputs()
    middle = c(functional.relu(b(functional.relu(a(x[:, :, None])))))
    out = f(functional.relu(e(functional.relu(d(middle)))))
    torch.testing.assert_close(model.bottleneck(x), middle[:, :, 0], rtol=0, atol=0)
    torch.testing.assert_close(model(x), out[:, :, 0], rtol=0, atol=0)
    assert (model.bottleneck(x) < 0).any()
    assert (model(x) < 0).any()


def test_the_outer_taps_have_no_effect_on_sequences_of_length_one() -> None:
    model = ConvAutoencoder(CONFIG, generator())
    before = model(random_inputs())
    with torch.no_grad():
        for layer in convolutions(model):
            layer.weight[:, :, 0] = 1e6
            layer.weight[:, :, 2] = -1e6
    torch.testing.assert_close(model(random_inputs()), before, rtol=0, atol=0)


def test_the_outer_taps_do_have_an_effect_on_longer_sequences() -> None:
    layer = convolutions(ConvAutoencoder(CONFIG, generator()))[0]
    x = torch.randn(2, 20, 5, generator=generator(1))
    before = layer(x)
    with torch.no_grad():
        layer.weight[:, :, 0] += 1
    assert not torch.allclose(layer(x), before)


def test_only_the_middle_taps_receive_a_gradient() -> None:
    model = ConvAutoencoder(CONFIG, generator())
    model(random_inputs()).square().sum().backward()
    for layer in convolutions(model):
        assert layer.weight.grad is not None
        assert (layer.weight.grad[:, :, [0, 2]] == 0).all()
        assert (layer.weight.grad[:, :, 1] != 0).any()


@pytest.mark.parametrize("kind", ["convolutional", "fully_connected"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "tanh"])
def test_linear_maps_are_what_the_module_computes(kind: str, activation: str) -> None:
    model = build_autoencoder(
        AutoencoderConfig(20, 12, 3, kind=kind, activation=activation), generator()
    )
    x = random_inputs()
    for number, (weight, bias) in enumerate(model.linear_maps()):
        x = x @ weight + bias
        if number not in (2, 5):
            x = getattr(functional, activation)(x)
    torch.testing.assert_close(model(random_inputs()), x)


@pytest.mark.parametrize("kind", ["convolutional", "fully_connected"])
def test_initialisation_is_pytorchs_default_from_the_given_generator(kind: str) -> None:
    config = AutoencoderConfig(20, 12, 3, kind=kind)
    torch.manual_seed(11)
    reference = []
    for number, (inputs, outputs) in enumerate(pairwise(config.sizes)):
        if kind == "fully_connected":
            reference.append(nn.Linear(inputs, outputs))
        else:
            layer = nn.Conv1d if number < 3 else nn.ConvTranspose1d
            reference.append(layer(inputs, outputs, 3, stride=2, padding=1))
    torch.manual_seed(12)
    before = torch.get_rng_state()
    model = build_autoencoder(config, generator(11))
    assert torch.equal(torch.get_rng_state(), before)

    expected = [p for layer in reference for p in layer.parameters()]
    for mine, theirs in zip(model.parameters(), expected, strict=True):
        assert torch.equal(mine, theirs)


def test_kinds_are_their_modules() -> None:
    assert type(build_autoencoder(CONFIG)) is ConvAutoencoder
    fully_connected = AutoencoderConfig(20, 12, 3, kind="fully_connected")
    assert type(build_autoencoder(fully_connected)) is LinearAutoencoder


def test_a_state_goes_out_and_back_in() -> None:
    model = build_autoencoder(CONFIG, generator())
    state = state_arrays(model)
    assert sorted(state) == sorted(model.state_dict())
    again = autoencoder_of_state(CONFIG, state)
    assert torch.equal(again(random_inputs()), model(random_inputs()))
    state["encoder.0.bias"][:] = 9.0
    assert not (model.state_dict()["encoder.0.bias"] == 9.0).any()


def test_a_state_of_another_shape_is_refused() -> None:
    state = state_arrays(build_autoencoder(AutoencoderConfig(20, 12, 4), generator()))
    with pytest.raises(ValueError, match="not the weights of"):
        autoencoder_of_state(CONFIG, state)
    with pytest.raises(ValueError, match="not the weights of"):
        autoencoder_of_state(CONFIG, {"encoder.0.weight": np.zeros(3)})


@pytest.mark.parametrize(("epochs", "half"), [(1, 1), (2, 1), (3, 1), (20, 10), (50, 25)])
def test_half_of_the_epochs(epochs: int, half: int) -> None:
    assert AutoencoderConfig(20, 12, 3, epochs=epochs).half_epoch == half


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("input_size", 0, "input_size must be a whole number of at least 1, got 0"),
        ("output_size", -3, "output_size"),
        ("bottleneck", 0, "bottleneck must be a whole number of at least 1, got 0"),
        ("bottleneck", 21, "bottleneck must be at most the input's size, 20, got 21"),
        ("epochs", 0, "epochs"),
        ("epochs", True, "got True"),
        ("batch_size", 0, "batch_size"),
        ("learning_rate", 0.0, "learning_rate must be above 0 and finite, got 0.0"),
        ("learning_rate", float("nan"), "learning_rate"),
        ("learning_rate", float("inf"), "got inf"),
        ("activation", "sigmoid", "one of relu, leaky_relu, elu, tanh, got 'sigmoid'"),
        ("kind", "conv", "one of convolutional, fully_connected, got 'conv'"),
    ],
)
def test_bad_values_are_refused(field: str, value: object, message: str) -> None:
    values = {"input_size": 20, "output_size": 12, "bottleneck": 3, field: value}
    with pytest.raises(ParameterError, match=message):
        AutoencoderConfig(**values)
