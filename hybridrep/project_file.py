"""`MLproject`, written from the configuration so that the two cannot disagree.

`python -m hybridrep.project_file` prints the file; a test compares it with the one committed.
"""

from __future__ import annotations

import sys

import yaml

from hybridrep.parameters import Parameters, parameters
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.report.config import CompareConfig, ReportConfig
from hybridrep.studies.hybrid.sweep.config import RegisterConfig, SweepConfig

ENTRY_POINTS: dict[str, type[Parameters]] = {
    "main": Config,
    "full": Config,
    "embed": Config,
    "lstm": Config,
    "autoencode": Config,
    "rsa": Config,
    "transfer": Config,
    "report": ReportConfig,
    "sweep": SweepConfig,
    "register": RegisterConfig,
    "compare": CompareConfig,
}
"""Every entry point and the configuration that it takes."""

_HEAD = """\
# Written by `python -m hybridrep.project_file > MLproject`; an empty default means
# "as the profile says" (see the README's table, or --help of any entry point).
"""


def project_file() -> str:
    """Return the text of `MLproject`: one entry point a stage, one string parameter a field."""
    entry_points = {}
    for name, model in ENTRY_POINTS.items():
        module = "full" if name == "main" else name
        options = " ".join(f"--{parameter} {{{parameter}}}" for parameter in parameters(model))
        entry_points[name] = {
            "parameters": {p: {"type": "string", "default": ""} for p in parameters(model)},
            "command": f"python -m entrypoints.{module} {options}",
        }
    document = {"name": "hybridrep", "conda_env": "conda.yaml", "entry_points": entry_points}
    return _HEAD + yaml.safe_dump(document, sort_keys=False, width=1_000_000)


if __name__ == "__main__":
    sys.stdout.write(project_file())
