"""An N-back study of seconds: two categories, two views, a tiny random convolutional network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.study import Study
from hybridrep.sources.encoders.image import resolve_image_encoder
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.inputs import Background, Inputs, Objects, Stimuli
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.stimuli.frames import FRAME
from hybridrep.studies.nback.stimuli.render import SIDE
from hybridrep.studies.nback.study import NBACK

_SIZES = {"train": ("a", "b"), "val_angle": ("a", "b"), "val_identity": ("c", "d")}
VIEWS = 2


def write_vision_model(folder: Path, seed: int = 0) -> Path:
    """Save a residual network of random weights with a map of 8 x 7 x 7, as Hugging Face does."""
    import torch
    from transformers import ConvNextImageProcessor, ResNetConfig, ResNetModel

    torch.manual_seed(seed)
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], layer_type="basic"
    )
    ResNetModel(config).save_pretrained(folder, safe_serialization=True)
    ConvNextImageProcessor(size={"shortest_edge": FRAME}, crop_pct=1.0).save_pretrained(folder)
    return folder


def small_study() -> Study:
    """Return the study with stimuli that need no rendering: patches of random colours."""
    return replace(NBACK, prepare=_prepare)


def small_config(folder: Path, **given: object) -> Config:
    """Return its parameters; its vision model is written to the folder where it is missing."""
    model = folder / "vision-model"
    if not model.exists():
        write_vision_model(model)
    small: dict[str, object] = {
        "backbone": str(model), "store": str(folder / "store"), "categories": 2, "seeds": 2,
        "hidden": "rnn=16,gru=16/8,lstm=16", "components": 8, "iterations": 30, "batch": 16,
        "diets": "mtmf,stsf_1L", "architectures": "rnn,gru", "workers": 1, "study": "small",
        "steps": 4, "n_back": "1,2", "analysis_trials": 60, "bootstraps": 2,
    }  # fmt: skip
    return resolve({**small, **given}, Config)


def _prepare(config: Config, store: Store) -> Inputs:
    """Put random patches into the store in place of rendered ones."""
    categories = tuple(f"kind{number}" for number in range(config.categories))
    objects, keys = [], []
    for number, split in enumerate(SPLITS):
        identities = tuple(f"{kind}/{name}" for kind in categories for name in _SIZES[split])
        kinds = tuple(kind for kind in range(len(categories)) for _ in _SIZES[split])
        objects.append(Objects(categories, identities, kinds, (VIEWS,) * len(identities)))
        keys.append(_patches(store, len(identities), number))
    stimuli = Stimuli("random", "patches of random colours", keys[0], tuple(objects), tuple(keys))
    backbone = resolve_image_encoder(config.backbone, FRAME)
    return Inputs(config, stimuli, Background("plain"), backbone)


def _patches(store: Store, identities: int, split: int) -> str:
    """Store a patch of each view of each object: one object's are alike but for noise."""
    key = content_key({"small patches": [identities, split]})
    if not store.has(key):
        coarse = np.random.default_rng(0 if split < 2 else 1).integers(
            0, 256, (identities, 4, 4, 3)
        )
        size = SIDE // 4
        large = coarse.repeat(size, axis=1).repeat(size, axis=2).repeat(VIEWS, axis=0)
        noise = np.random.default_rng(split).integers(-20, 21, large.shape)
        rgb = (large + noise).clip(0, 255).astype(np.uint8)
        alpha = np.full((*rgb.shape[:3], 1), 255, np.uint8)
        patches = {"patches": {"rgba": np.concatenate([rgb, alpha], axis=-1)}}
        store.write(key, stage="patches", inputs={}, arrays=patches, seconds=0.0)
    return key
