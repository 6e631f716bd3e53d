"""What a vision model's folder says of itself: how it is shown an image, and what comes out.

Imports torch and transformers, so it is itself imported only where a model of a folder is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from transformers import AutoConfig, AutoImageProcessor, AutoModel

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._settings import as_encoder_errors, quiet

_OPTIONS = {"trust_remote_code": False, "local_files_only": True}


def load_processor(folder: Path) -> Any:
    """Load what prepares images for a model, without any code of the folder's author."""
    with quiet(), as_encoder_errors(folder):
        return AutoImageProcessor.from_pretrained(folder, **_OPTIONS)


def prepare_images(
    processor: Any, images: Sequence[UInt8[np.ndarray, "side side 3"]], folder: Path
) -> Tensor:
    """Return images as a model takes them: float32 [images, 3, rows, columns]."""
    with as_encoder_errors(folder, "shown an image"):
        pixels: Tensor = processor(list(images), return_tensors="pt")["pixel_values"]
        return pixels


def map_of(folder: Path, side: int) -> tuple[str, tuple[int, int, int]]:
    """Return a model's type and the shape of its map of one frame, without reading any weights.

    The model is built without memory for its weights (on the device `meta`), where only shapes
    are computed.
    """
    processor = load_processor(folder)
    pixels = prepare_images(processor, [np.zeros((side, side, 3), dtype=np.uint8)], folder)
    with quiet(), as_encoder_errors(folder):
        config = AutoConfig.from_pretrained(folder, **_OPTIONS)
        with torch.device("meta"):
            model = AutoModel.from_config(config, trust_remote_code=False)
    with as_encoder_errors(folder, "shown an image"), torch.inference_mode():
        hidden = getattr(model.eval()(pixel_values=pixels.to("meta")), "last_hidden_state", None)
    shape = () if hidden is None else tuple(hidden.shape)
    if len(shape) != 4 or shape[1] < 1 or shape[2] * shape[3] < 2:
        found = "has none" if hidden is None else f"is {' x '.join(map(str, shape))}"
        raise EncoderError(
            f"The vision model in {folder} ({config.model_type}) gives no map: its last hidden "
            f"state should be images x channels x rows x columns, but {found}. Give a "
            "convolutional model such as ResNet, whose places can be told apart."
        )
    return str(config.model_type), (shape[1], shape[2], shape[3])
