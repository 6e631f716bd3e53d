"""Small data for autoencoders, and what comparing their results needs."""

import numpy as np
import torch

from hybridrep.models.autoencoder import (
    Autoencoder,
    AutoencoderConfig,
    build_autoencoder,
    state_arrays,
)
from hybridrep.models.stacked_autoencoder import (
    AutoencoderResult,
    ModelData,
)


def data(
    models: int, inputs: int = 24, outputs: int = 10, train: int = 70, shared: bool = True
) -> list[ModelData]:
    """Models with generators at their start; the same for the same arguments."""
    common = np.random.default_rng(0).standard_normal((100, inputs), dtype=np.float32)
    made = []
    for model in range(models):
        rng = np.random.default_rng((1, model))
        own = common if shared else rng.standard_normal((100, inputs), dtype=np.float32)
        rows = rng.permutation(100)
        made.append(
            ModelData(
                inputs=own,
                targets=rng.standard_normal((100, outputs), dtype=np.float32),
                train=rows[:train],
                test=rows[80:],
                init=torch.Generator().manual_seed(model),
                order=np.random.default_rng((2, model)),
            )
        )
    return made


def train_plainly(
    config: AutoencoderConfig, given: ModelData, dtype: torch.dtype
) -> tuple[Autoencoder, np.ndarray]:
    """What a user of PyTorch writes for one model; also train and test loss of every epoch."""
    model = build_autoencoder(config, given.init).to(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    inputs = torch.tensor(given.inputs, dtype=dtype)
    targets = torch.tensor(given.targets, dtype=dtype)
    losses = []
    for _ in range(config.epochs):
        order = torch.from_numpy(given.train[given.order.permutation(len(given.train))])
        total = 0.0
        for rows in order.split(config.batch_size):
            optimizer.zero_grad()
            loss = (model(inputs[rows]) - targets[rows]).square().sum(1).mean()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            errors = (model(inputs[given.test]) - targets[given.test]).square().sum(1)
        losses.append((total / len(order), errors.mean().item()))
    return model, np.array(losses)


def assert_close(
    result: AutoencoderResult, model: Autoencoder, losses: np.ndarray, tolerance: float
) -> None:
    for name, expected in state_arrays(model).items():
        error = np.abs(result.final_state[name] - expected).max() / np.abs(expected).max()
        assert error < tolerance, name
    found = result.curves[["train_loss", "test_loss"]].to_numpy()
    np.testing.assert_allclose(found, losses, rtol=max(tolerance, 1e-6))


def assert_identical(first: AutoencoderResult, second: AutoencoderResult) -> None:
    """Equal to the last bit."""
    assert first.curves.equals(second.curves)
    for some, others in (
        (first.half_state, second.half_state),
        (first.final_state, second.final_state),
    ):
        assert all(np.array_equal(some[name], others[name]) for name in some | others)
