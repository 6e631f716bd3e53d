"""`hybridrep` from Python: entry points as functions, with what their commands check and say."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import mlflow
import pytest
from pydantic import Field

import hybridrep
from hybridrep.command import Installed, command, exit_code, run
from hybridrep.errors import ParameterError, TrackingError
from hybridrep.parameters import Parameters, setting
from hybridrep.studies.catalogue import HYBRID, Catalogue, EntryPoint, StudyListing, load_study
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.undrawn import undraw_reports
from hybridrep.tracking.names import SIMULATION
from hybridrep.tracking.queries import existing_server, find_study


class ToyParameters(Parameters):
    """Of a study that only tests know."""

    n_back: Annotated[int, Field(ge=1)] = setting(2, "how far back", paper=3, stages=("train",))
    neurons: Annotated[int, Field(ge=1)] = setting(8, "how many", stages=("read",))


def train(config: ToyParameters) -> tuple[ToyParameters, str | None]:
    """Stand for an entry point: return what it was given, and the run that it might take over."""
    return config, os.environ.get("MLFLOW_RUN_ID")


TOY = StudyListing(
    name="toy",
    title="a toy",
    parameters=ToyParameters,
    entry_points=(EntryPoint("train", "trains", f"{__name__}:train", ToyParameters, ("train",)),),
    load="builtins:tuple",
    documentation="",
)
BOTH = Catalogue((HYBRID, TOY))


def test_the_face_has_what_it_promises_and_is_light():
    for name in hybridrep.__all__:
        assert name in dir(hybridrep)
        assert name == "__version__" or callable(getattr(hybridrep, name))
    with pytest.raises(AttributeError, match="no attribute 'lood_study'"):
        hybridrep.lood_study  # noqa: B018
    code = "import sys, hybridrep; print(len([m for m in sys.modules if m[:9] == 'hybridrep']))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(loaded.stdout) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"seeds": 3}, (0, 1, 2)),
        ({"seeds": [7]}, (7,)),
        ({"seeds": (0, 3)}, (0, 3)),
        ({"seeds": range(2, 4)}, (2, 3)),
        ({"seeds": "2-3"}, (2, 3)),
        ({"seeds": None, "profile": "paper"}, tuple(range(25))),
    ],
)
def test_values_may_be_python_s_or_text(given, expected):
    config, _ = run("train", catalogue=BOTH, **given)
    assert config.seeds == expected


@pytest.mark.parametrize(
    "given",
    [{"seeds": []}, {"n_back": True}, {"n_back": 0}, {"plan": "perhaps"}, {"seds": 3},
     {"study": ["a\nb"]}, {"transfer_epochs": 3}, {"sampler": "tpe"}],
)  # fmt: skip
def test_what_a_command_refuses_is_refused_with_the_same_message(given, capsys):
    with pytest.raises(ParameterError) as caught:
        run("train", catalogue=BOTH, **given)
    ((name, value),) = given.items()
    if isinstance(value, list):
        return  # a command has texts alone
    arguments = [f"--{name}", str(value).lower() if isinstance(value, bool) else str(value)]
    assert exit_code(command("train", catalogue=BOTH), arguments) == 2
    assert capsys.readouterr().err == f"hybridrep: {caught.value}\n"


@pytest.mark.parametrize(
    ("entry", "name", "owner"),
    [
        ("lstm", "sampler", "`sweep` and `fuse_sweep`: `lstm`"),
        ("full", "source", "`report`, `register` and `export`: `full`"),
        ("lstm", "n_back", "the study `toy`: `lstm`"),
        ("train", "bottlenecks", "the study `hybrid`: `train`"),
    ],
)
def test_a_parameter_of_another_tool_or_study_is_refused_with_its_owner(entry, name, owner):
    with pytest.raises(ParameterError) as caught:
        run(entry, catalogue=BOTH, **{name: "1"})
    assert str(caught.value) == f"parameter {name} belongs to {owner} does not take it"


def test_what_has_no_effect_is_named_in_one_line_and_checked_all_the_same(capsys):
    taken: list[Parameters] = []
    arguments = ["--neurons", "9", "-P", "n_back=4", "--workers", "1"]
    assert exit_code(command("train", taken.append, BOTH), arguments) == 0
    assert capsys.readouterr().out == "no effect on `train`: neurons\n"
    assert taken[0].neurons == 9
    assert exit_code(command("train", taken.append, BOTH), ["--n_back", "4", "--neurons="]) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(ParameterError, match="parameter neurons='0'"):
        run("train", catalogue=BOTH, neurons=0)


def test_help_lists_what_bears_alone(capsys):
    assert exit_code(command("train", catalogue=BOTH), ["--help"]) == 0
    shown = capsys.readouterr().out
    assert "--n_back" in shown
    assert "--neurons" not in shown


def test_the_installed_command_has_all_entry_points_and_the_store(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert exit_code(Installed(BOTH), []) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in (*BOTH.entry_points, "store"))
    assert exit_code(Installed(BOTH), ["train", "-P", "seeds=2"]) == 0
    assert exit_code(Installed(BOTH), ["store"]) == 0
    assert "0 finished results" in capsys.readouterr().out
    assert exit_code(Installed(BOTH), ["trian"]) == 2
    assert "'trian' (did you mean train?)" in capsys.readouterr().err
    assert exit_code(Installed(BOTH), ["store", "prune", "--outdatd"]) == 2
    assert "'outdatd' (did you mean outdated?)" in capsys.readouterr().err


def test_the_run_that_mlflow_made_for_the_caller_stays_the_caller_s(monkeypatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "f" * 32)
    _, seen = run("train", catalogue=BOTH)
    assert seen is None
    assert os.environ["MLFLOW_RUN_ID"] == "f" * 32


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory):
    """The parameters of a small study whose results are all stored, and a tracking store."""
    given = small_study.finished(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, tmp_path_factory.mktemp("tracking"))
        undraw_reports(patch)
        yield given


@pytest.mark.slow
def test_a_study_runs_from_python_and_returns_its_tables(given, capsys):
    plan = hybridrep.run("full", **given, plan=True)
    assert (plan["units_reused"] > 0).any()
    assert {"stage", "units"} <= {*plan.columns}
    with mlflow.start_run() as mine:
        tables = hybridrep.run("full", **given)
        assert mlflow.active_run().info.run_id == mine.info.run_id
    assert isinstance(tables, StudyTables)
    assert set(tables.lstm["seed"]) == {0, 1}
    assert mlflow.get_run(mine.info.run_id).data.params == {}
    back = hybridrep.load_study()
    assert back.transfer.equals(tables.transfer)
    assert list(hybridrep.list_studies()["status"]) == ["FINISHED"]
    stage = hybridrep.run("lstm", **given)
    assert stage.lstm.equals(tables.lstm)
    assert "no effect on `lstm`: encoder, bottlenecks" in capsys.readouterr().out
    reported = hybridrep.run("report", source="hybridrep")
    assert reported.rsa.equals(tables.rsa)
    registered = hybridrep.run("register", **given)
    assert {"hybridrep-bert-to-lstm"} <= {*registered["name"]}


@pytest.mark.slow
def test_a_finished_study_is_read_by_the_study_that_it_is_of(given):
    hybridrep.run("full", **given, study="of another kind")
    server = existing_server("hybridrep")
    run_id = find_study(server, "of another kind", None).run_id
    server.client.set_tag(run_id, SIMULATION, "toy")
    listing = StudyListing("toy", "", ToyParameters, (), f"{__name__}:_loaded", "")
    assert load_study("of another kind", catalogue=Catalogue((HYBRID, listing))) == run_id
    with pytest.raises(TrackingError, match="of the study 'toy', which this version does not know"):
        load_study("of another kind")
    with pytest.raises(TrackingError, match="nothing"):
        load_study("nothing")


def _loaded(server: object, run_id: str) -> str:
    return run_id
