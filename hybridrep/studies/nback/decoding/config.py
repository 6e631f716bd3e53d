"""The parameters of `nback_decode`, beside those of the study."""

from __future__ import annotations

from hybridrep.parameters import setting
from hybridrep.studies.nback.config import Config


class DecodeConfig(Config):
    """What is decoded: the study's networks, or states that were recorded elsewhere."""

    states: str = setting(
        "", "recorded states in place of the study's: an .npz or .safetensors file with an array "
        "`states` [trials, times, units]", role="place", max_length=4096,
    )  # fmt: skip
    labels: str = setting(
        "", "table of their labels (.csv, .tsv, .parquet), a row a trial; empty: beside the "
        "states, of the same name", role="place", max_length=4096,
    )  # fmt: skip
