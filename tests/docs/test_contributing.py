"""The worked examples of CONTRIBUTING.md do what they say, and are as short as they should be."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from mlflow.tracking import MlflowClient

from hybridrep.analysis.measures import MEASURES
from hybridrep.command import command, exit_code
from hybridrep.project_file import project_file
from hybridrep.studies.catalogue import HYBRID, Catalogue
from hybridrep.testing.databases import set_store
from hybridrep.transforms.methods import TRANSFORMS
from tests.analysis import test_contract as measures
from tests.transforms import test_contract as transforms

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
MOST_LINES = 40
"""Of a measure, a transform or a stage with its test."""


def blocks(title: str) -> list[str]:
    """The code blocks of a section: the module, then its test."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(title)]
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path, monkeypatch) -> Iterator[ModuleType]:
    """A section's code as a module that other processes can import, too."""
    name = f"contributed_{request.param.split()[-1]}"
    (tmp_path / f"{name}.py").write_text("\n\n".join(blocks(request.param)))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    yield import_module(name)
    del sys.modules[name]


def of(title: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", [title], indirect=True)


@pytest.mark.parametrize("title", ["Add a measure", "Add a transform", "Add a stage"])
def test_each_takes_few_lines_with_its_test(title):
    lines = [line for block in blocks(title) for line in block.splitlines() if line.strip()]
    assert len(lines) < MOST_LINES


@of("Add a measure")
def test_a_measure_is_held_to_its_record(example, monkeypatch):
    example.test_of_single_numbers_it_is_the_squared_correlation()
    monkeypatch.setitem(MEASURES, "rv", example.RV)
    measures.test_every_measure_is_filled_in_and_every_way_to_compare_is_tried()
    for change in measures.OF_ARRAYS:
        measures.test_it_is_invariant_to_just_what_its_record_says(key="rv", change=change)


@of("Add a transform")
def test_a_transform_keeps_the_contract(example, monkeypatch, tmp_path):
    example.test_components_are_those_of_scikit_learn()
    monkeypatch.setitem(TRANSFORMS, "principal_components", example.PrincipalComponents)
    for name, test in vars(transforms).items():
        if name.startswith("test_"):
            more = {"tmp_path": tmp_path} if "tmp_path" in test.__code__.co_varnames else {}
            test(method="principal_components", **more)


@of("Add a stage")
def test_a_stage_makes_what_it_says(example, tmp_path):
    example.test_the_lengths_are_those_of_the_vectors(tmp_path)


@of("Add a study")
def test_a_study_runs_beside_the_others(example, tmp_path, tmp_path_factory, monkeypatch, capsys):
    uri = set_store(monkeypatch, tmp_path_factory, tmp_path)
    example.test_a_study_runs_and_is_not_computed_twice(tmp_path, capsys)
    client = MlflowClient(uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "hybridrep"]
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags["hybridrep.kind"] for run in runs) == ["seed"] * 3 + ["study"]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["hybridrep.simulation"] for run in runs} == {"dice"}
    assert len({run.data.metrics["eyes/mean"] for run in runs if run.data.metrics}) > 1

    both = Catalogue((HYBRID, example.LISTING))
    assert "python -m entrypoints.dice --profile" in project_file(both)
    assert exit_code(command("lstm", catalogue=both), ["--throws", "5"]) == 2
    assert "belongs to the study `dice`: `lstm` does not take it" in capsys.readouterr().err
    assert exit_code(command("dice", catalogue=both), ["-P", "bottlenecks=5"]) == 2
    assert "belongs to the study `hybrid`" in capsys.readouterr().err
