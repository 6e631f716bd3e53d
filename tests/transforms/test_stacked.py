"""Stacked autoencoders against one model at a time through real modules and PyTorch's Adam."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks.autoencoder import train_plainly
from hybridrep.errors import ExecutionError
from hybridrep.networks.batches import Rows
from hybridrep.testing.autoencoder_data import assert_close, assert_identical, data
from hybridrep.testing.pretended_device import pretended_device
from hybridrep.transforms.autoencoder import (
    AutoencoderConfig,
    autoencoder_of_state,
    build_autoencoder,
    state_arrays,
)
from hybridrep.transforms.stacked import (
    StackView,
    apply_autoencoder,
    stack_width,
    train_autoencoders,
)

DOUBLE, SINGLE = torch.float64, torch.float32


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(("dtype", "tolerance"), [(DOUBLE, 1e-10), (SINGLE, 1e-4)])
@pytest.mark.parametrize("kind", ["convolutional", "fully_connected"])
@pytest.mark.parametrize("shared", [True, False])
def test_equals_training_each_model_alone(
    dtype: torch.dtype, tolerance: float, kind: str, shared: bool
) -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=3, kind=kind)  # 70 items: the last batch has 6
    results = train_autoencoders(config, data(4, shared=shared), dtype=dtype, block=3)
    for result, given in zip(results, data(4, shared=shared), strict=True):
        model, losses = train_plainly(config, given, dtype).result
        assert_close(result, model, losses, tolerance)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "tanh"])
@pytest.mark.parametrize("batch_size", [10, 32, 500])
def test_equality_holds_for_every_activation_and_batch_size(
    activation: str, batch_size: int
) -> None:
    config = AutoencoderConfig(
        24, 10, 5, epochs=3, activation=activation, batch_size=batch_size, learning_rate=0.01
    )
    results = train_autoencoders(config, data(2), dtype=DOUBLE)
    for result, given in zip(results, data(2), strict=True):
        model, losses = train_plainly(config, given, DOUBLE).result
        assert_close(result, model, losses, 1e-10)


def test_the_papers_shape_equals_training_alone() -> None:
    config = AutoencoderConfig(768, 300, 32, epochs=3)
    models = data(2, 768, 300)
    results = train_autoencoders(config, models, dtype=DOUBLE)
    model, losses = train_plainly(config, data(2, 768, 300)[1], DOUBLE).result
    assert_close(results[1], model, losses, 1e-10)


def test_outer_taps_stay_exactly_as_initialised() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=2)
    result = train_autoencoders(config, data(1))[0]
    initial = state_arrays(build_autoencoder(config, data(1)[0].init))
    for name, trained in result.final_state.items():
        if name.endswith("weight"):
            assert np.array_equal(trained[:, :, [0, 2]], initial[name][:, :, [0, 2]])
            assert not np.array_equal(trained[:, :, 1], initial[name][:, :, 1])


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_the_half_state_is_that_of_training_half_as_long(epochs: int) -> None:
    whole = train_autoencoders(AutoencoderConfig(24, 10, 5, epochs=epochs), data(2))
    shorter = AutoencoderConfig(24, 10, 5, epochs=max(1, epochs // 2))
    for result, half in zip(whole, train_autoencoders(shorter, data(2)), strict=True):
        for name, expected in half.final_state.items():
            assert np.array_equal(result.half_state[name], expected)
        assert list(result.curves["epoch"]) == list(range(1, epochs + 1))


@pytest.mark.parametrize(
    ("inputs", "outputs", "bottleneck", "batch_size"),
    [(768, 300, 32, 32), (300, 384, 32, 32), (50, 31, 3, 7), (24, 10, 5, 10), (11, 13, 1, 1)],
)
def test_no_bit_depends_on_the_models_beside_it(
    inputs: int, outputs: int, bottleneck: int, batch_size: int
) -> None:
    config = AutoencoderConfig(inputs, outputs, bottleneck, epochs=2, batch_size=batch_size)
    alone = [train_autoencoders(config, [each])[0] for each in data(5, inputs, outputs)]
    for block in (2, 3, 5):
        beside = train_autoencoders(config, data(5, inputs, outputs), block=block)
        for first, second in zip(alone, beside, strict=True):
            assert_identical(first, second)


def test_memory_splits_a_stack_and_changes_nothing() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=2)
    seen: list[tuple[int, list[int]]] = []

    def record(epoch: int, view: StackView) -> None:
        seen.append((epoch, view.models.tolist()))

    budget = 2 * _bytes_of_one(config)
    split = train_autoencoders(config, data(5), memory=budget, on_epoch=record)
    assert seen == [(epoch, group) for group in ([0], [1, 2], [3, 4]) for epoch in range(3)]
    for first, second in zip(split, train_autoencoders(config, data(5)), strict=True):
        assert_identical(first, second)


def _bytes_of_one(config: AutoencoderConfig) -> int:
    return (
        next(budget for budget in range(0, 10**6, 64) if stack_width(config, 9, budget) == 2) // 2
    )


def test_the_width_of_a_stack_follows_budget_and_size() -> None:
    small, large = AutoencoderConfig(768, 300, 32), AutoencoderConfig(768, 300, 256)
    assert stack_width(small, 25) == 25
    assert stack_width(large, 25) < 25
    assert stack_width(large, 25, 2**31) > stack_width(large, 25, 2**30) > 1
    assert stack_width(large, 25, 0) == 1
    assert stack_width(small, 3, 2**40) == 3


def mixed_configs() -> list[AutoencoderConfig]:
    """Configurations that may share a stack: in every way that they may differ."""
    plain = AutoencoderConfig(24, 10, 5, epochs=3)
    return [
        plain,
        dataclasses.replace(plain, kind="fully_connected"),
        dataclasses.replace(plain, learning_rate=0.01),
        dataclasses.replace(plain, learning_rate=0.01, activation="tanh"),
        plain,
    ]


def test_models_of_other_rates_activations_and_kinds_equal_training_alone() -> None:
    results = train_autoencoders(mixed_configs(), data(5), dtype=DOUBLE)
    for config, result, given in zip(mixed_configs(), results, data(5), strict=True):
        model, losses = train_plainly(config, given, DOUBLE).result
        assert_close(result, model, losses, 1e-10)


def test_no_bit_of_a_mixed_stack_depends_on_the_others() -> None:
    rows = np.tile(np.arange(9), (5, 1))
    seen: list[np.ndarray] = []
    results = train_autoencoders(
        mixed_configs(), data(5), on_epoch=lambda _, view: seen.append(view.apply(rows)[1])
    )
    for place, (config, result) in enumerate(zip(mixed_configs(), results, strict=True)):
        alone: list[np.ndarray] = []
        (other,) = train_autoencoders(
            config, [data(5)[place]],
            on_epoch=lambda _, view, kept=alone: kept.append(view.apply(rows[:1])[1]),
        )  # fmt: skip
        assert_identical(result, other)
        for first, second in zip(seen, alone, strict=True):
            np.testing.assert_array_equal(first[place], second[0])


@pytest.mark.parametrize("change", [{"bottleneck": 6}, {"epochs": 4}, {"batch_size": 9}])
def test_a_stack_of_other_sizes_epochs_or_batches_is_refused(change: dict[str, int]) -> None:
    first = AutoencoderConfig(24, 10, 5, epochs=3)
    with pytest.raises(ValueError, match=r"model 1: .* cannot share a stack"):
        train_autoencoders([first, dataclasses.replace(first, **change)], data(2))
    with pytest.raises(ValueError, match="1 configurations for 2 models"):
        train_autoencoders([first], data(2))


def test_models_with_other_numbers_of_items_are_trained_too() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=2)
    mixed = [data(3)[0], data(3, train=41)[1], data(3)[2]]
    again = [data(3)[0], data(3, train=41)[1], data(3)[2]]
    for result, given in zip(train_autoencoders(config, mixed), again, strict=True):
        assert_identical(result, train_autoencoders(config, [given])[0])


def test_a_view_gives_what_the_modules_give_at_every_epoch() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=3)
    rows = np.random.default_rng(3).integers(0, 100, (4, 37))
    seen: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def record(epoch: int, view: StackView) -> None:
        assert view.models.tolist() == [0, 1, 2, 3]
        seen[epoch] = view.apply(rows)

    results = train_autoencoders(config, data(4, shared=False), on_epoch=record, block=3)
    assert sorted(seen) == [0, 1, 2, 3]
    for number, given in enumerate(data(4, shared=False)):
        inputs = torch.from_numpy(given.inputs[rows[number]])
        at_half = autoencoder_of_state(config, results[number].half_state)
        at_end = autoencoder_of_state(config, results[number].final_state)
        untrained = build_autoencoder(config, given.init)
        for epoch, model in ((0, untrained), (1, at_half), (3, at_end)):
            with torch.no_grad():
                expected = model.bottleneck(inputs), model(inputs)
            for found, wanted in zip(seen[epoch], expected, strict=True):
                np.testing.assert_allclose(found[number], wanted.numpy(), atol=1e-6)


def test_looking_at_a_view_does_not_change_the_training() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=2)
    rows = np.arange(30).reshape(2, 15)
    watched = train_autoencoders(config, data(2), on_epoch=lambda _, view: view.apply(rows))
    for first, second in zip(watched, train_autoencoders(config, data(2)), strict=True):
        assert_identical(first, second)


def test_applying_a_saved_model_gives_the_views_bits() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=2)
    rows = np.random.default_rng(3).integers(0, 100, (3, 41))
    last: list[tuple[np.ndarray, np.ndarray]] = []
    results = train_autoencoders(
        config, data(3), on_epoch=lambda _, view: last.append(view.apply(rows))
    )
    for number, given in enumerate(data(3)):
        state, inputs = results[number].final_state, given.inputs[rows[number]]
        for found, wanted in zip(apply_autoencoder(config, state, inputs), last[-1], strict=True):
            assert np.array_equal(found, wanted[number])


def test_applying_takes_any_number_of_items() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=1)
    given = data(1)[0]
    state = train_autoencoders(config, [given])[0].final_state
    many = np.tile(given.inputs, (10, 1))
    bottleneck, output = apply_autoencoder(config, state, many)
    assert (bottleneck.shape, output.shape) == ((1000, 5), (1000, 10))
    few = apply_autoencoder(config, state, many[777:778])
    np.testing.assert_allclose(few[1][0], output[777], atol=1e-6)
    none = apply_autoencoder(config, state, many[:0])
    assert (none[0].shape, none[1].shape) == ((0, 5), (0, 10))
    with pytest.raises(ValueError, match="inputs are 7 wide, the autoencoder's 24"):
        apply_autoencoder(config, state, many[:, :7])


def test_what_the_callback_raises_ends_the_training() -> None:
    class Enough(Exception):
        pass

    def stop(epoch: int, view: StackView) -> None:
        if epoch == 2:
            raise Enough

    with pytest.raises(Enough):
        train_autoencoders(AutoencoderConfig(24, 10, 5, epochs=9), data(2), on_epoch=stop)


def test_read_only_arrays_are_taken_and_nothing_global_moves(
    recwarn: pytest.WarningsRecorder,
) -> None:
    models = data(2)
    before = [each.targets.copy() for each in models]
    for each in models:
        each.inputs.flags.writeable = each.targets.flags.writeable = False
    state = torch.get_rng_state()
    train_autoencoders(AutoencoderConfig(24, 10, 5, epochs=1), models)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(np.array_equal(a.targets, b) for a, b in zip(models, before, strict=True))
    assert not recwarn.list


def test_inputs_that_models_share_are_not_copied() -> None:
    table = np.zeros((50, 4), dtype=np.float32)
    rows = Rows([table, table, table], SINGLE)
    assert rows._joined is not None
    assert rows._joined.data_ptr() == table.ctypes.data


def test_data_that_do_not_fit_are_refused() -> None:
    config = AutoencoderConfig(24, 10, 5, epochs=1)
    with pytest.raises(ValueError, match="model 1: data is 24 to 9 wide, not 24 to 10"):
        train_autoencoders(config, [data(1)[0], data(1, outputs=9)[0]])
    with pytest.raises(ValueError, match="at least one train and one test row"):
        train_autoencoders(config, data(1, train=0))
    given = data(1)[0]
    object.__setattr__(given, "targets", given.targets[:50])
    with pytest.raises(ValueError, match="100 inputs but 50 targets"):
        train_autoencoders(config, [given])


def test_no_models_no_results() -> None:
    assert train_autoencoders(AutoencoderConfig(24, 10, 5), []) == []


def on_a_device(device: str = "cpu") -> tuple[list, list]:
    """Train three, and look at them after every epoch."""
    seen = []
    rows = np.tile(np.arange(9), (3, 1))
    results = train_autoencoders(
        AutoencoderConfig(24, 10, 5, epochs=3), data(3), device=device,
        on_epoch=lambda _, view: seen.append(view.apply(rows[: len(view.models)])),
    )  # fmt: skip
    return results, seen


def test_on_a_device_nothing_is_left_elsewhere_and_numbers_are_the_processors():
    wanted, looked_at = on_a_device()
    with pretended_device() as device:
        found, seen = on_a_device(device.name)
        config, inputs = AutoencoderConfig(24, 10, 5, epochs=3), data(1)[0].inputs
        applied = apply_autoencoder(config, found[0].half_state, inputs, device=device.name)
    for first, second in zip(found, wanted, strict=True):
        assert_identical(first, second)
    for mine, theirs in zip(seen, looked_at, strict=True):
        assert all(map(np.array_equal, mine, theirs))
    again = apply_autoencoder(config, found[0].half_state, inputs)
    assert all(map(np.array_equal, applied, again))


def test_on_a_device_arrays_are_moved_once_and_no_batch_moves_or_reads_any():
    moved, read = {}, {}
    for epochs in (1, 2, 6):
        for size in (70, 10):  # rows of a batch: one batch an epoch, or seven
            config = AutoencoderConfig(23, 10, 5, epochs=epochs, batch_size=size)
            with pretended_device() as device:
                train_autoencoders(config, data(3, 23), device=device.name)
            assert device.moved.count(100 * 23) == 1  # shared by all
            assert device.moved.count(100 * 10) == 3
            moved[epochs, size], read[epochs, size] = len(device.moved), device.read
    for counts in (moved, read):
        assert all(counts[epochs, 70] == counts[epochs, 10] for epochs in (1, 2, 6))
        assert counts[6, 10] - counts[2, 10] == 4 * (counts[2, 10] - counts[1, 10])
    assert moved[2, 10] - moved[1, 10] == 4  # orders and targets' rows, to learn and to measure
    assert read[2, 10] - read[1, 10] == 3  # losses, test losses, hits


def test_on_a_device_a_stack_is_as_wide_as_its_memory_takes():
    config, widths = AutoencoderConfig(23, 10, 5, epochs=1), []
    needed = least_memory(config, data(1, 23)[0])

    def look(epoch, view):
        widths.append(len(view.models))

    for memory in (3 * needed, needed):
        widths.clear()
        with pretended_device() as device:
            train_autoencoders(
                config, data(3, 23), device=device.name, memory=memory, on_epoch=look
            )
        assert set(widths) == ({3} if memory > needed else {1})
        if memory > needed:  # one product: the cache of a processor is no matter there
            assert device.moved.count(100 * 23) == 1
    with pytest.raises(ExecutionError, match="device=meta: one model and its data need"):
        train_autoencoders(config, data(3, 23), device="meta", memory=needed - 1)


def least_memory(config, model) -> int:
    """The least memory that one model is trained with."""
    low, high = 0, 2**24
    while low < high:
        middle = (low + high) // 2
        try:
            with pretended_device() as device:
                train_autoencoders(config, [model], device=device.name, memory=middle)
            high = middle
        except ExecutionError:
            low = middle + 1
    return low
