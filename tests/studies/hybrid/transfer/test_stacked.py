"""Stacked classifiers and baselines against one model at a time in plain PyTorch."""

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.transfer import train_plainly
from hybridrep.errors import ExecutionError
from hybridrep.studies.hybrid.transfer.classifier import (
    Classifier,
    ClassifierConfig,
    EmbeddingClassifier,
    Pooling,
)
from hybridrep.studies.hybrid.transfer.stacked import (
    BaselineData,
    ClassifierData,
    ClassifierResult,
    train_baselines,
    train_classifiers,
)
from hybridrep.testing.pretended_device import pretended_device

DOUBLE, SINGLE = torch.float64, torch.float32
TOLERANCES = [(DOUBLE, 1e-10), (SINGLE, 1e-4)]
POOLINGS: list[Pooling] = ["padded_mean", "token_mean", "flatten"]
ITEMS, TIME_STEPS, WORDS = 120, 9, 200


pytestmark = pytest.mark.usefixtures("one_thread")


def representations(*sizes: int, classes: int = 2) -> list[ClassifierData]:
    """One model a size, with generators at their start."""
    made = []
    for model, size in enumerate(sizes):
        rng = np.random.default_rng((0, model))
        rows = rng.permutation(ITEMS)
        made.append(
            ClassifierData(
                inputs=rng.standard_normal((ITEMS, size), dtype=np.float32),
                labels=rng.integers(0, classes, ITEMS),
                train=rows[:90],
                test=rows[90:],
                init=torch.Generator().manual_seed(model),
                order=np.random.default_rng((1, model)),
            )
        )
    return made


def tweets(models: int, dim: int = 5, train: int = 90) -> list[BaselineData]:
    """Zipf-like words, some in test items only, some nowhere; one item has no word at all."""
    made = []
    for model in range(models):
        rng = np.random.default_rng((2, model))
        token_ids = np.minimum(rng.geometric(0.03, (ITEMS, TIME_STEPS)), WORDS - 1)
        lengths = rng.integers(1, TIME_STEPS + 1, ITEMS)
        lengths[7] = 0
        token_ids[np.arange(TIME_STEPS) < TIME_STEPS - lengths[:, None]] = 0
        rows = rng.permutation(ITEMS)
        embedding = rng.standard_normal((WORDS, dim), dtype=np.float32)  # padding must not count
        made.append(
            BaselineData(
                token_ids=token_ids,
                embedding=embedding,
                labels=rng.integers(0, 2, ITEMS),
                train=rows[:train],
                test=rows[90:],
                init=torch.Generator().manual_seed(model),
                order=np.random.default_rng((3, model)),
            )
        )
    return made


def curves_alone(
    config: ClassifierConfig,
    model: nn.Module,
    inputs: torch.Tensor,
    given: ClassifierData | BaselineData,
) -> np.ndarray:
    split = (given.labels, given.train, given.test)
    return train_plainly(config, model, inputs, *split, given.order)


def assert_close(
    result: ClassifierResult, model: nn.Module, curves: np.ndarray, tolerance: float
) -> None:
    expected = {name: value.numpy() for name, value in model.state_dict().items()}
    assert sorted(result.state) == sorted(expected)
    for name, value in expected.items():
        error = np.abs(result.state[name] - value).max() / np.abs(value).max()
        assert error < tolerance, name
    assert list(result.curves) == ["epoch", "train_loss", "test_loss", "test_accuracy"]
    assert list(result.curves["epoch"]) == list(range(1, len(curves) + 1))
    found = result.curves[["train_loss", "test_loss", "test_accuracy"]].to_numpy()
    np.testing.assert_allclose(found, curves, rtol=max(tolerance, 1e-6))


def assert_identical(first: ClassifierResult, second: ClassifierResult) -> None:
    """Equal to the last bit."""
    assert first.curves.equals(second.curves)
    names = first.state | second.state
    assert all(np.array_equal(first.state[name], second.state[name]) for name in names)


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
def test_classifiers_equal_training_each_alone(dtype: torch.dtype, tolerance: float) -> None:
    config, sizes = ClassifierConfig(epochs=3), (6, 40, 6, 40, 6)
    results = train_classifiers(config, representations(*sizes), dtype=dtype, block=2)
    for result, given in zip(results, representations(*sizes), strict=True):
        model = Classifier(given.inputs.shape[1], config, given.init).to(dtype)
        inputs = torch.from_numpy(given.inputs).to(dtype)
        assert_close(result, model, curves_alone(config, model, inputs, given), tolerance)


@pytest.mark.parametrize("batch_size", [1, 7, 500])
@pytest.mark.parametrize("classes", [2, 5])
def test_equality_holds_for_other_batches_classes_and_widths(batch_size: int, classes: int) -> None:
    config = ClassifierConfig(
        classes, hidden_size=9, epochs=2, batch_size=batch_size, activation="tanh"
    )
    result = train_classifiers(config, representations(11, classes=classes), dtype=DOUBLE)[0]
    given = representations(11, classes=classes)[0]
    model = Classifier(11, config, given.init).to(DOUBLE)
    inputs = torch.from_numpy(given.inputs).to(DOUBLE)
    assert_close(result, model, curves_alone(config, model, inputs, given), 1e-10)


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_baselines_equal_training_each_alone(
    pooling: Pooling, dtype: torch.dtype, tolerance: float
) -> None:
    config = ClassifierConfig(epochs=3, pooling=pooling)
    results = train_baselines(config, tweets(3), dtype=dtype, block=2, embeddings=True)
    for result, given in zip(results, tweets(3), strict=True):
        model = EmbeddingClassifier(given.embedding, TIME_STEPS, config, given.init).to(dtype)
        inputs = torch.from_numpy(given.token_ids)
        assert_close(result, model, curves_alone(config, model, inputs, given), tolerance)


def test_only_words_of_training_items_move() -> None:
    given = tweets(1)[0]
    config = ClassifierConfig(epochs=2)
    moved = train_baselines(config, tweets(1), embeddings=True)[0].state["embedding.weight"]
    trained = np.setdiff1d(given.token_ids[given.train], [0])
    others = np.setdiff1d(np.arange(1, WORDS), trained)
    assert len(np.intersect1d(others, given.token_ids[given.test]))  # else this shows little
    assert (moved[0] == 0).all()
    assert np.array_equal(moved[others], given.embedding[others])
    assert (moved[trained] != given.embedding[trained]).any(1).all()


def test_embeddings_are_in_the_state_only_when_asked_for() -> None:
    config = ClassifierConfig(epochs=1)
    without, with_them = (
        train_baselines(config, tweets(1), embeddings=e)[0] for e in (False, True)
    )
    assert sorted({*with_them.state} - {*without.state}) == ["embedding.weight"]
    assert without.curves.equals(with_them.curves)


@pytest.mark.parametrize("size", [6, 50, 300, 768])
@pytest.mark.parametrize("batch_size", [10, 32])
def test_no_bit_of_a_classifier_depends_on_those_beside_it(size: int, batch_size: int) -> None:
    config = ClassifierConfig(epochs=2, batch_size=batch_size)
    alone = [train_classifiers(config, [given])[0] for given in representations(*[size] * 5)]
    for block in (2, 3, 5):
        beside = train_classifiers(config, representations(*[size] * 5), block=block)
        for first, second in zip(alone, beside, strict=True):
            assert_identical(first, second)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("dim", [5, 50])
def test_no_bit_of_a_baseline_depends_on_those_beside_it(pooling: Pooling, dim: int) -> None:
    config = ClassifierConfig(epochs=2, pooling=pooling)
    alone = [train_baselines(config, [given], embeddings=True)[0] for given in tweets(5, dim)]
    for block in (2, 3, 5):
        beside = train_baselines(config, tweets(5, dim), block=block, embeddings=True)
        for first, second in zip(alone, beside, strict=True):
            assert_identical(first, second)


def test_models_with_other_numbers_of_items_are_trained_too() -> None:
    config = ClassifierConfig(epochs=2)
    mixed = [tweets(2)[0], tweets(2, train=50)[1]]
    again = [tweets(2)[0], tweets(2, train=50)[1]]
    for result, given in zip(train_baselines(config, mixed), again, strict=True):
        assert_identical(result, train_baselines(config, [given])[0])


def test_separable_classes_are_learned() -> None:
    given = representations(4)[0]
    given.inputs[:, 1] += 4 * (2 * given.labels - 1)
    curve = train_classifiers(ClassifierConfig(epochs=60), [given])[0].curves
    assert curve["test_accuracy"].iloc[-1] > 0.9
    assert curve["train_loss"].iloc[-1] < curve["train_loss"].iloc[0] / 3


def test_arrays_and_the_global_generator_are_left_alone() -> None:
    given, models = tweets(1)[0], tweets(1)
    models[0].embedding.flags.writeable = models[0].token_ids.flags.writeable = False
    state = torch.get_rng_state()
    train_baselines(ClassifierConfig(epochs=1), models)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(models[0].embedding, given.embedding)


def test_data_that_do_not_fit_are_refused() -> None:
    config = ClassifierConfig(epochs=1)
    with pytest.raises(ValueError, match="model 1: labels must be from 0 to 1"):
        train_classifiers(config, [representations(6)[0], representations(6, classes=3)[0]])
    given = tweets(1)[0]
    object.__setattr__(given, "labels", given.labels[:50])
    with pytest.raises(ValueError, match="120 items but 50 labels"):
        train_baselines(config, [given])
    with pytest.raises(ValueError, match="at least one train and one test row"):
        train_baselines(config, tweets(1, train=0))
    with pytest.raises(ValueError, match="several time steps and dimensions"):
        train_baselines(config, [tweets(1)[0], tweets(1, dim=6)[0]])


def test_no_models_no_results() -> None:
    assert train_classifiers(ClassifierConfig(), []) == []
    assert train_baselines(ClassifierConfig(), []) == []


def test_on_a_device_classifiers_have_the_processors_numbers():
    config, sizes = ClassifierConfig(epochs=2), (11, 7, 11)
    with pretended_device() as device:
        found = train_classifiers(config, representations(*sizes), device=device.name)
    for first, second in zip(
        found, train_classifiers(config, representations(*sizes)), strict=True
    ):
        assert_identical(first, second)
    assert device.moved.count(ITEMS * 7) == 1


@pytest.mark.parametrize("pooling", POOLINGS)
def test_on_a_device_baselines_have_the_processors_numbers(pooling):
    config, read = ClassifierConfig(epochs=2, pooling=pooling), []
    for batch_size in (32, 90):
        config = ClassifierConfig(epochs=2, pooling=pooling, batch_size=batch_size)
        with pretended_device() as device:
            found = train_baselines(config, tweets(3), embeddings=True, device=device.name)
        wanted = train_baselines(config, tweets(3), embeddings=True)
        for first, second in zip(found, wanted, strict=True):
            assert_identical(first, second)
        read.append((device.read, len(device.moved)))
    assert read[0] == read[1]  # whatever the number of batches


def test_a_device_too_small_for_one_is_refused():
    for train, given in ((train_classifiers, representations(6)), (train_baselines, tweets(1))):
        with pytest.raises(ExecutionError, match="end what else uses the device"):
            train(ClassifierConfig(), given, device="meta", memory=100)
