"""`MLproject`, written from the studies' catalogue so that the two cannot disagree.

`python -m hybridrep.project_file` prints the file; a test compares it with the one committed.
"""

from __future__ import annotations

import sys

import yaml

from hybridrep.studies.catalogue import CATALOGUE, Catalogue

_HEAD = """\
# Written by `python -m hybridrep.project_file > MLproject`; an empty default means
# "as the profile says" (see the README's table, or --help of any entry point).
"""


def project_file(catalogue: Catalogue = CATALOGUE) -> str:
    """Return the text of `MLproject`: a string parameter for each that bears on an entry point."""
    entry_points = {}
    every = catalogue.entry_points
    for name, entry in {"main": every["full"], **every}.items():
        bearing = catalogue.bearing(entry)
        options = " ".join(f"--{parameter} {{{parameter}}}" for parameter in bearing)
        entry_points[name] = {
            "parameters": {p: {"type": "string", "default": ""} for p in bearing},
            "command": f"python -m entrypoints.{entry.name} {options}",
        }
    document = {"name": "hybridrep", "conda_env": "conda.yaml", "entry_points": entry_points}
    return _HEAD + yaml.safe_dump(document, sort_keys=False, width=1_000_000)


if __name__ == "__main__":
    sys.stdout.write(project_file())
