"""The study's own parameters, and a sweep's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.errors import ParameterError
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.config import Config, parse_bottlenecks
from hybridrep.studies.hybrid.sweep.config import SweepConfig


@given(st.lists(st.integers(1, 8192), min_size=1, max_size=10, unique=True))
def test_bottlenecks_survive_being_written_and_read(sizes):
    assert parse_bottlenecks(",".join(map(str, sizes))) == tuple(sizes)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("autoencoder_epochs", "50-10", "the range is inverted: write 10-50"),
        ("autoencoder_epochs", "10-", "write one number of epochs (50) or a range (10-100)"),
        ("autoencoder_epochs", "-", "write one number of epochs (50) or a range (10-100)"),
        ("autoencoder_epochs", ",", "write one number of epochs (50) or a range (10-100)"),
        ("autoencoder_epochs", "0-10", "the least number of epochs is 1"),
        ("learning_rates", "0.1:0.01", "the range is inverted: write 0.01:0.1"),
        ("learning_rates", ":", "write one number above 0 (0.001) or a range (0.0001:0.01)"),
        ("activations", ",", "write a comma list of relu, leaky_relu, elu, tanh"),
    ],
)
def test_an_empty_or_inverted_range_of_a_sweep_is_refused(name, value, reason):
    with pytest.raises(ParameterError, match=f"parameter {name}=") as caught:
        resolve({name: value}, SweepConfig)
    assert reason in str(caught.value)


def test_every_range_of_epochs_that_is_taken_can_be_trained():
    sweep = resolve({"autoencoder_epochs": "2-200000"}, SweepConfig)
    assert sweep.training().autoencoder_epochs == 200_000


def test_half_epoch_is_half_and_at_least_one():
    assert resolve({"autoencoder_epochs": "50"}, Config).half_epoch == 25
    assert resolve({"autoencoder_epochs": "1"}, Config).half_epoch == 1
