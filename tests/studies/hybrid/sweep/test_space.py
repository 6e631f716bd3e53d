"""What a sweep chooses from, and how its parameters are read."""

import inspect
import math
from pathlib import Path

import optuna
import pytest

from hybridrep.errors import ParameterError
from hybridrep.networks.activations import ACTIVATIONS
from hybridrep.parameters import default_of, resolve
from hybridrep.running.invocation import check
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.sweep.config import CRITERIA, RegisterConfig, SweepConfig
from hybridrep.studies.hybrid.sweep.space import space_of, variant_of
from hybridrep.studies.hybrid.sweep.sweep import run, sweep_trainings
from hybridrep.studies.hybrid.sweep.training import rungs
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.space import Space
from hybridrep.testing import small_study
from hybridrep.transforms.autoencoder import AutoencoderConfig


def space(**given: str) -> Space:
    return space_of(resolve(given, SweepConfig))


def test_the_papers_grid_is_four_sizes_at_fifty_epochs():
    grid = space(profile="paper").grid()
    assert [(p["bottleneck"], p["epochs"]) for p in grid] == [
        (32, 50), (64, 50), (128, 50), (256, 50)
    ]  # fmt: skip
    assert resolve({"profile": "paper"}, SweepConfig).sampler == "grid"
    assert resolve({"profile": "paper"}, SweepConfig).directions == DIRECTIONS


def test_trials_of_one_size_are_one_stack(tmp_path):
    given = {"bottlenecks": "8,4", "seeds": "1", "autoencoder_epochs": "50"}
    config = resolve({**small_study.parameters(tmp_path), **given}, SweepConfig)
    names = space_of(config).names
    points = [
        dict(zip(names, values, strict=True))
        for values in (
            (8, 50, 0.001, "relu", "convolutional"),
            (4, 50, 0.001, "relu", "convolutional"),
            (8, 10, 0.002, "tanh", "fully_connected"),
        )
    ]
    trainings = sweep_trainings(config, check(HYBRID, config.training()))
    tasks = trainings.tasks(variant_of(d, point, 50) for point in points for d in DIRECTIONS)
    found = [
        [call.arguments[0] for call in task.payload] for task in tasks if task.stage == "autoencode"
    ]
    assert sorted(map(len, found)) == [1, 1, 2, 2]
    for stack in found:
        assert len({(v.direction, v.bottleneck) for v in stack}) == 1
        assert len(stack) == 1 or {v.learning_rate for v in stack} == {0.001, 0.002}


def test_ranges_become_steps_of_a_grid():
    grid = space(bottlenecks="8", autoencoder_epochs="5-27", learning_rates="0.0001:0.01").grid()
    assert sorted({p["epochs"] for p in grid}) == [5, 15, 25, 27]
    rates = sorted({p["learning_rate"] for p in grid})
    assert rates == pytest.approx([0.0001, 0.001, 0.01])
    assert len(grid) == 12
    # Optuna takes each of them as it is, and calls none out of range.
    study = optuna.create_study()
    wide = space(bottlenecks="8", autoencoder_epochs="5-27", learning_rates="0.0001:0.01")
    for params in grid:
        study.enqueue_trial(params)
        assert wide.suggest(study.ask()) == wide.point(params)


def test_size_counts_the_points_that_optuna_can_choose():
    assert space(bottlenecks="8,16", autoencoder_epochs="3-5", kinds="fully_connected").size == 6
    assert space(learning_rates="0.1:0.2").size == math.inf
    assert space(autoencoder_epochs="7", bottlenecks="8").varied == ()
    everything = {"learning_rates": "0.1:0.2", "activations": "relu,tanh",
                  "kinds": "convolutional,fully_connected"}  # fmt: skip
    assert space(**everything).varied == tuple(inspect.signature(Variant).parameters)[1:]


def test_rungs_end_with_all_epochs():
    assert rungs((10, 100), prune=False) == (100,)
    assert rungs((10, 100), prune=True) == (10, 30, 100)
    assert rungs((1, 10), prune=True) == (1, 3, 10)
    assert rungs((50, 50), prune=True) == (50,)
    assert rungs((40, 60), prune=True) == (60,)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"bottlenecks": "0"}, "'0' is not a whole number from 1"),
        ({"bottlenecks": ","}, "not a whole number"),
        ({"autoencoder_epochs": "100-10"}, "inverted: write 10-100"),
        ({"autoencoder_epochs": "0-10"}, "the least number of epochs is 1"),
        ({"autoencoder_epochs": "-"}, "write one number of epochs"),
        ({"learning_rates": "0.1:0.01"}, "inverted: write 0.01:0.1"),
        ({"learning_rates": "0"}, "above 0"),
        ({"activations": "gelu"}, "relu, leaky_relu, elu, tanh"),
        ({"kinds": ","}, "convolutional, fully_connected"),
        ({"directions": "lstm_to_lstm"}, "bert_to_lstm, lstm_to_bert"),
        ({"sampler": "random"}, "'tpe' or 'grid'"),
        ({"objective": "loss"}, "'transformability'"),
        ({"trials": "0"}, "greater than or equal to 1"),
        ({"prune": "true", "sampler": "grid"}, "a grid runs all its points"),
        ({"prune": "true", "objective": "both"}, "cannot prune two objectives"),
    ],
)
def test_bad_values_are_refused_with_what_is_allowed(given, reason):
    with pytest.raises(ParameterError, match=reason) as error:
        resolve(given, SweepConfig)
    assert f"parameter {'prune' if 'prune' in given else next(iter(given))}=" in str(error.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"profile": "paper"},
        {"learning_rates": "0.00012345678901:0.1", "kinds": "fully_connected,convolutional"},
        {"autoencoder_epochs": "7", "seeds": "3,", "prune": "true", "storage": "/a/b.journal"},
    ],
)
def test_a_configuration_can_be_given_again_as_text(given):
    config = resolve(given, SweepConfig)
    assert resolve(config.as_text(), SweepConfig) == config


def test_trainings_run_to_the_most_epochs_over_all_sizes():
    config = resolve(
        {"autoencoder_epochs": "10-40", "bottlenecks": "4,8", "seeds": "2"}, SweepConfig
    )
    training = config.training()
    assert type(training) is Config
    assert training.autoencoder_epochs == 40
    assert (training.bottlenecks, training.seeds) == ((4, 8), (0, 1))
    assert training.half_epoch == 20
    assert not isinstance(config, Config)


def test_choices_are_those_of_the_models():
    def choices(name: str) -> set[str]:
        text = SweepConfig.model_fields[name].description
        return {word.strip("`,") for word in text.split() if word.startswith("`")}

    assert choices("activations") == set(ACTIVATIONS)
    for kind in choices("kinds"):
        AutoencoderConfig(input_size=8, output_size=8, bottleneck=2, kind=kind)
    assert set(CRITERIA) == {*PAIRS, "diffusibility"} - {"input_vs_target"}
    assert resolve({"by": "transformability"}, RegisterConfig).by == "reconstructed_vs_target"


@pytest.mark.parametrize("model", [SweepConfig, RegisterConfig])
def test_the_documentation_lists_every_parameter_with_its_defaults(model):
    text = (Path(__file__).parents[4] / "docs" / "sweep.md").read_text()
    own = {
        n for n in model.model_fields if n not in Config.model_fields or n in model.__annotations__
    }
    for name in own:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        for profile in ("quickstart", "paper"):
            default = default_of(name, profile, model)
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert f"`{shown}`" in row or not shown, (name, row)


def test_a_bottleneck_may_be_as_large_as_what_goes_into_it(tmp_path):
    """BERT has 32 numbers here, the LSTM 300."""
    given = {**small_study.parameters(tmp_path), "plan": "true", "autoencoder_epochs": "2"}

    def plan(directions: str, bottlenecks: str) -> None:
        run(resolve({**given, "directions": directions, "bottlenecks": bottlenecks}, SweepConfig))

    plan("lstm_to_bert", "33,300")
    with pytest.raises(ParameterError, match="33 is above 32, the size of what goes into bert_to"):
        plan("bert_to_lstm", "32,33")
    with pytest.raises(ParameterError, match="301 is above 300, the size of what goes into lstm_"):
        plan("lstm_to_bert", "301")
