"""Maps of frames: the packaged vision model as it comes, by 32 frames, against `image_maps`."""

from __future__ import annotations

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet

from benchmarks.harness import Agreement, Part
from hybridrep.sources.encoders.image import (
    BATCH,
    PACKAGED,
    image_maps,
    packaged_weights,
    resolve_image_encoder,
)
from hybridrep.studies.nback.stimuli.frames import FRAME

FRAMES, PLAIN_BATCH = 64, 32
MULTIPLY_ADDS = 407e6
"""Of EfficientNet-Lite0 on one frame of 224 x 224, as its authors state."""
ROUNDING = 10.0
"""How much further than the plain side the fast one may be from float64."""
TOLERANCE = 1e-4


def parts() -> list[Part]:
    """Return the part `nback_features`: frames of noise, for no branch depends on what is seen."""
    encoder = resolve_image_encoder(PACKAGED, FRAME)
    weights = packaged_weights()
    model = EfficientNet.from_name(PACKAGED)
    model.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()})
    model.eval()
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (FRAMES, FRAME, FRAME, 3), dtype=np.uint8)
    image_maps(encoder, frames[:1], lambda: weights)  # loads the weights

    def scaled(images: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.from_numpy(images).permute(0, 3, 1, 2).to(dtype) / 255 * 2 - 1

    def plain() -> np.ndarray:
        with torch.inference_mode():
            batches = [frames[i : i + PLAIN_BATCH] for i in range(0, FRAMES, PLAIN_BATCH)]
            return torch.cat([model.extract_features(scaled(each)) for each in batches]).numpy()

    def check(some: np.ndarray, found: np.ndarray) -> Agreement:
        """Hold the fast side to being as near to float64 as the plain side is, on some frames."""
        few = slice(0, BATCH)
        with torch.inference_mode():
            exact = model.double().extract_features(scaled(frames[few], torch.float64)).numpy()
        model.float()
        off = float(np.abs(found[few] - exact).max())
        drift = float(np.abs(some[few] - exact).max())
        said = f"from float64 {off:.0e} (plain: {drift:.0e})"
        return Agreement(said, off <= max(ROUNDING * drift, TOLERANCE))

    return [
        Part(
            name="nback_features",
            plain=plain,
            fast=lambda: image_maps(encoder, frames, lambda: weights),
            flops=2 * MULTIPLY_ADDS * FRAMES,
            bytes=float(sum(each.nbytes for each in weights.values())),
            sizes={"frames": FRAMES, "plain_batch": PLAIN_BATCH, "fast_batch": BATCH},
            check=check,
        )
    ]
