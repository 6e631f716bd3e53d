"""Setting up: what pip was told reaches uv, and pip does it where uv cannot."""

import subprocess
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

    def run(command, **_):
        ran.append(command)
        code = int(bool(fails & {*command}))
        return SimpleNamespace(returncode=code, stdout=LISTING, stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    return SimpleNamespace(ran=ran, fails=fails)


def test_uv_is_got_by_pip_and_installs(commands, capfd):
    assert install.main([]) == 0
    *_, last = commands.ran
    assert last[1:4] == ["-m", "uv", "pip"]
    assert last[-4:] == ["-c", "constraints.txt", "-e", ".[dev]"]
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
    assert commands.ran[-1][1:4] == ["-m", "pip", "install"]
    assert commands.ran[-1][-1] == ".[dev]"


def test_a_build_of_torch_is_chosen_through_uv_alone(commands, capsys):
    assert install.main(["cpu"]) == 0
    assert "--torch-backend cpu" in " ".join(commands.ran[-1])
    commands.fails.add("uv")
    assert install.main(["cpu"]) == 2
    assert install.main(["tpu"]) == 2
    assert "neither cpu nor cuda" in capsys.readouterr().err
