"""`make setup`: install the project and its pinned versions, with uv where it can be had.

    .venv/bin/python tools/install.py [cpu | cuda | any]

Every file is checked against hashes.txt (`tools.hashes` writes it), whichever index it comes from;
the project itself, which is this folder, has no hash and is installed after what it needs.

uv takes a fifth of pip's time, and reads nothing of pip's configuration: an index, a folder of
wheels, certificates or a proxy that pip was told of are handed on to it, in the environment, where
no credentials show. Where uv is neither installed nor to be had, or fails, pip does the same.

Runs before anything is installed: the standard library and pip are all it has.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HASHES = ROOT / "hashes.txt"
TORCH_FOR_GPUS = "# What torch's builds for NVIDIA's GPUs need beside:"
"""The line of hashes.txt behind which nobody else needs anything."""
BACKENDS = {
    "": (), "cpu": ("--torch-backend", "cpu"), "cuda": ("--torch-backend", "auto"), "any": (),
}  # fmt: skip
"""What `make setup TORCH=...` asks uv for: the build for the processor, or for the GPU found, or
whichever its configuration finds. These builds have hashes that are in no list of ours."""

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


def environment_of_uv() -> dict[str, str]:
    """Return the environment for uv on this machine, as pip is configured here."""
    listing = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    return uv_environment(pip_settings(said), os.environ)


def uv_command(python: str) -> list[str] | None:
    """Return what starts uv: one that is installed, else one that pip can get, else None."""
    if found := shutil.which("uv"):
        return [found]
    pip = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    got = subprocess.run([*pip, "-c", "constraints.txt", "uv"], cwd=ROOT, capture_output=True)
    return [python, "-m", "uv"] if got.returncode == 0 else None


def listed(text: str) -> dict[str, str]:
    """Return the requirements of a list by name, each with its hashes."""
    found: dict[str, str] = {}
    for name, rest in re.findall(r"^([\w.-]+)(==.*\n(?:[ ]+--hash=.*\n)+)", text, re.MULTILINE):
        found[name] = name + rest
    return found


def without_torch(text: str) -> str:
    """Return the list without torch and what it needs for GPUs: a build of the user's choice."""
    requirements = listed(text.partition(TORCH_FOR_GPUS)[0])
    return "".join(each for name, each in requirements.items() if name != "torch")


def main(arguments: Sequence[str]) -> int:
    """Install; return the exit code."""
    backend = arguments[0] if arguments else ""
    if backend not in BACKENDS:
        return _say(f"TORCH={backend} is none of cpu, cuda and any")
    text = HASHES.read_text(encoding="utf-8")
    if backend:
        text = without_torch(text)
        print("torch's own file is not checked: hashes.txt has the published builds", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if _installed_by_uv(Path(folder, "hashes.txt"), text, BACKENDS[backend]):
            return 0
        if backend in ("cpu", "cuda"):
            return _say(
                f"TORCH={backend} chooses a build through uv, which could not do it; without "
                "TORCH, pip takes the published build, or one for processors that it finds"
            )
        return _installed_by_pip(Path(folder, "list.txt"), text, own_torch=bool(backend))


def _installed_by_uv(file: Path, text: str, options: Sequence[str]) -> bool:
    """Let uv install all in one go; return whether it did."""
    python = sys.executable
    if not (uv := uv_command(python)):
        return False
    file.write_text(text, encoding="utf-8")
    install = [*uv, "pip", "install", "--quiet", "--python", python, *options]
    if sys.flags.dont_write_bytecode:  # else Python keeps it of what is imported first
        install.append("--compile-bytecode")
    install += ["-c", str(file), "-b", str(file), "-c", "constraints.txt", "-e", ".[dev]"]
    if subprocess.run(install, cwd=ROOT, env=environment_of_uv()).returncode == 0:
        return True
    print("uv could not install it (above): pip tries", flush=True)
    return False


def _installed_by_pip(file: Path, text: str, own_torch: bool) -> int:
    """Let pip install the list, what torch needs beside, and the project; return the exit code.

    pip takes a list with hashes only whole: nothing that is not in it, and no folder. Of two builds
    it prefers the one whose hash its index states, so a folder of wheels is asked for torch before.
    """
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    checked = [*install, "--require-hashes", "--no-deps", "-r", str(file)]

    def run(command: Sequence[str], requirements: str = "", quiet: bool = False) -> int:
        file.write_text(requirements, encoding="utf-8")
        return subprocess.run(command, cwd=ROOT, capture_output=quiet).returncode

    general, _, for_gpus = text.partition(TORCH_FOR_GPUS)
    if not own_torch and run([*checked, "--no-index"], listed(text)["torch"], quiet=True) == 0:
        general = without_torch(text)
    code = run(checked, general)
    if code == 0 and own_torch:
        code = run([*install, "-c", "constraints.txt", "torch"])
    elif code == 0 and _torch_wants_gpus():
        code = run(checked, for_gpus)
    return code or run([*install, "--no-deps", "-e", ".[dev]"])


def _torch_wants_gpus() -> bool:
    """Return whether the torch just installed is a build that brings the GPU libraries."""
    return any("nvidia" in each for each in distribution("torch").requires or ())


def _say(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main([argument for argument in sys.argv[1:] if argument]))
