"""Ridge regression against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as SklearnRidge

from hybridrep.transforms import ridge as lb


def rows(
    seed: int, items: int, inputs: int = 12, targets: int = 5
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = np.random.default_rng(99).normal(size=(inputs, targets))
    x = rng.normal(size=(items, inputs)) * np.linspace(0.1, 3, inputs) + 7
    return x, x @ weights + 3 * rng.normal(size=(items, targets)) - 2


def sklearn_loss(penalty: float, train: tuple, other: tuple) -> tuple[SklearnRidge, float]:
    model = SklearnRidge(alpha=penalty, solver="svd").fit(*train)
    return model, float(((model.predict(other[0]) - other[1]) ** 2).sum(axis=1).mean())


PENALTIES = [0.01, 1.0, 30.0, 500.0]


@pytest.mark.parametrize("items", [60, 8], ids=["many rows", "fewer rows than inputs"])
def test_every_penalty_has_scikit_learns_loss_and_the_best_is_chosen(items: int) -> None:
    train, validation = rows(0, items), rows(1, 40)
    ridge = lb.fit_ridge(lb.moments(*train), *validation, penalties=PENALTIES[::-1])
    expected = [sklearn_loss(p, train, validation)[1] for p in PENALTIES]
    np.testing.assert_array_equal(ridge.penalties, PENALTIES)
    np.testing.assert_allclose(ridge.validation_losses, expected, rtol=1e-9)
    assert ridge.penalty == PENALTIES[int(np.argmin(expected))]
    model, _ = sklearn_loss(ridge.penalty, train, validation)
    np.testing.assert_allclose(ridge.weights, model.coef_.T, atol=1e-9)
    np.testing.assert_allclose(
        ridge.predict(validation[0]), model.predict(validation[0]), rtol=1e-9
    )


def test_the_baseline_measures_test_rows_and_the_training_mean() -> None:
    train, validation, test = rows(0, 60), rows(1, 40), rows(2, 30)
    found = lb.linear_baseline(lb.moments(*train), *validation, *test)
    _, expected = sklearn_loss(found.ridge.penalty, train, test)
    assert found.test_loss == pytest.approx(expected, rel=1e-9)
    mean_loss = ((test[1] - train[1].mean(axis=0)) ** 2).sum(axis=1).mean()
    assert found.mean_loss == pytest.approx(mean_loss, rel=1e-12)
    assert found.test_loss < found.mean_loss


def test_the_default_penalties_follow_the_scale_of_the_inputs() -> None:
    train, validation = rows(0, 60), rows(1, 40)
    plain = lb.fit_ridge(lb.moments(*train), *validation)
    scaled = lb.fit_ridge(lb.moments(train[0] * 1e3, train[1]), validation[0] * 1e3, validation[1])
    assert scaled.penalty == pytest.approx(plain.penalty * 1e6, rel=1e-6)
    np.testing.assert_allclose(scaled.weights * 1e3, plain.weights, rtol=1e-6)


def test_moments_of_float32_rows_are_float64_sums_over_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = (a.astype(np.float32) for a in rows(3, 103))
    monkeypatch.setattr(lb, "_BLOCK", 10)
    blocks = lb.moments(x, y)
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    x64 -= x64.mean(axis=0)
    y64 -= y64.mean(axis=0)
    np.testing.assert_allclose(blocks.input_gram, x64.T @ x64, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(blocks.target_gram, y64.T @ y64, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(blocks.cross, x64.T @ y64, rtol=1e-12, atol=1e-9)
    assert blocks.count == 103


def test_reversed_moments_are_those_of_the_other_direction() -> None:
    x, y = rows(4, 50)
    forth, back = lb.moments(x, y).reversed(), lb.moments(y, x)
    for name in ("input_mean", "target_mean", "input_gram", "target_gram", "cross"):
        np.testing.assert_allclose(
            getattr(forth, name), getattr(back, name), rtol=1e-12, atol=1e-12
        )


def test_inputs_that_do_not_vary_predict_the_mean() -> None:
    _, y = rows(5, 20)
    x = np.full((20, 3), 0.1)
    found = lb.linear_baseline(lb.moments(x, y), x, y, x, y)
    assert found.test_loss == pytest.approx(found.mean_loss)
    np.testing.assert_allclose(found.ridge.predict(x), np.broadcast_to(y.mean(axis=0), y.shape))


def test_equal_losses_go_to_the_larger_penalty() -> None:
    _, y = rows(6, 20)
    x = np.zeros((20, 2))
    assert lb.fit_ridge(lb.moments(x, y), x, y, penalties=[1.0, 5.0, 3.0]).penalty == 5.0


def test_a_linear_relation_is_found() -> None:
    x, _ = rows(7, 50)
    y = x @ np.random.default_rng(8).normal(size=(12, 4))
    found = lb.linear_baseline(lb.moments(x, y), x[:20], y[:20], x[20:], y[20:])
    assert found.test_loss < 1e-6 * found.mean_loss


@pytest.mark.parametrize("penalties", [[0.0], [-1.0, 2.0], [np.nan], []])
def test_penalties_must_be_above_zero(penalties: list[float]) -> None:
    x, y = rows(0, 20)
    with pytest.raises(ValueError, match="above 0"):
        lb.fit_ridge(lb.moments(x, y), x, y, penalties=penalties)


def test_rows_are_needed() -> None:
    x, y = rows(0, 20)
    with pytest.raises(ValueError, match="training row"):
        lb.moments(x[:0], y[:0])
    with pytest.raises(ValueError, match="validation row"):
        lb.fit_ridge(lb.moments(x, y), x[:0], y[:0])
