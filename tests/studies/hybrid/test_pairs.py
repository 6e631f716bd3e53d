"""The six correlations of an autoencoder against SciPy, for one model and for many at once."""

import numpy as np
import pytest

from hybridrep.studies.hybrid import pairs as pairs_
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, REPRESENTATIONS
from tests.analysis.test_descriptions import form, scipy_rsa

__all__ = ["form"]  # the fixture


def test_batches_over_models_equal_each_model_alone(form: str) -> None:
    rng = np.random.default_rng(2)
    shapes = {"inputs": 20, "targets": 9, "bottleneck": 4, "reconstructed": 9}
    arrays = {k: rng.normal(size=(5, 30, d)).astype(np.float32) for k, d in shapes.items()}
    arrays["reconstructed"] += arrays["targets"]
    fixed = pairs_.fix_sides(arrays["inputs"], arrays["targets"])
    values = fixed.pairs(arrays["bottleneck"], arrays["reconstructed"])
    assert values.shape == (5, 6)
    roles = {
        "input": "inputs",
        "target": "targets",
        "bottleneck": "bottleneck",
        "reconstructed": "reconstructed",
    }
    for model in range(5):
        for column, pair in enumerate(PAIRS):
            first, second = (arrays[roles[role]][model] for role in pair.split("_vs_"))
            assert values[model, column] == pytest.approx(scipy_rsa(first, second), abs=1e-9)


def test_what_stays_fixed_is_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    described = []
    real = pairs_.describe
    monkeypatch.setattr(pairs_, "describe", lambda x: (described.append(x.shape[-1]), real(x))[1])
    fixed = pairs_.fix_sides(rng.normal(size=(2, 10, 7)), rng.normal(size=(2, 10, 5)))
    for _ in range(3):
        fixed.pairs(rng.normal(size=(2, 10, 2)), rng.normal(size=(2, 10, 6)))
    assert described == [7, 5, *[2, 6] * 3]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pairs_take_input_and_target_from_the_direction(direction: str) -> None:
    rng = np.random.default_rng(4)
    sizes = dict(zip(REPRESENTATIONS, (8, 5, 3, 6), strict=True))
    given = {name: rng.normal(size=(12, dim)) for name, dim in sizes.items()}
    pairs = pairs_.rsa_pairs(direction, *given.values())
    assert tuple(pairs) == PAIRS
    source, target = ("global", "task_specific")[:: 1 if direction == "bert_to_lstm" else -1]
    expected = {
        "input_vs_target": (source, target),
        "bottleneck_vs_input": ("diffused", source),
        "bottleneck_vs_target": ("diffused", target),
        "reconstructed_vs_input": ("transformed", source),
        "reconstructed_vs_target": ("transformed", target),
        "bottleneck_vs_reconstructed": ("diffused", "transformed"),
    }
    for pair, (first, second) in expected.items():
        assert pairs[pair] == pytest.approx(scipy_rsa(given[first], given[second]), abs=1e-9)


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="no direction 'bert2lstm'"):
        pairs_.roles("bert2lstm")
