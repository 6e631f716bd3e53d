"""Which version of a registered model is the best one, and why, in a real SQLite registry."""

import math
from dataclasses import replace

import pytest

from hybridrep.errors import TrackingError
from hybridrep.tracking.models import LoggedModel
from hybridrep.tracking.registry import Selection, register_models

pytest_plugins = ["hybridrep.testing.tracking_store"]

SELECTION = Selection(
    name="hybridrep-bert-to-lstm",
    run_id="",
    seed=4,
    study_key="k1",
    selected_by="reconstructed_vs_target",
    score=0.3,
    data_fingerprint="f1",
    digest="d1",
    card="# A card",
    texts="tweets",
)


@pytest.fixture
def world(tracker):
    """Registers a changed selection with an empty model; counts the models logged."""
    client = tracker.server.client
    run_id = client.create_run(tracker.server.experiment_id).info.run_id
    logged = []

    def log_model() -> LoggedModel:
        model = client.create_logged_model(tracker.server.experiment_id, source_run_id=run_id)
        logged.append(model.model_id)
        return LoggedModel(model.model_id, f"models:/{model.model_id}")

    def go(**changes):
        selection = replace(SELECTION, run_id=run_id, **changes)
        (done,) = register_models(tracker.server, [(selection, log_model)])
        return done

    go.logged, go.client = logged, client
    return go


def test_the_first_version_is_the_best_and_carries_its_worth(world):
    done = world(tags={"direction": "bert_to_lstm", "bottleneck": "32"})
    assert (done.version, done.alias, done.is_new) == ("1", "best", True)
    assert done.uri == "models:/hybridrep-bert-to-lstm@best"
    version = world.client.get_model_version_by_alias(done.name, "best")
    assert version.description == "# A card"
    assert version.tags["seed"] == "4"
    assert version.tags["bottleneck"] == "32"
    assert version.tags["study_key"] == "k1"
    assert version.tags["selected_by"] == "reconstructed_vs_target"
    assert float(version.tags["score"]) == 0.3
    assert version.tags["direction"] == "bert_to_lstm"


@pytest.mark.parametrize(
    ("changes", "alias", "reason"),
    [
        ({"score": 0.31}, "best", "0.3100 beats 0.3000 of version 1"),
        ({"score": 0.29}, "candidate", "does not beat"),
        ({"score": 0.3}, "candidate", "does not beat"),
        ({"score": 0.9, "data_fingerprint": "f2"}, "candidate", "other data"),
        ({"score": 0.9, "selected_by": "diffusibility"}, "candidate", "'reconstructed_vs_target'"),
    ],
)
def test_only_a_better_score_on_the_same_data_moves_best(world, changes, alias, reason):
    world()
    done = world(digest="d2", **changes)
    assert (done.version, done.alias) == ("2", alias)
    assert reason in done.reason
    aliases = world.client.get_registered_model(done.name).aliases
    assert int(aliases[alias]) == 2
    assert int(aliases["best"]) == (2 if alias == "best" else 1)


def test_the_same_model_picked_again_stays_one_version(world):
    world()
    again = world()
    assert (again.version, again.alias, again.is_new) == ("1", "best", False)
    assert len(world.logged) == 1


def test_the_same_model_judged_on_other_data_is_another_version(world):
    world()
    other = world(data_fingerprint="f2")
    assert (other.version, other.alias) == ("2", "candidate")


def test_without_tweets_it_is_another_version_which_takes_the_place_of_the_best(world):
    world(share_text=True)
    quiet = world(share_text=False)
    assert (quiet.version, quiet.alias, quiet.is_new) == ("2", "best", True)
    assert "without tweets" in quiet.reason
    assert (world(share_text=False).version, len(world.logged)) == ("2", 2)
    shared = world(share_text=True)
    assert (shared.version, shared.alias, shared.is_new) == ("1", "candidate", False)
    assert world.client.get_model_version_by_alias(SELECTION.name, "best").version == 2
    worse = world(share_text=False, digest="d2", score=0.1)
    assert (worse.version, worse.alias) == ("3", "candidate")


def test_a_version_that_does_not_say_so_may_show_tweets(world):
    """As those of earlier releases."""
    world()
    assert "share_text" not in world.client.get_model_version(SELECTION.name, "1").tags
    assert world(share_text=True).version == "1"
    quiet = world(share_text=False)
    assert (quiet.version, quiet.alias) == ("2", "best")


def test_a_best_version_that_was_deleted_leaves_the_place_free(world):
    world()
    world.client.delete_model_version(SELECTION.name, "1")
    done = world(score=0.1, digest="d2")
    assert (done.alias, done.reason) == ("best", "there was no best model yet")


def test_a_card_that_is_too_long_is_cut(world):
    done = world(card="x" * 6_000)
    assert len(world.client.get_model_version(done.name, done.version).description) == 5_000


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_model_without_a_score_is_refused(score):
    with pytest.raises(TrackingError, match="not registered"):
        replace(SELECTION, score=score)


@pytest.mark.parametrize("name", ["", "a/b", "it's", "x y"])
def test_a_name_that_could_enter_a_filter_is_refused(name):
    with pytest.raises(TrackingError, match="no name for a registered model"):
        replace(SELECTION, name=name)


def test_nothing_is_registered_when_one_of_the_models_cannot_be_logged(tracker):
    client = tracker.server.client

    def log() -> LoggedModel:
        model = client.create_logged_model(tracker.server.experiment_id)
        return LoggedModel(model.model_id, f"models:/{model.model_id}")

    def fail() -> LoggedModel:
        raise TrackingError("the disk is full")

    other = replace(SELECTION, name="hybridrep-bert-to-lstm-text")
    with pytest.raises(TrackingError, match="disk is full"):
        register_models(tracker.server, [(SELECTION, log), (other, fail)])
    assert list(client.search_model_versions()) == []
    assert list(client.search_registered_models()) == []
