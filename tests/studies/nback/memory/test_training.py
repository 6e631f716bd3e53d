"""Training: what a plain loop gives, whoever stands beside, stopped and measured as said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hybridrep.errors import ExecutionError, ParameterError
from hybridrep.randomness import generator, torch_generator
from hybridrep.studies.nback.memory import training
from hybridrep.studies.nback.memory.model import MemoryConfig, initial_state
from hybridrep.studies.nback.memory.training import (
    CHECKED,
    Learner,
    Seen,
    Trained,
    TrainingConfig,
    train_memory,
)
from hybridrep.studies.nback.names import NO_ACTION, SPLITS, tasks_in_diet
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.task_code import TaskCode
from hybridrep.studies.nback.tasks.trials import trials
from hybridrep.testing.pretended_device import pretended_device
from tests.studies.nback.memory.plain import PlainNetwork

UNITS = 12
CODE = TaskCode()


def learner(diet: str, seed: int = 0) -> Learner:
    path = ("nback", "gru", diet)
    return Learner(
        tasks_in_diet(diet, (1, 2, 3)), torch_generator(seed, *path, "init", simulation="nback"),
        generator(seed, *path, "trials", simulation="nback"),
        torch_generator(seed, *path, "states", simulation="nback"),
        {name: generator(seed, *path, name, simulation="nback") for name in CHECKED},
    )  # fmt: skip


def splits(noise: float = 0.1) -> dict[str, Seen]:
    """Two categories of two objects each, four views; a code of place and object, with noise."""
    stimuli = StimulusSet.of(["car", "cup"], ["a", "b", "c", "d"], [0, 0, 1, 1], [4] * 4)
    rng = np.random.default_rng(0)
    code = rng.normal(size=(4, 4, UNITS)) + 3 * rng.normal(size=(4, 1, UNITS))
    found = {}
    for name in SPLITS:
        shown = code[stimuli.location, stimuli.identity]
        shown = shown + noise * rng.normal(size=shown.shape)
        found[name] = Seen(stimuli, torch.from_numpy(shown[:, None].astype(np.float32)))
    return found


@pytest.fixture(autouse=True)
def few_trials(monkeypatch, one_thread):
    monkeypatch.setattr(training, "CHECK_TRIALS", 120)
    monkeypatch.setattr(training, "CHECK_EVERY", 10)
    monkeypatch.setattr(training, "CHUNK", 50)


def trained(config: TrainingConfig, *learners: Learner, kind: str = "gru", **more) -> list[Trained]:
    network = MemoryConfig(kind, 16, channels=UNITS, **more.pop("network", {}))
    return train_memory(network, config, splits(), learners, CODE, **more)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_training_gives_what_a_plain_loop_gives(kind):
    """PyTorch's modules, loss, AdamW and schedule, on the same trials: float64, within 1e-10."""
    config = TrainingConfig(12, batch=9, learning_rate=0.02, stop_at=0)
    (found,) = trained(config, learner("stmf_1"), kind=kind, dtype=torch.float64)
    same = learner("stmf_1")
    network = PlainNetwork(MemoryConfig(kind, 16, channels=UNITS)).double()
    state = initial_state(MemoryConfig(kind, 16, channels=UNITS), same.init)
    network.load_state_dict({name: value.double() for name, value in state.items()})
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [10], gamma=0.1)
    seen = splits()["train"]
    losses = []
    for _ in range(12):
        drawn = trials(9, same.tasks, seen.stimuli, 0.5, same.trials, code=CODE)
        shown = seen.images[torch.from_numpy(drawn.image)].double().flatten(2)
        scores = network(shown, torch.from_numpy(drawn.task_code).double())
        right = torch.from_numpy(drawn.response).flatten()
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    for name, value in network.state_dict().items():
        np.testing.assert_allclose(found.state[name], value.float().numpy(), rtol=0, atol=1e-7)
    assert found.losses["iteration"].tolist() == [10, 12]
    expected = [np.mean(losses[:10]), np.mean(losses[10:])]
    np.testing.assert_allclose(found.losses["train_loss"], expected, rtol=0, atol=1e-10)


def same(one: Trained, other: Trained) -> bool:
    return (
        one.iterations == other.iterations
        and one.curves.equals(other.curves)
        and one.losses.equals(other.losses)
        and one.by_task.equals(other.by_task)
        and all(np.array_equal(one.state[name], other.state[name]) for name in one.state)
    )


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_a_network_learns_the_same_whoever_stands_beside_it(kind):
    """Also when some stop before others; float64, for sums over a stack are rounded otherwise."""
    config = TrainingConfig(30, batch=32, learning_rate=0.02, stop_at=0.6)
    diets = ("stsf_1L", "stsf_1C", "mtmf")
    beside = trained(config, *map(learner, diets), kind=kind, dtype=torch.float64)
    assert len({each.iterations for each in beside}) > 1
    for diet, one in zip(diets, beside, strict=True):
        (alone,) = trained(config, learner(diet), kind=kind, dtype=torch.float64)
        assert alone.iterations == one.iterations
        assert alone.curves.equals(one.curves)
        np.testing.assert_allclose(alone.losses, one.losses, rtol=0, atol=1e-10)
        for name, value in one.state.items():
            np.testing.assert_allclose(alone.state[name], value, rtol=0, atol=1e-6)


def test_training_stops_when_selection_trials_are_good_twice_in_a_row():
    (found,) = trained(TrainingConfig(400, batch=32, learning_rate=0.02), learner("stsf_1L"))
    selection = found.curves[found.curves["split"] == "selection"]
    good = (selection["response_accuracy"] >= 0.98).to_numpy()
    assert 20 <= found.iterations < 400
    assert found.iterations == selection["iteration"].iloc[-1] == found.losses["iteration"].iloc[-1]
    assert good[-2:].all()
    assert not (good[:-2] & good[1:-1]).any()
    (longer,) = trained(
        TrainingConfig(30, batch=64, learning_rate=0.01, stop_at=0), learner("stsf_1L")
    )
    assert longer.iterations == 30


def test_on_the_way_the_first_trials_are_counted_and_selection_whole(monkeypatch):
    config = TrainingConfig(30, batch=8, learning_rate=0.02, stop_at=0)
    (whole,) = trained(config, learner("mtmf"))
    monkeypatch.setattr(training, "ON_THE_WAY", 40)
    (few,) = trained(config, learner("mtmf"))
    assert all(np.array_equal(few.state[name], whole.state[name]) for name in whole.state)
    assert few.by_task.equals(whole.by_task)
    ours, theirs = (each.curves.set_index(["split", "iteration"]) for each in (few, whole))
    for split in CHECKED:
        for iteration in (0, 10, 20, 30):
            counted = 40 if iteration in (0, 10, 20) else 120
            counted = 120 if split == "selection" and iteration else counted
            right = ours.loc[(split, iteration), "accuracy"] * 6 * counted
            assert right == pytest.approx(round(right), abs=1e-9)
            if counted == 120:
                assert ours.loc[(split, iteration)].equals(theirs.loc[(split, iteration)])
    assert not ours.equals(theirs)


def test_what_is_counted_of_a_network_does_not_depend_on_when_others_stop(monkeypatch):
    """Neither what it draws: initial states come from a stream that measuring moves on."""
    monkeypatch.setattr(training, "ON_THE_WAY", 40)
    config = TrainingConfig(40, batch=32, learning_rate=0.02, stop_at=0.6)
    given = {"network": {"initial_state": "kaiming"}, "dtype": torch.float64}
    beside = trained(config, learner("stsf_1L"), learner("mtmf"), **given)
    assert beside[0].iterations < beside[1].iterations
    (alone,) = trained(config, learner("mtmf"), **given)
    assert alone.curves.equals(beside[1].curves)


def test_an_untrained_network_is_measured_and_is_as_it_was_drawn():
    (found,) = trained(TrainingConfig(0), learner("untrained"))
    drawn = initial_state(MemoryConfig("gru", 16, channels=UNITS), learner("untrained").init)
    assert all(np.array_equal(found.state[name], drawn[name].numpy()) for name in drawn)
    assert found.iterations == 0
    assert found.curves["iteration"].unique().tolist() == [0]
    assert found.curves["split"].tolist() == [*CHECKED]
    assert not len(found.losses)
    assert set(found.by_task["split"]) == {*SPLITS}
    assert found.by_task["task"].nunique() == 9


def test_accuracy_counts_all_frames_and_response_accuracy_those_with_a_response():
    (found,) = trained(TrainingConfig(20, stop_at=0), learner("mtmf"))
    last = found.curves[(found.curves["iteration"] == 20) & (found.curves["split"] == "train")]
    mine = found.by_task[found.by_task["split"] == "train"]
    by_task = np.average(mine["accuracy"], weights=mine["trials"])
    assert last["accuracy"].item() == pytest.approx(by_task, abs=1e-12)
    frames = mine["trials"] * [6 - int(name[0]) for name in mine["task"]]
    responses = np.average(mine["response_accuracy"], weights=frames)
    assert last["response_accuracy"].item() == pytest.approx(responses, abs=1e-12)


def test_no_choice_looks_at_the_trials_that_are_reported():
    """Selection trials show new view angles, as `val_angle` trials do, and are others."""
    drawn = {name: rng.random() for name, rng in learner("mtmf").checks.items()}
    assert len(set(drawn.values())) == len(CHECKED) == 4
    (found,) = trained(TrainingConfig(0), learner("mtmf"))
    accuracy = found.curves.set_index("split")["accuracy"]
    assert accuracy["selection"] != accuracy["val_angle"]


def test_initial_states_that_are_drawn_are_the_networks_own():
    given = {"network": {"initial_state": "kaiming"}}
    config = TrainingConfig(10, batch=8, stop_at=0)
    (one,) = trained(config, learner("mtmf"), **given)
    (again,) = trained(config, learner("mtmf"), network={"initial_state": "kaiming"})
    assert same(one, again)
    assert not same(one, trained(config, learner("mtmf"))[0])


def test_the_rate_decays_at_four_fifths_or_every_so_often():
    once = TrainingConfig(1000, learning_rate=1.0)
    assert [once.rate_at(at) for at in (0, 799, 800, 999)] == [1.0, 1.0, 0.1, 0.1]
    often = TrainingConfig(14_000, learning_rate=1.0, decay_iterations=2_800)
    assert often.rate_at(2_799) == 1.0
    assert often.rate_at(13_999) == pytest.approx(1e-4)


def test_a_loss_that_is_not_finite_is_said_with_the_remedy():
    config = TrainingConfig(30, batch=8, learning_rate=1e30, stop_at=0)
    with pytest.raises(ExecutionError, match=r"lower learning_rate, which is 1e\+30"):
        trained(config, learner("mtmf"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iterations": -1}, "iterations must be a whole number of at least 0"),
        ({"batch": 0}, "batch must be a whole number of at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
    ],
)
def test_a_bad_training_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        TrainingConfig(**{"iterations": 10, **given})


def test_frames_without_a_response_are_those_of_the_task():
    stimuli = splits()["train"].stimuli
    some = learner("stsf_2L")
    drawn = trials(20, some.tasks, stimuli, 0.5, some.trials, code=CODE)
    assert (drawn.response[:, :2] == NO_ACTION).all()
    assert (drawn.response[:, 2:] != NO_ACTION).all()


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("initial", ["zero", "kaiming"])
def test_on_a_device_nothing_is_left_elsewhere_and_numbers_are_the_processors(kind, initial):
    config = TrainingConfig(25, batch=9, learning_rate=0.02, stop_at=0.3)
    found = {}
    with pretended_device() as device:
        for place in ("cpu", device.name):
            found[place] = trained(
                config, learner("stmf_1"), learner("stmf_1", 1), kind=kind, device=place,
                network={"initial_state": initial},
            )  # fmt: skip
    for first, second in zip(found["cpu"], found[device.name], strict=True):
        assert first.curves.equals(second.curves)
        assert first.losses.equals(second.losses)
        assert all(np.array_equal(first.state[n], second.state[n]) for n in first.state)
    assert device.moved[:3] == [64 * UNITS] * 3  # the images of each split
