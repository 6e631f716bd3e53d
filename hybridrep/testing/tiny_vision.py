"""Tiny vision models in Hugging Face format, with random weights."""

import json
from pathlib import Path

import torch
import transformers


def make_vision_model(folder: Path, **settings) -> None:
    """Save a tiny ResNet whose map of a 32 x 32 image is 6 x 4 x 4."""
    torch.manual_seed(1)
    sizes = {"embedding_size": 4, "hidden_sizes": [4, 6], "depths": [1, 1], "layer_type": "basic"}
    config = transformers.ResNetConfig(**{**sizes, **settings})
    model = transformers.ResNetModel(config)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    save_processor(folder)


def make_transformer(folder: Path) -> None:
    """Save a tiny vision transformer: its last hidden state is no map but a list of patches."""
    config = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        image_size=32, patch_size=16,
    )  # fmt: skip
    transformers.ViTModel(config).save_pretrained(folder)
    save_processor(folder)


def save_processor(folder: Path) -> None:
    """Save how a model is shown an image: 32 x 32, colours from -1 to 1."""
    settings = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "do_rescale": True,
        "size": {"height": 32, "width": 32}, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
