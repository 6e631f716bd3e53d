"""Which tasks a study has."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.running.stage import Node, Stage
from hybridrep.running.study import Prepared, Study
from hybridrep.running.work import study_tasks
from hybridrep.tracking.records import Contents


@dataclass(frozen=True)
class Inputs:
    config: SimpleNamespace


def key_of(name: str) -> str:
    return content_key({"name": name})


def node(stage: str, name: str, seed: int | None = None) -> Node:
    return Node(Stage(stage, module=__name__), key_of(name), print, (), {}, seed=seed, name=name)


def test_a_result_that_several_seeds_have_is_made_once(tmp_path):
    study = Study(
        name="dice", prepare=lambda config, store: Inputs(config), key=lambda inputs: "k",
        shared=lambda prepared: [node("table", "t")],
        of_seed=lambda prepared, seed: [
            node("table", "t"), node("rules", "r"), node("throw", f"s{seed}", seed),
        ],
        tables=lambda *_: None, seed_contents=lambda *_: Contents(),
        describe_seed=lambda *_: "", layout=__name__, seed_artifacts=lambda *_: {},
        report=lambda *_: None,
    )  # fmt: skip
    config = SimpleNamespace(seeds=tuple(range(7)))  # more than one group of seeds
    prepared = Prepared(Inputs(config), Store(tmp_path))
    tasks = study_tasks(study, prepared)
    made = [key for task in tasks for key in task.produces]
    assert made == [key_of(name) for name in ("t", "r", *(f"s{seed}" for seed in range(7)))]
    assert set(study.complete(prepared, 3).values()) == {*map(key_of, ("t", "r", "s3"))}
