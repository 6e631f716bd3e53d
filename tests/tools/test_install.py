"""Setting up: what pip was told reaches uv, and pip does it where uv cannot."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import install

LISTING = r"""
:env:.find-links='/wheels\n/more wheels'
global.cert='/ca.pem'
global.extra-index-url='file:///a file:///b'
global.index-url='http://user:secret@127.0.0.1/simple'
freeze.timeout='10'
""".replace("/more wheels", "/more")


def test_what_pip_was_told_reaches_uv():
    made = install.uv_environment(install.pip_settings(LISTING), {})
    assert made == {
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_INDEX": "file:///a file:///b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "http://user:secret@127.0.0.1/simple",
    }


def test_what_uv_was_told_itself_counts_more():
    own = {"UV_INDEX": "file:///mine", "PATH": "/bin"}
    made = install.uv_environment(install.pip_settings(LISTING), own)
    assert made["UV_INDEX"] == "file:///mine"
    assert made["PATH"] == "/bin"


@pytest.fixture
def commands(monkeypatch):
    """Every command that would be run; `fails` holds words of those that shall fail."""
    ran: list[list[str]] = []
    fails: set[str] = set()
    lists: list[str] = []

    def run(command, **_):
        ran.append(command)
        given = [Path(each) for each in command if each.endswith(".txt")]
        lists.extend(file.read_text() for file in given if file.is_absolute())
        code = int(bool(fails & {*command}))
        return SimpleNamespace(returncode=code, stdout=LISTING, stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    monkeypatch.setattr(install, "_torch_wants_gpus", lambda: False)
    return SimpleNamespace(ran=ran, fails=fails, lists=lists)


def test_uv_is_got_by_pip_and_installs(commands, capfd):
    assert install.main([]) == 0
    *_, last = commands.ran
    assert last[1:4] == ["-m", "uv", "pip"]
    assert last[-4:] == ["-c", "constraints.txt", "-e", ".[dev]"]
    assert commands.lists == [install.HASHES.read_text()] * 2  # of what is installed, and builds
    assert "secret" not in " ".join(last) + "".join(capfd.readouterr())


def test_bytecode_is_made_where_python_would_keep_none(commands, monkeypatch):
    for told in (0, 1):
        monkeypatch.setattr(install.sys, "flags", SimpleNamespace(dont_write_bytecode=told))
        assert install.main([]) == 0
        assert ("--compile-bytecode" in commands.ran[-1]) is bool(told)


@pytest.mark.parametrize("missing", ["uv", "--python"])
def test_pip_does_it_where_uv_cannot_be_had_or_fails(commands, missing):
    commands.fails.add(missing)
    assert install.main([]) == 0
    *_, torch, needs, project = commands.ran
    assert needs[1:4] == ["-m", "pip", "install"]
    assert {"--require-hashes", "--no-deps", "-r"} <= {*needs} <= {*torch}
    assert {*install.listed(commands.lists[-2])} == {"torch"}
    assert "--no-index" in torch
    assert "torch" not in install.listed(commands.lists[-1])
    assert "nvidia" not in commands.lists[-1]
    assert project[-3:] == ["--no-deps", "-e", ".[dev]"]


def test_pip_installs_what_torch_needs_for_gpus_where_its_build_does(commands, monkeypatch):
    commands.fails |= {"uv", "--no-index"}
    monkeypatch.setattr(install, "_torch_wants_gpus", lambda: True)
    assert install.main([]) == 0
    assert {"nvidia-cublas", "triton"} <= {*install.listed(commands.lists[-1])}
    assert "numpy" not in install.listed(commands.lists[-1])
    assert "torch" in install.listed(commands.lists[-2])


def test_a_list_that_does_not_fit_ends_it(commands):
    commands.fails |= {"uv", "--require-hashes"}
    assert install.main([]) == 1
    assert "--require-hashes" in commands.ran[-1]


def test_a_build_of_torch_is_chosen_through_uv_alone(commands, capsys):
    assert install.main(["cpu"]) == 0
    assert "--torch-backend cpu" in " ".join(commands.ran[-1])
    assert "torch" not in install.listed(commands.lists[-1])
    assert "torch's own file is not checked" in capsys.readouterr().out
    commands.fails.add("uv")
    assert install.main(["cpu"]) == 2
    assert install.main(["tpu"]) == 2
    assert "none of cpu, cuda and any" in capsys.readouterr().err


def test_any_build_of_torch_that_is_found_is_taken_unchecked(commands):
    commands.fails.add("uv")
    assert install.main(["any"]) == 0
    *_, needs, torch, project = commands.ran
    assert "--require-hashes" in needs
    assert "torch" not in install.listed(commands.lists[-1])
    assert torch[-1] == "torch"
    assert "--require-hashes" not in torch
    assert project[-1] == ".[dev]"
