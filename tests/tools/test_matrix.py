"""The matrix asks for what pyproject.toml declares, and torch stays where it is."""

import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools import matrix


def test_every_direct_dependency_declares_the_oldest_version_that_is_tested():
    declared = matrix.requirements()
    lines = matrix.constraints("oldest", declared).splitlines()
    versions = dict(line.split("==") for line in lines)
    assert {"numpy", "pandas", "mlflow", "distributed", "pytest"} <= versions.keys()
    for each in (each for each in declared if each.name not in matrix.CHECKERS):
        oldest = Version(versions[matrix.canonicalize_name(each.name)])
        assert each.specifier.contains(oldest)


def test_a_dependency_without_a_lower_bound_is_named():
    for text in ("numpy", "numpy<3", "numpy!=2"):
        with pytest.raises(ValueError, match=r"numpy.* names no lower bound"):
            matrix.lower_bound(Requirement(text))
    assert matrix.lower_bound(Requirement("numpy>=2.2,<3")) == "2.2"
    assert matrix.lower_bound(Requirement("torchtext==0.6.0")) == "0.6.0"


def test_the_newest_side_holds_nothing_but_torch():
    lines = matrix.constraints("newest", matrix.requirements()).splitlines()
    assert [line.split("==")[0] for line in lines] == ["torch"]
    assert lines[0] in matrix.constraints("oldest", matrix.requirements())
    assert lines[0] in (matrix.ROOT / "constraints.txt").read_text()


def test_an_unknown_side_is_refused(capsys):
    assert matrix.main(["middle"]) == 2
    assert "oldest or newest" in capsys.readouterr().out


@pytest.fixture
def pip_calls(monkeypatch, tmp_path):
    """What `prepare` asks pip for; no environment is made and nothing is installed."""
    calls = []

    def call(command, **_):
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(matrix, "PLACE", tmp_path)
    monkeypatch.setattr(matrix.subprocess, "run", call)
    monkeypatch.setattr(matrix.venv, "create", lambda folder, **_: folder.mkdir(exist_ok=True))
    return calls


@pytest.mark.parametrize("side", matrix.SIDES)
def test_an_environment_that_is_there_is_brought_up_to_later_releases(pip_calls, side):
    for _ in range(2):
        assert matrix.prepare(side) == matrix.PLACE / side / "bin" / "python"
    assert len(pip_calls) == 2
    for call in pip_calls:
        assert {"--upgrade", "--upgrade-strategy=eager", f"{matrix.ROOT}[dev]"} <= set(call)
        assert call[call.index("-c") + 1] == str(matrix.PLACE / f"{side}.txt")
