"""Small data for autoencoders, and what comparing their results needs."""

import numpy as np
import torch

from hybridrep.transforms.autoencoder import Autoencoder, ModelData, state_arrays
from hybridrep.transforms.stacked import AutoencoderResult


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
