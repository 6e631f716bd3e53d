"""`make setup`: install the project and its pinned versions, with uv where it can be had.

    .venv/bin/python tools/install.py [cpu | cuda]

uv takes a fifth of pip's time, and reads nothing of pip's configuration: an index, a folder of
wheels, certificates or a proxy that pip was told of are handed on to it, in the environment, where
no credentials show. Where uv is neither installed nor to be had, or fails, pip does the same.

Runs before anything is installed: the standard library and pip are all it has.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ("-c", "constraints.txt", "-e", ".[dev]")
BACKENDS = {"": (), "cpu": ("--torch-backend", "cpu"), "cuda": ("--torch-backend", "auto")}
"""What `make setup TORCH=...` asks uv for: the build for the processor, or for the GPU found."""

HANDED_ON = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("HTTPS_PROXY", " "),
}
"""pip's setting -> uv's variable, and what parts several values there."""


def pip_settings(listing: str) -> dict[str, str]:
    """Return what `pip config list` says, by name; a variable counts above a file's section."""
    found: dict[str, str] = {}
    for wanted in ("global", "install", ":env:"):
        for line in listing.splitlines():
            name, sign, value = line.partition("=")
            section, _, key = name.rpartition(".")
            if sign and section == wanted:
                found[key] = str(ast.literal_eval(value))
    return found


def uv_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv: pip's settings, where uv was told nothing of its own.

    Of several indexes the best match is taken from any, as pip does; the versions are pinned.
    """
    made = {"UV_INDEX_STRATEGY": "unsafe-best-match"} if "extra-index-url" in settings else {}
    for key, (variable, between) in HANDED_ON.items():
        if key in settings:
            made[variable] = between.join(settings[key].split())
    return {**made, **environment}


def uv_command(python: str) -> list[str] | None:
    """Return what starts uv: one that is installed, else one that pip can get, else None."""
    if found := shutil.which("uv"):
        return [found]
    pip = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    got = subprocess.run([*pip, "-c", "constraints.txt", "uv"], cwd=ROOT, capture_output=True)
    return [python, "-m", "uv"] if got.returncode == 0 else None


def main(arguments: Sequence[str]) -> int:
    """Install; return the exit code."""
    backend = arguments[0] if arguments else ""
    if backend not in BACKENDS:
        return _say(f"TORCH={backend} is neither cpu nor cuda")
    python = sys.executable
    if uv := uv_command(python):
        listing = [python, "-m", "pip", "config", "list"]
        said = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
        install = [*uv, "pip", "install", "--quiet", "--python", python, *BACKENDS[backend]]
        if sys.flags.dont_write_bytecode:  # else Python keeps it of what is imported first
            install.append("--compile-bytecode")
        environment = uv_environment(pip_settings(said), os.environ)
        if subprocess.run([*install, *PROJECT], cwd=ROOT, env=environment).returncode == 0:
            return 0
        print("uv could not install it (above): pip tries", flush=True)
    if backend:
        return _say("TORCH=... chooses a build through uv, which could not do it; without TORCH, "
                    "pip takes the build that its configuration finds")  # fmt: skip
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *PROJECT], cwd=ROOT).returncode


def _say(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main([argument for argument in sys.argv[1:] if argument]))
