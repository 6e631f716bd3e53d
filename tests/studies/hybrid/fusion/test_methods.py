"""Which fusions a study makes: names read, sizes given, and what cannot be made refused."""

from types import SimpleNamespace

import pytest

from hybridrep.command import command, exit_code
from hybridrep.errors import ParameterError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve, value_as_text
from hybridrep.running.study import Prepared
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.fusion.check import BATCH, LEAST_TWEETS, check_fusions
from hybridrep.studies.hybrid.fusion.methods import METHODS, chosen_of, title_of
from hybridrep.studies.hybrid.fusion.stage import Fusion, fusion_of, fusions
from hybridrep.transforms.fused_networks import LEAST_ITEMS, TrainedFusion
from hybridrep.transforms.heads import Heads
from hybridrep.transforms.matching import Matching
from hybridrep.transforms.methods import TRANSFORMS


def config(**given: str) -> Config:
    return resolve(given, Config)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pca_task, concatenated", ("concatenated", "pca_task")),
        ("none", ("none",)),
        ("all", ("all",)),
        (",".join(METHODS), ("all",)),
        ("bert_to_lstm", ("none",)),
        ("lstm_to_bert,cca", ("cca",)),
    ],
)
def test_fusions_are_read_in_one_order_and_survive_being_written(text, found):
    read = config(fusions=text).fusions
    assert read == found
    assert config(fusions=value_as_text(read)).fusions == found


def test_the_paper_profile_has_all_and_quickstart_five():
    assert chosen_of(config(profile="paper").fusions) == tuple(METHODS.values())
    assert [each.name for each in chosen_of(config().fusions)] == [
        "concatenated", "truncated_svd", "joint_autoencoder", "similarity_matched", "pca_global",
    ]  # fmt: skip
    assert (config().fusion_epochs, config(profile="paper").fusion_epochs) == (12, 20)
    assert chosen_of(("none",)) == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fusions": "truncated_svd,magic"}, "there is no fusion 'magic'; write a comma list of"),
        ({"fusions": "similarity_match"}, r"\(did you mean similarity_matched\?\)"),
        ({"fusions": "cca,cca"}, "a fusion is named twice"),
        ({"fusion_weight": "1.5"}, "parameter fusion_weight.*less than or equal to 1"),
        ({"fusion_weight": "-0.1"}, "parameter fusion_weight.*greater than or equal to 0"),
        ({"fusion_weight": "nan"}, "parameter fusion_weight"),
        ({"fusion_epochs": "0"}, "parameter fusion_epochs"),
    ],
)
def test_a_bad_fusion_is_refused_by_the_name_of_its_parameter(given, message):
    with pytest.raises(ParameterError, match=message):
        config(**given)


def test_sizes_above_what_goes_in_and_too_few_tweets_are_refused():
    wide = config(bottlenecks="32,301", fusions="cca")
    with pytest.raises(ParameterError, match="bottlenecks: 301 is above 300, the most that cca"):
        check_fusions(wide, (384, 300), 5000)
    with pytest.raises(ParameterError, match="is above 40, the most that pca_global can give"):
        check_fusions(config(bottlenecks="41", fusions="pca_global"), (40, 300), 5000)
    assert check_fusions(config(bottlenecks="301", fusions="truncated_svd"), (384, 300), 5000) == []
    with pytest.raises(ParameterError, match="which this corpus has 63; at least 64 are needed"):
        check_fusions(config(), (384, 300), LEAST_TWEETS - 1)
    assert LEAST_TWEETS == LEAST_ITEMS
    assert check_fusions(config(fusions="concatenated,pca_task"), (384, 300), 10) == []


def test_the_batch_of_similarity_matching_shrinks_and_says_so():
    (said,) = check_fusions(config(), (384, 300), BATCH - 1)
    assert "there are 511 to train on, so all of them make one batch" in said
    assert check_fusions(config(), (384, 300), BATCH) == []
    assert check_fusions(config(fusions="joint_autoencoder"), (384, 300), 100) == []
    assert Matching(4).batch_size == BATCH


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_each_is_the_transform_that_its_record_says(method):
    kind = TRANSFORMS[method.name]
    assert issubclass(kind, TrainedFusion) == method.trained
    if method.trained:
        assert kind.reads == ("global" in method.reads, "task_specific" in method.reads)
        objective = kind.objective(**fusion_of(method.name, 32, 12, 0.25).settings)
        assert isinstance(objective, Matching if method.matched else Heads)
        assert getattr(objective, "weight", None) == (0.25 if method.weighted else None)
        assert objective.prefixes == ((8, 16) if method.nested else ())
        assert (objective.size, objective.epochs) == (32, 12)
    assert title_of(method.representation) == title_of(method.name) == method.title


def test_a_nested_fusion_is_trained_once_and_serves_at_all_sizes():
    given = config(bottlenecks="24,64", fusions="matryoshka_matched,pca_task,relative")
    found = fusions(Prepared(SimpleNamespace(config=given), Store("nowhere")))
    assert found == [
        Fusion("pca_task", 24), Fusion("pca_task", 64),
        Fusion("matryoshka_matched", 64, 12, None, (8, 16, 24, 32)), Fusion("relative", 0),
    ]  # fmt: skip
    assert found[2].sizes == (8, 16, 24, 32, 64)
    assert [each.place for each in found[1:]] == [
        "pca_task b64", "matryoshka_matched b64", "relative",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fusions", "magic"], "there is no fusion 'magic'"),
        (["--fusion_weight", "1.5"], "parameter fusion_weight"),
    ],
)
def test_a_command_says_what_is_wrong_in_a_line_and_ends_with_2(arguments, said, capsys):
    assert exit_code(command("fuse"), arguments) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert f"parameter {arguments[0][2:]}" in printed
    assert "Traceback" not in printed
