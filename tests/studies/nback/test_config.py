import pytest

from hybridrep.errors import ParameterError
from hybridrep.parameters import resolve
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.names import task_named, tasks_in_diet


def test_a_configuration_s_text_gives_it_back():
    for profile in ("quickstart", "paper"):
        config = resolve({"profile": profile}, Config)
        assert resolve(config.as_text(), Config) == config


def test_the_paper_trains_thirteen_diets_and_the_quickstart_contrasts_of_one_architecture():
    paper, quick = (resolve({"profile": p}, Config) for p in ("paper", "quickstart"))
    assert all(len(paper.diets_of(a)) == 13 for a in ("rnn", "gru", "lstm"))
    assert paper.sizes_of("rnn") == (512, 256)
    assert quick.diets_of("rnn") == ("mtmf",)
    assert quick.diets_of("gru") == ("mtmf", "stsf_1L", "stsf_1I", "stsf_1C", "stmf_1")


def test_tasks_have_names_that_lead_back():
    for task in tasks_in_diet("mtmf", [1, 2, 3]):
        assert task_named(task.name) == task
    with pytest.raises(ValueError, match="1back_location"):
        task_named("0back_identity")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_back": "6"}, "leaves no frame to respond"),
        ({"n_back": "0"}, "whole number from 1"),
        ({"diets": "stsf_4L"}, "no diet 'stsf_4L'.*stsf_1L"),
        ({"diets": "default,mtmf"}, "stands alone"),
        ({"architectures": "transformer"}, "rnn, gru, lstm"),
        ({"hidden": "rnn=256"}, "gru is missing"),
        ({"hidden": "rnn=0,gru=1,lstm=1"}, "is no size"),
        ({"hidden": "rnn=99999,gru=1,lstm=1"}, "is no size"),
        ({"learning_rate": "fast"}, "no learning rate"),
        ({"penalty": "-1"}, "above 0"),
        ({"cv": "1"}, "one fold"),
        ({"cv": "10"}, "decode_views=shared"),
        ({"p_match": "1"}, "less than 1"),
    ],
)
def test_what_does_not_exist_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        resolve(given, Config)


def test_further_sizes_and_one_rate_for_all():
    config = resolve({"hidden": "rnn=64/32,gru=16,lstm=8", "learning_rate": "0.002"}, Config)
    assert config.sizes_of("rnn") == (64, 32)
    assert {config.rate_of(a) for a in ("rnn", "gru", "lstm")} == {0.002}
