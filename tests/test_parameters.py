"""Parameters: profiles, parsing, refusals that name the parameter and what it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.errors import ParameterError
from hybridrep.parameters import (
    parse_epoch_range,
    parse_seeds,
    parse_span,
    resolve,
    seeds_as_text,
    stages_of,
    with_role,
)
from hybridrep.studies.given.config import MeasureConfig
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.sweep.config import SweepConfig as HybridSweepConfig
from hybridrep.studies.hybrid.sweep.fused_config import FusionSweepConfig
from hybridrep.studies.nback.config import Config as NbackConfig
from hybridrep.studies.nback.sweep.config import SweepConfig as NbackSweepConfig


def test_empty_values_mean_the_profile():
    assert resolve({"profile": "", "seeds": "", "emotion": " "}, Config) == resolve({}, Config)
    paper = resolve({"profile": "paper"}, Config)
    assert paper.bottlenecks == (32, 64, 128, 256)
    assert (paper.lstm_epochs, paper.autoencoder_epochs, paper.duplicates) == (10, 50, "keep")


def test_a_given_value_beats_the_profile():
    assert resolve({"profile": "paper", "lstm_epochs": "3"}, Config).lstm_epochs == 3


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("3", (0, 1, 2)), ("2-4", (2, 3, 4)), ("0,3,7", (0, 3, 7)), ("7,", (7,)), (" 1 - 2 ", (1, 2))],
)
def test_seeds_are_a_count_a_range_or_a_list(text, seeds):
    assert parse_seeds(text) == seeds


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30, unique=True))
def test_seeds_survive_being_written_and_read(seeds):
    assert parse_seeds(seeds_as_text(tuple(seeds))) == tuple(seeds)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("seeds", "0", "at least one"),
        ("seeds", "5-2", "write 2-5"),
        ("seeds", "1,1", "twice"),
        ("seeds", "99999999", "10000"),
        ("seeds", "-1", "how many"),
        ("bottlenecks", "0", "'0'"),
        ("bottlenecks", "32,,64", "''"),
        ("bottlenecks", ",", "''"),
        ("lstm_epochs", "abc", "integer"),
        ("lstm_epochs", "0", "greater than or equal to 1"),
        ("padding", "behind", "'front' or 'after'"),
        ("profile", "papers", "'quickstart' or 'paper'"),
        ("study", "a'; DROP TABLE runs", "at most 64 letters a to z, digits"),
        ("device", "gpu", "none of the forms that are taken (where encoder"),
        ("plan", "perhaps", "write true or false"),
        ("share_text", "maybe", "write true or false"),
        ("workers", "-1", "greater"),
        ("seeds", "10000000000", "'10000000000' is too large"),
        ("seeds", "0-99999999999", "at most nine digits"),
        ("fusion_weight", "0_1", "write the number without _"),
        ("lstm_epochs", "1_000", "write the number without _"),
    ],
)
def test_a_bad_value_is_refused_by_name(name, value, part):
    with pytest.raises(ParameterError, match="parameter " + name) as caught:
        resolve({name: value}, Config)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("model", "name", "entries"),
    [
        (Config, "bottlenecks", "32,64"),
        (Config, "fusions", "truncated_svd,joint_autoencoder"),
        (Config, "measures", "cka,procrustes"),
        (MeasureConfig, "measures", "cka,procrustes"),
        (MeasureConfig, "quantiles", "0.2,0.8"),
        (HybridSweepConfig, "directions", "bert_to_lstm,lstm_to_bert"),
        (FusionSweepConfig, "weights", "0.3,0.5"),
        (NbackConfig, "n_back", "1,2"),
        (NbackConfig, "architectures", "rnn,gru"),
        (NbackConfig, "hidden", "rnn=8,gru=8,lstm=8"),
        (NbackConfig, "diets", "mtmf,stmf_1"),
        (NbackConfig, "penalty", "0.1,1"),
        (NbackSweepConfig, "sizes", "32,64"),
    ],
)
def test_an_entry_that_is_missing_from_a_comma_list_is_missed(model, name, entries):
    taken = getattr(resolve({name: entries}, model), name)
    assert len(taken) == entries.count(",") + 1
    assert getattr(resolve({name: f" {entries.replace(',', ' , ')},"}, model), name) == taken
    for text in (entries.replace(",", ",,"), "," + entries, entries + ",,"):
        with pytest.raises(ParameterError, match=f"parameter {name}"):
            resolve({name: text}, model)


@pytest.mark.parametrize("model", [Config, NbackConfig])
def test_the_first_gpu_has_one_name(model):
    names = ("cuda", "cuda:0", "cuda:00", "cuda:1", "cpu")
    assert [resolve({"device": name}, model).device for name in names] == [
        "cuda", "cuda", "cuda", "cuda:1", "cpu",
    ]  # fmt: skip


def test_an_unknown_parameter_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match=r"unknown parameter .epochs.; .*autoencoder_epochs"):
        resolve({"epochs": "3"}, Config)


def test_all_bad_values_are_named_at_once():
    with pytest.raises(ParameterError) as caught:
        resolve({"seeds": "x", "bottlenecks": "y"}, Config)
    assert "seeds" in str(caught.value)
    assert "bottlenecks" in str(caught.value)


@given(st.text(max_size=20), st.sampled_from(sorted(Config.model_fields)))
def test_any_text_is_taken_or_refused_never_a_traceback(text, name):
    try:
        config = resolve({name: text}, Config)
    except ParameterError:
        return
    assert resolve(config.as_text(), Config) == config


def test_where_a_study_runs_does_not_change_which_study_it_is():
    here = resolve({}, Config)
    elsewhere = resolve(
        {"workers": "7", "cluster": "tcp://a:1", "seeds": "3", "store": "x"}, Config
    )
    assert here.study_identity() == elsewhere.study_identity()
    assert here.study_identity() != resolve({"padding": "after"}, Config).study_identity()


@pytest.mark.parametrize("text", ["100-10", "0", "a", "1-2-3"])
def test_bad_epoch_ranges_are_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_epoch_range(text)


@pytest.mark.parametrize("text", ["0.01:0.001", "0", "-1", "a", "nan", "1:2:3"])
def test_bad_spans_are_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        parse_span(text)


def test_a_list_holds_as_many_seeds_as_a_range():
    assert len(parse_seeds(",".join(map(str, range(10_000))))) == 10_000
    for seeds in ("0-10000", ",".join(map(str, range(10_001)))):
        with pytest.raises(ValueError, match="10001 seeds are more than"):
            parse_seeds(seeds)


def test_every_parameter_says_what_it_is_to_a_study():
    assert with_role(Config, "place") == ("workers", "cluster", "store", "plan")
    assert with_role(Config, "amount") == ("seeds", "trials", "timeout")
    assert with_role(Config, "name", "profile") == ("profile", "study")
    identity = resolve({}, Config).study_identity()
    assert tuple(identity) == with_role(Config, "name", "number")
    assert stages_of("lstm_epochs", Config) == ("lstm",)
    assert stages_of("workers", Config) == ()


@pytest.mark.parametrize("name", ["sweep", "study", "Study"])
def test_a_study_is_not_called_what_source_takes_as_a_word(name):
    with pytest.raises(ParameterError, match=r"is a word that the parameter `source` takes"):
        resolve({"study": name}, Config)
    assert resolve({"study": f"{name} 2"}, Config).study == f"{name} 2"
