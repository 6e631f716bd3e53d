"""Frozen vision models in memory: functions from images to maps.

Imports torch, so it is itself imported only where a model is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._image_source import PACKAGED
from hybridrep.sources.encoders._settings import as_encoder_errors, quiet, refuse_mismatched


def packaged(weights: Mapping[str, np.ndarray]) -> Callable[[Sequence[np.ndarray]], Tensor]:
    """Return EfficientNet-Lite0 up to its last convolution; it sees RGB scaled to -1 to 1.

    Its batch normalisations, fixed numbers in evaluation mode, are folded into the convolutions
    before them, and its activations lie with channels last: a quarter of the time, and the same
    maps up to rounding (3e-5 of values up to 6).
    """
    network = EfficientNet.from_name(PACKAGED)
    network.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()})
    _fold(network.eval())
    network = network.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def maps(images: Sequence[np.ndarray]) -> Tensor:
        pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
        scaled = pixels.to(torch.float32).div_(255.0).mul_(2.0).sub_(1.0)
        made: Tensor = network.extract_features(scaled.to(memory_format=torch.channels_last))
        return made

    return maps


def _fold(network: nn.Module) -> None:
    """Fold each batch normalisation into the convolution before it, in place."""
    pairs = {
        "_conv_stem": "_bn0", "_conv_head": "_bn1", "_expand_conv": "_bn0",
        "_depthwise_conv": "_bn1", "_project_conv": "_bn2",
    }  # fmt: skip
    for part in list(network.modules()):
        for convolution, normalisation in pairs.items():
            conv, norm = getattr(part, convolution, None), getattr(part, normalisation, None)
            if not isinstance(conv, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
                continue
            with torch.no_grad():
                fused = fuse_conv_bn_eval(conv, norm)
            setattr(part, convolution, fused)
            setattr(part, normalisation, nn.Identity())
        if isinstance(part, nn.ReLU6):
            part.inplace = True


def of_folder(folder: Path) -> Callable[[Sequence[np.ndarray]], Tensor]:
    """Return a model in Hugging Face format, its images prepared as its own processor does."""
    from transformers import AutoModel

    from hybridrep.sources.encoders._image_settings import load_processor, prepare_images

    processor = load_processor(folder)
    with quiet(), as_encoder_errors(folder):
        model, report = AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False,
            local_files_only=True, output_loading_info=True, ignore_mismatched_sizes=True,
        )  # fmt: skip
    refuse_mismatched(report["mismatched_keys"], folder)
    if missing := sorted(report["missing_keys"]):
        raise EncoderError(
            f"The weights in {folder} lack {len(missing)} tensors of the model, e.g. "
            f"{missing[0]}: they belong to another model."
        )
    for parameter in model.parameters():
        # Own, aligned memory instead of the mapped file, as for encoders of texts.
        parameter.data = parameter.data.clone()
    model.eval()

    @torch.inference_mode()
    def maps(images: Sequence[np.ndarray]) -> Tensor:
        pixels = prepare_images(processor, images, folder)
        with as_encoder_errors(folder, "run"):
            made: Tensor = model(pixel_values=pixels).last_hidden_state
        return made

    return maps
