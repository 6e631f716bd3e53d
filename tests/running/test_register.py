"""Registering for any study: what is chosen, in which order things happen, what is refused."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from hybridrep.errors import ExecutionError, TrackingError
from hybridrep.execution.store import Store
from hybridrep.parameters import Parameters
from hybridrep.running.register import Candidate, Source, choose, finished_seeds, register
from hybridrep.running.study import Prepared
from hybridrep.tracking import names
from hybridrep.tracking.models import LoggedModel
from hybridrep.tracking.records import Contents, RunRecord
from hybridrep.tracking.registry import Selection
from hybridrep.tracking.runs import Tracker

pytest_plugins = ["hybridrep.testing.tracking_store"]

VALUES = {("gru", 2): (0.1, 0.7, 0.7), ("gru", 1): (0.6, math.nan, 0.2), ("lstm", 1): (0.5,) * 3}


class Settings(Parameters):
    """Of a study that is not the platform's."""

    study: str = "toy"
    plan: bool = False
    seeds: tuple[int, ...] = (0, 1, 2)


@pytest.fixture
def prepared(tmp_path) -> Prepared:
    return Prepared(SimpleNamespace(config=Settings()), Store(tmp_path / "store"))


def candidates(values=VALUES) -> list[Candidate[str]]:
    return [
        Candidate({"cell": cell, "size": size}, f"{cell}{size}", 9, seed, value, "")
        for (cell, size), some in values.items()
        for seed, value in enumerate(some)
    ]


def source(prepared, server, values=VALUES) -> Source[str]:
    return Source("study", "k" * 64, prepared, server, (), lambda: candidates(values))


def test_of_each_group_the_first_of_the_highest_is_chosen(prepared, tracker):
    given = source(prepared, tracker.server)
    chosen = choose(given, "network")
    assert [(c.trained, c.seed, c.rivals) for c in chosen] == [("gru2", 1, 6), ("lstm1", 0, 3)]
    assert given.table.columns.tolist() == ["cell", "size", "epoch", "seed", "value"]
    assert given.table["size"].tolist() == [1, 1, 1, 2, 2, 2, 1, 1, 1]


def test_a_group_without_a_value_is_told(prepared, tracker):
    nothing = {**VALUES, ("rnn", 4): (math.nan, math.nan)}
    with pytest.raises(TrackingError, match=r"no rnn network of the study kkkkkkkkkkkk has a val"):
        choose(source(prepared, tracker.server, nothing), "network")


class Toy:
    """A chosen model that notes what is done with it."""

    def __init__(self, tracker, done: list[str], wrong: str, choice: Candidate[str]) -> None:
        self.tracker, self.done, self.wrong, self.choice = tracker, done, wrong, choice

    def tasks(self):
        return []

    def verify(self):
        self.done.append(f"verify {self.choice.trained}")
        if self.choice.trained == self.wrong:
            raise ExecutionError("it is not the one that was judged")

    def to_register(self):
        selection = Selection(
            name=f"hybridrep-{self.choice.group}", run_id=self.tracker.log_finished(
                RunRecord(name="seed", kind="seed")), seed=self.choice.seed, study_key="k",
            selected_by="accuracy", score=self.choice.value, data_fingerprint="d",
            digest=self.choice.trained, card="# Toy",
        )  # fmt: skip

        def log() -> LoggedModel:
            self.done.append(f"log {self.choice.trained}")
            server = self.tracker.server
            model = server.client.create_logged_model(
                server.experiment_id, source_run_id=selection.run_id
            )
            return LoggedModel(model.model_id, f"models:/{model.model_id}")

        return [(selection, log)]


def go(tracker, prepared, wrong: str = "", **settings) -> tuple[list[str], pd.DataFrame]:
    done: list[str] = []
    table = register(
        tracker, source(prepared, tracker.server), lambda c: Toy(tracker, done, wrong, c),
        Settings(**settings), Contents(), by="accuracy", noun="network", judged_on="other trials",
    )  # fmt: skip
    return done, table


def test_all_are_verified_before_one_is_logged_and_the_run_says_what_was_done(
    prepared, store_uri, tracker, capsys
):
    toy = Tracker(tracker.server, "toy")
    done, table = go(toy, prepared)
    assert done == ["verify gru2", "verify lstm1", "log gru2", "log lstm1"]
    assert table["name"].tolist() == ["hybridrep-gru", "hybridrep-lstm"]
    where = "tags.`hybridrep.stage` = 'register'"
    (run,) = tracker.server.client.search_runs([tracker.server.experiment_id], where)
    assert run.data.tags[names.SIMULATION] == "toy"
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith("The best networks of the study **toy** by `accuracy` on other trials:")
    assert "models:/hybridrep-gru@best" in capsys.readouterr().out


def test_nothing_is_registered_unless_all_can_be_and_a_plan_does_nothing(prepared, tracker):
    done: list[str] = []
    with pytest.raises(ExecutionError, match="judged"):
        go(tracker, prepared, wrong="lstm1")
    assert go(tracker, prepared, plan=True)[0] == done
    assert not tracker.server.client.search_registered_models()


def test_only_current_seeds_of_the_same_study_are_taken(prepared, tracker):
    toy = Tracker(tracker.server, "toy")
    study = SimpleNamespace(name="toy", key=lambda _: "k", cache_key=lambda _, seed: f"c{seed}")
    with pytest.raises(TrackingError, match=r"no finished seed in .*: run `make toy` first"):
        finished_seeds(study, prepared, tracker.server, "make toy")
    toy.log_finished(
        RunRecord(name="toy", kind="study", tags={names.STUDY: "toy", names.STUDY_KEY: "before"})
    )
    with pytest.raises(TrackingError, match="UTC had other parameters or data, or another version"):
        finished_seeds(study, prepared, tracker.server, "make toy")
    for writer, seed, cached in (
        (toy, 0, "c0"),
        (toy, 1, "old"),
        (tracker, 2, "c2"),
        (toy, 7, "c7"),
    ):
        tags = {names.STUDY_KEY: "k", names.CACHE_KEY: cached}
        writer.log_finished(RunRecord(name="s", kind="seed", params={"seed": str(seed)}, tags=tags))
    assert list(finished_seeds(study, prepared, tracker.server, "make toy")) == [0]
    tags = {names.STUDY_KEY: "k", names.CACHE_KEY: "of other code"}
    toy.log_finished(RunRecord(name="s", kind="seed", params={"seed": "0"}, tags=tags))
    found = finished_seeds(study, prepared, tracker.server, "make toy")
    assert list(found) == [0], "an older run of the current code counts, whatever came after it"
    run = tracker.server.client.get_run(found[0])
    assert run.data.tags[names.CACHE_KEY] == "c0"
    study.cache_key = lambda *_: "new"
    with pytest.raises(TrackingError, match="by another version of the code"):
        finished_seeds(study, prepared, tracker.server, "make toy")
    study.name = "hybrid"
    prepared.inputs.config = Settings(seeds=(5,))
    with pytest.raises(TrackingError, match="finished are seeds=2"):
        finished_seeds(study, prepared, tracker.server, "make toy")
