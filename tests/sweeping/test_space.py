"""Axes and the space that they span, of no study."""

import math

import optuna
import pytest

from hybridrep.sweeping.space import Axis, Space

SIZE = Axis.choice("size", (8, 16))
DEPTH = Axis.whole("depth", 3, 9, step=4)
RATE = Axis.magnitude("learning_rate", 0.01, 1.0)
COLOUR = Axis.choice("colour", ("red",))
SPACE = Space((SIZE, DEPTH, RATE, COLOUR), nesting=("colour", "learning_rate", "size", "depth"))


@pytest.mark.parametrize(
    ("axis", "grid", "size"),
    [
        (SIZE, (8, 16), 2),
        (DEPTH, (3, 7, 9), 7),
        (RATE, (0.01, 0.1, 1.0), math.inf),
        (COLOUR, ("red",), 1),
        (Axis.whole("depth", 5, 5, step=4), (5,), 1),
        (Axis.whole("depth", 3, 7, step=4), (3, 7), 5),
        (Axis.magnitude("rate", 0.3, 0.3), (0.3,), 1),
    ],
)
def test_an_axis_knows_its_grid_and_its_size(axis, grid, size):
    assert axis.grid == pytest.approx(grid) if axis.read is float else axis.grid == grid
    assert (axis.size, axis.varies) == (size, size > 1)


@pytest.mark.parametrize("axis", SPACE.axes, ids=lambda axis: axis.name)
def test_what_optuna_chose_is_read_back_as_it_was(axis):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    chosen = set()
    for _ in range(20):
        trial = study.ask()
        value = axis.suggest(trial)
        assert trial.params == {axis.name: value}
        assert axis.read(trial.params[axis.name]) == value
        assert type(axis.read(value)) is type(axis.grid[0])
        assert axis.grid[0] <= value <= axis.grid[-1]
        chosen.add(value)
    assert (len(chosen) > 1) == axis.varies


def test_a_space_has_an_order_for_optuna_and_one_for_its_grid():
    trial = optuna.create_study().ask()
    point = SPACE.suggest(trial)
    assert tuple(point) == tuple(trial.params) == SPACE.names == (
        "size", "depth", "learning_rate", "colour"
    )  # fmt: skip
    grid = SPACE.grid()
    assert len(grid) == 1 * 3 * 2 * 3
    assert [tuple(each.values()) for each in grid[:4]] == [
        ("red", 0.01, 8, 3), ("red", 0.01, 8, 7), ("red", 0.01, 8, 9), ("red", 0.01, 16, 3)
    ]  # fmt: skip
    assert all(tuple(each) == SPACE.nesting for each in grid)


def test_a_point_is_found_among_other_values_and_of_other_types():
    row = {"trial": 3, "colour": "red", "learning_rate": "0.1", "depth": 7.0, "size": "8"}
    assert SPACE.point(row) == {"size": 8, "depth": 7, "learning_rate": 0.1, "colour": "red"}
    with pytest.raises(KeyError):
        SPACE.point({"size": 8})


def test_a_space_is_as_large_as_its_axes_together():
    assert SPACE.size == math.inf
    assert Space((SIZE, DEPTH), ("size", "depth")).size == 14
    assert SPACE.varied == ("size", "depth", "learning_rate")


def test_every_point_of_a_grid_can_be_enqueued():
    study = optuna.create_study()
    for point in SPACE.grid():
        study.enqueue_trial(point)
        assert SPACE.suggest(study.ask()) == point
