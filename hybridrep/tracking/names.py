"""The tags that tie runs together; users and checks rely on these names.

Seed runs are top-level in a study's experiment (MLflow's charts leave nested ones out), so tags
are all that holds a study together.
"""

from collections.abc import Mapping

SIMULATION = "hybridrep.simulation"
"""Which of the catalogue's studies a run is of: runs of two are never mixed."""

FIRST_SIMULATION = "hybrid"
"""The simulation of the runs that lack the tag: they are from before there was a second one."""

KIND = "hybridrep.kind"
"""`study`, `seed`, `trial` or `stage`."""

STAGE = "hybridrep.stage"
"""Which stage a run of kind `stage` is: `sweep` or `register`, where others look for it."""

STUDY = "hybridrep.study"
"""The study's name as the user gave it."""

STUDY_KEY = "hybridrep.study_key"
"""What identifies a study: a hash of everything that its numbers depend on."""

CACHE_KEY = "cache_key"
"""What identifies a seed's results: a finished run with the same one is reused."""

HOST = "hybridrep.host"
PID = "hybridrep.pid"
PROCESS_START = "hybridrep.process_start"
PROCESS_BIRTH = "hybridrep.process_birth"
"""With host and pid: which process writes a run, so that a dead one's runs can be closed."""

VERSIONS = "hybridrep.versions"
UNCOMMITTED = "hybridrep.uncommitted_changes"
FAILURE = "hybridrep.failure"
"""Why a run did not finish: the message that the user got, the place of a fault of the program
(never its message, which may cite data), or who closed it."""

SELECTED_BY = "selected_by"
DATA_FINGERPRINT = "data_fingerprint"
MODEL_DIGEST = "model_digest"
"""Tags of a registered version: the criterion, the data that its score stands on, and its
weights. With `seed`, `study_key` and `score`."""

MODEL_SHARES_TEXT = "share_text"
"""Tag of a registered version: whether its input example was made of texts of the data."""


def simulation_of(tags: Mapping[str, str]) -> str:
    """Return which simulation a run with these tags is of."""
    return tags.get(SIMULATION, FIRST_SIMULATION)
