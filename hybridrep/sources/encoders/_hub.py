"""Encoders of the hub: configuration, tokenizer and safetensors weights, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._folder import CONFIG_FILE, WEIGHTS_FILE, WEIGHTS_INDEX
from hybridrep.sources.hub import MAIN, Kind, fetch

PINNED_REVISIONS = {"google-bert/bert-base-uncased": "86b5e0934494bd15c9632b12f734a8a67f723594"}
"""The commit that is read of an encoder when the user names none."""

VOCABULARY_FILES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model",
    "tokenizer.model",
)  # fmt: skip
"""Files that can hold a tokenizer's vocabulary."""

TOKENIZER_FILES = (
    *VOCABULARY_FILES, "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json",
)  # fmt: skip
"""Everything that a tokenizer is made of."""

ALTERNATIVES = "Give `minilm`, which needs no network, or a local folder in Hugging Face format."

PATTERNS = (CONFIG_FILE, WEIGHTS_FILE, WEIGHTS_INDEX, "model-*-of-*.safetensors", *TOKENIZER_FILES)
"""What is fetched of an encoder."""


def _has_all(names: Collection[str]) -> bool:
    return CONFIG_FILE in names and bool({WEIGHTS_FILE, WEIGHTS_INDEX} & {*names})


ENCODERS = Kind(
    noun="encoder",
    example="google-bert/bert-base-uncased",
    alternatives=ALTERNATIVES,
    repo_type="model",
    error=EncoderError,
    is_whole=_has_all,
    lacks=f"{{source}} has no {CONFIG_FILE} with safetensors weights ({WEIGHTS_FILE}) at commit "
    "{commit}; weights of another format are not loaded.",
    stays=True,
)


def fetch_encoder(source: str) -> Path:
    """Bring an encoder's configuration, tokenizer and safetensors weights into the local cache.

    What the cache already holds is taken from there. Without a revision (commit, branch or tag) the
    pinned commit of a known encoder is read, else the main branch as it was when first fetched.
    """
    repository, revision = ENCODERS.parse(source)
    wanted = revision or PINNED_REVISIONS.get(repository, MAIN)
    return fetch(ENCODERS, source, [wanted], PATTERNS).path
