"""Networks trained as one stack against PyTorch, one at a time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from hybridrep.errors import ParameterError
from hybridrep.networks.fitting import NetworkConfig, NetworkData, TrainedNetwork, train_networks

pytestmark = pytest.mark.usefixtures("one_thread")

NUMBERS = NetworkConfig(hidden=(9, 5), epochs=3, batch_size=16)
CLASSES = NetworkConfig(hidden=(7,), classes=3, epochs=3, batch_size=16, activation="tanh")


def data(config: NetworkConfig, count: int, train: int = 50) -> list[NetworkData]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng((0, seed))
        inputs = rng.normal(size=(80, 6))
        targets = inputs[:, :2] ** 2 if config.classes is None else inputs[:, :3].argmax(axis=1)
        rows = rng.permutation(80)
        made.append(NetworkData(inputs, targets, rows[:train], rows[60:], rng))
    return made


def plainly(config: NetworkConfig, given: NetworkData) -> tuple[list[np.ndarray], list[float]]:
    """One network through modules, autograd and Adam; its outputs and train losses, float64."""
    torch.manual_seed(int(given.rng.integers(2**63)))
    outputs = config.classes or given.targets.shape[1]
    sizes = (given.inputs.shape[1], *config.hidden, outputs)
    layers: list[nn.Module] = []
    for size in pairwise(sizes):
        layers += [nn.Linear(*size), nn.ReLU() if config.activation == "relu" else nn.Tanh()]
    network = nn.Sequential(*layers[:-1]).double()
    adam = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    x, y = torch.from_numpy(given.inputs), torch.from_numpy(given.targets)
    losses = []
    for _ in range(config.epochs):
        order, total = given.train[given.rng.permutation(len(given.train))], 0.0
        for batch in np.split(order, range(config.batch_size, len(order), config.batch_size)):
            output = network(x[batch])
            if config.classes is None:
                loss = (output - y[batch]).square().sum(1).mean()
            else:
                loss = nn.functional.cross_entropy(output, y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(batch)
        losses.append(total / len(order))
    return [network(x).detach().numpy()], losses


@pytest.mark.parametrize("config", [NUMBERS, CLASSES], ids=["numbers", "classes"])
def test_equals_training_each_network_alone_through_modules(config: NetworkConfig) -> None:
    stacked = train_networks(config, data(config, 3), dtype=torch.float64)
    for mine, given in zip(stacked, data(config, 3), strict=True):
        (outputs,), losses = plainly(config, given)
        np.testing.assert_allclose(mine.predict(given.inputs), outputs, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(mine.curves["train_loss"], losses, rtol=1e-9)
        error = outputs[given.test] - (given.targets[given.test] if config is NUMBERS else 0)
        if config is NUMBERS:
            assert mine.curves["test_loss"].iloc[-1] == pytest.approx((error**2).sum(1).mean())
        else:
            hits = outputs[given.test].argmax(1) == given.targets[given.test]
            assert mine.curves["test_accuracy"].iloc[-1] == pytest.approx(hits.mean())


def identical(first: TrainedNetwork, second: TrainedNetwork) -> bool:
    both = zip(sum(first.layers, ()), sum(second.layers, ()), strict=True)
    return all(np.array_equal(a, b) for a, b in both) and first.curves.equals(second.curves)


@pytest.mark.parametrize("config", [NUMBERS, CLASSES], ids=["numbers", "classes"])
def test_numbers_do_not_depend_on_the_networks_beside(config: NetworkConfig) -> None:
    together = train_networks(config, data(config, 4))
    in_blocks = train_networks(config, data(config, 4), block=3)
    (alone,) = train_networks(config, data(config, 3)[2:])
    assert identical(together[2], in_blocks[2])
    assert identical(together[2], alone)
    uneven = [*data(config, 2, train=40), *data(config, 3)[2:]]
    assert identical(train_networks(config, uneven)[2], alone)


def test_none_gives_none_and_no_hidden_layer_is_a_linear_map() -> None:
    assert train_networks(NUMBERS, []) == []
    (linear,) = train_networks(NetworkConfig(hidden=(), epochs=1), data(NUMBERS, 1))
    ((weight, bias),) = linear.layers
    inputs = data(NUMBERS, 1)[0].inputs
    np.testing.assert_allclose(linear.predict(inputs), inputs @ weight + bias, atol=1e-5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden", (8, 0)),
        ("classes", 1),
        ("epochs", 0),
        ("batch_size", -1),
        ("learning_rate", -1.0),
        ("activation", "sine"),
    ],
)
def test_bad_settings_are_refused(field: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"network: {field} must be"):
        NetworkConfig(**{field: value})


def test_arrays_that_do_not_fit_are_refused() -> None:
    (good,), none = data(NUMBERS, 1), np.arange(0)
    x, y, rows = good.inputs, good.targets, good.train

    def refused(config: NetworkConfig, message: str, *models: tuple) -> None:
        given = [NetworkData(*model, np.random.default_rng(0)) for model in models]
        with pytest.raises(ValueError, match=message):
            train_networks(config, given)

    refused(NUMBERS, "model 0: 80 inputs but 79 targets", (x, y[1:], rows, rows))
    refused(NUMBERS, "no inputs and numbers of items", (x, np.zeros(80, int), rows, rows))
    refused(CLASSES, "no inputs and classes of items", (x, y, rows, rows))
    refused(CLASSES, "labels must be from 0 to 2", (x, np.full(80, 3), rows, rows))
    refused(NUMBERS, "one train and one test row", (x, y, rows, none))
    refused(NUMBERS, "equal widths", (x, y, rows, rows), (x[:, 1:], y, rows, rows))
