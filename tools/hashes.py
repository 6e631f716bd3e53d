"""Write hashes.txt, the list of what `make setup` installs: exact versions and SHA-256 hashes.

    python -m tools.hashes

One list for every platform: of each version that constraints.txt pins, the hashes of all of its
files, as the indexes that pip is configured with state them. No address stands in it: where
packages come from is the user's configuration. What builds of torch for NVIDIA's GPUs alone need
stands at the end, for pip installs every line that it is handed (`tools.install` leaves them out).
"""

from __future__ import annotations

import re
import subprocess
import sys

from tools.install import HASHES, ROOT, TORCH_FOR_GPUS, environment_of_uv, listed

HEADER = """\
# What `make setup` installs, with the hash of every file of each version; made by
# `python -m tools.hashes` of pyproject.toml and constraints.txt. Of torch: the published builds,
# and the build for processors alone of Python 3.11 on x86-64 Linux.
"""
_GPU = re.compile(r"(nvidia|cuda)-|triton\Z")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def resolved(environment: dict[str, str], *options: str) -> dict[str, str]:
    """Return the requirements that uv finds, with their hashes, by name."""
    sources = ("-c", "constraints.txt", "--extra", "dev", "pyproject.toml", "-")
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header",
        "--no-annotate", "--python-version", "3.11", *options, *sources,
    ]  # fmt: skip
    builds = "setuptools>=77\nwheel\n"  # what builds packages that have no wheel
    said = subprocess.run(
        command, cwd=ROOT, env=environment, input=builds, capture_output=True, text=True
    )
    if said.returncode:
        raise SystemExit(said.stderr)
    return listed(said.stdout)


def hashes(text: str) -> list[str]:
    """Return the hashes of a requirement."""
    return _HASH.findall(text)


def merged(published: dict[str, str], own: dict[str, str]) -> str:
    """Return the list of published files; of torch also the build that this machine finds."""
    torch = published["torch"].rstrip("\n")
    added = [each for each in hashes(own["torch"]) if each not in torch]
    published = published | {"torch": "".join([torch, *(f" \\\n    {x}" for x in added), "\n"])}
    general = [text for name, text in published.items() if not _GPU.match(name)]
    for_gpus = [text for name, text in published.items() if _GPU.match(name)]
    return "".join([HEADER, *general, TORCH_FOR_GPUS, "\n", *for_gpus])


def main() -> None:
    """Write the list."""
    environment = environment_of_uv()
    elsewhere = {
        k: v for k, v in environment.items() if k not in ("UV_FIND_LINKS", "UV_CONSTRAINT")
    }
    text = merged(resolved(elsewhere, "--universal"), resolved(environment))
    HASHES.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
