"""The network edge of the hub's models: an encoder's files, brought into the local cache."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hybridrep.errors import EncoderError
from hybridrep.sources.hub import FIRST_ANSWER_SECONDS, parse_hub

PINNED_REVISIONS = {
    "google-bert/bert-base-uncased": "86b5e0934494bd15c9632b12f734a8a67f723594",
}
"""The commit that is read of an encoder when the user names none."""

VOCABULARY_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
"""Files that can hold a tokenizer's vocabulary."""

TOKENIZER_FILES = (
    *VOCABULARY_FILES,
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""Everything that a tokenizer is made of."""

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
ALTERNATIVES = "Give `minilm`, which needs no network, or a local folder in Hugging Face format."

_PATTERNS = (
    CONFIG_FILE,
    WEIGHTS_FILE,
    WEIGHTS_INDEX,
    "model-*-of-*.safetensors",
    *TOKENIZER_FILES,
)


def fetch_encoder(source: str) -> Path:
    """Bring an encoder's configuration, tokenizer and safetensors weights into the local cache.

    Code, pickles and everything else of the repository are left behind. What the cache already
    holds is taken from there, so a fetched encoder needs no network any more.

    Args:
        source: `hub:OWNER/NAME` or `hub:OWNER/NAME@REVISION`; a revision is a commit, branch or
            tag. Without one, the pinned commit of a known encoder, else the main branch as it
            was when first fetched.

    Returns:
        The folder with the files; its name is the commit.

    Raises:
        EncoderError: the hub cannot be reached, within seconds, or has no such encoder or
            revision, or it has no safetensors weights.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # Its bases are the errors of the transport library, which differs by version, and OSError.
    unreachable: Any = HfHubHTTPError.__bases__
    repository, named = parse_hub(source, "encoder", "google-bert/bert-base-uncased", EncoderError)
    revision = named or PINNED_REVISIONS.get(repository)

    def snapshot(cached: bool) -> Path:
        folder = snapshot_download(
            repository,
            revision=revision,
            allow_patterns=list(_PATTERNS),
            etag_timeout=FIRST_ANSWER_SECONDS,
            local_files_only=cached,
        )
        return Path(folder)

    try:
        with suppress(LocalEntryNotFoundError):  # not fetched yet, or not wholly
            folder = snapshot(cached=True)
            if _has_all(file.name for file in folder.iterdir()):
                return folder
        # Asked by hand because it fails at once, where the download alone tries for long.
        info = HfApi().model_info(repository, revision=revision, timeout=FIRST_ANSWER_SECONDS)
        if not _has_all(file.rfilename for file in info.siblings or ()):
            raise EncoderError(
                f"{source} has no {CONFIG_FILE} with safetensors weights ({WEIGHTS_FILE}) at "
                f"commit {info.sha}; weights of another format are not loaded. {ALTERNATIVES}"
            )
        return snapshot(cached=False)
    except HFValidationError as error:
        raise EncoderError(f"{source!r} does not name a hub encoder: {error}") from error
    except RevisionNotFoundError as error:
        raise EncoderError(
            f"The hub encoder {repository!r} has no revision {revision!r}. {ALTERNATIVES}"
        ) from error
    except RepositoryNotFoundError as error:
        raise EncoderError(
            f"The hub has no public encoder {repository!r}, or asks for a login. {ALTERNATIVES}"
        ) from error
    except unreachable as error:
        raise EncoderError(
            f"The hub encoder {repository!r} cannot be reached ({error}), and it was not fetched "
            f"before. {ALTERNATIVES}"
        ) from error


def _has_all(names: Iterable[str]) -> bool:
    files = set(names)
    return CONFIG_FILE in files and bool({WEIGHTS_FILE, WEIGHTS_INDEX} & files)
