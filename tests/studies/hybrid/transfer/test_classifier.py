"""The transfer task's classifiers as plain modules."""

import numpy as np
import pytest
import torch
from torch import nn

from hybridrep.errors import ParameterError
from hybridrep.studies.hybrid.transfer.classifier import (
    Classifier,
    ClassifierConfig,
    EmbeddingClassifier,
    pooled_size,
)

TOKENS = torch.tensor([[0, 0, 2, 3], [0, 1, 3, 3], [0, 0, 0, 0]])
VECTORS = np.array([[9, 9], [0, 0], [1, 2], [10, 20]], dtype=np.float32)  # padding must not count


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_it_is_two_linear_layers_with_relu_between() -> None:
    model = Classifier(7, ClassifierConfig(classes=3), generator())
    assert (model.hidden.weight.shape, model.output.weight.shape) == ((32, 7), (3, 32))
    x = torch.randn(5, 7, generator=generator(1))
    hidden = (x @ model.hidden.weight.T + model.hidden.bias).clamp(min=0)
    torch.testing.assert_close(model(x), hidden @ model.output.weight.T + model.output.bias)
    (w1, b1), (w2, b2) = model.linear_maps()
    torch.testing.assert_close(model(x), (x @ w1 + b1).clamp(min=0) @ w2 + b2)


def test_initialisation_is_pytorchs_default_from_the_given_generator() -> None:
    torch.manual_seed(4)
    hidden, output = nn.Linear(7, 32), nn.Linear(32, 2)
    state = torch.get_rng_state()
    model = Classifier(7, ClassifierConfig(), generator(4))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(model.hidden.weight, hidden.weight)
    assert torch.equal(model.hidden.bias, hidden.bias)
    assert torch.equal(model.output.weight, output.weight)
    assert torch.equal(model.output.bias, output.bias)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("padded_mean", [[11 / 4, 22 / 4], [20 / 4, 40 / 4], [0, 0]]),
        ("token_mean", [[11 / 2, 22 / 2], [20 / 3, 40 / 3], [0, 0]]),
        (
            "flatten",
            [[0, 0, 0, 0, 1, 2, 10, 20], [0, 0, 0, 0, 10, 20, 10, 20], [0, 0, 0, 0, 0, 0, 0, 0]],
        ),
    ],
)
def test_pooling(pooling: str, expected: list[list[float]]) -> None:
    model = EmbeddingClassifier(VECTORS, 4, ClassifierConfig(pooling=pooling), generator())
    pooled = torch.tensor(expected, dtype=torch.float32)
    assert pooled.shape[1] == pooled_size(pooling, 4, 2)
    torch.testing.assert_close(model(TOKENS), model.classifier(pooled))


@pytest.mark.parametrize("pooling", ["padded_mean", "token_mean", "flatten"])
def test_embeddings_learn_but_padding_stays_zero(pooling: str) -> None:
    model = EmbeddingClassifier(VECTORS, 4, ClassifierConfig(pooling=pooling), generator())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    nn.functional.cross_entropy(model(TOKENS), torch.tensor([0, 1, 0])).backward()
    optimizer.step()
    moved = model.embedding.weight.detach().numpy()
    assert (moved[0] == 0).all()
    assert all((moved[word] != VECTORS[word]).any() for word in (1, 2, 3))
    assert VECTORS[0, 0] == 9


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("classes", 1, "classes must be a whole number of at least 2, got 1"),
        ("hidden_size", 0, "hidden_size"),
        ("epochs", 0, "epochs"),
        ("batch_size", -1, "batch_size"),
        ("learning_rate", -1.0, "learning_rate must be above 0 and finite, got -1.0"),
        ("activation", "gelu", "activation must be one of relu, leaky_relu, elu, tanh"),
    ],
)
def test_bad_values_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ClassifierConfig(**{field: value})
