"""What transformers leaves out of an encoder without an error: weights and settings.

The vectors would then be those of another model than the one that was trained. A head of another
task, a pooler and buffers that merely count are no part of a text's vector, and may be left out.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safetensors import safe_open
from transformers import PreTrainedConfig

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._hub import CONFIG_FILE
from hybridrep.sources.encoders._settings import VERSION, as_encoder_errors
from hybridrep.sources.encoders._source import encoder_files

_BUFFERS = ("position_ids", "token_type_ids", "inv_freq", "masked_bias")
"""Counted numbers that older versions have saved as if they were weights."""

_HEAD = re.compile(
    r"cls|classif|head|predict|pooler|qa_outputs|score|logit|seq_relationship|vocab_|lm_|mlm|"
    r"sequence_summary|projector|^linear\.|^dense\."
)
"""How the heads of other tasks are called, from transformers' own models and common others."""

_COMPUTES = frozenset({
    "position", "positions", "positional", "attention", "attn", "rotary", "rope", "alibi",
    "norm", "hidden", "layer", "layers", "embedding", "embeddings", "relative", "bias", "act",
    "activation", "conv", "kernel", "window", "sparse", "experts", "moe", "ffn",
    "intermediate", "causal", "residual", "quantization", "adapter", "adapters", "lora",
    "pruned", "encoder",
})  # fmt: skip
"""Words in the name of a setting that bears on a vector; others are notes of whoever saved it."""

_HARMLESS = re.compile(
    r"_.*|pooler_.*|classifier_.*|summary_.*|head_.*|output_.*|return_.*|use_cache|.*dropout.*|"
    r".*initializer.*|.*_token_id|gradient_.*|attn_implementation|num_(hidden_)?layers|"
    r"(hidden|intermediate|embedding|vocab)_(size|dim)"
)
"""Settings of heads, of training, of what is returned, and sizes, which the weights show: they
change no vector of a text."""

_NEUTRAL: tuple[Any, ...] = (None, False, 0, "", "absolute", [], {})
"""Values that switch nothing on; "absolute" positions are those that every model has."""

_SHOWN = 3


def refuse_left_out(model: Any, unused: Iterable[str], folder: Path) -> None:
    """Refuse an encoder of which transformers leaves weights or settings out.

    Args:
        model: as it was loaded.
        unused: names of the weights in its files that it has no use for.
        folder: where it lies; its configuration is read again, as it was written.

    Raises:
        EncoderError: names them.
    """
    weights = sorted(_of_encoder(model, unused, folder))
    settings = _ignored_settings(model, folder)
    parts = []
    if weights:
        more = f" and {len(weights) - _SHOWN} more" if len(weights) > _SHOWN else ""
        noun = "weight" if len(weights) == 1 else "weights"
        parts.append(f"the {noun} {', '.join(weights[:_SHOWN])}{more}")
    if settings:
        said = ", ".join(f"{name}={json.dumps(value)[:60]}" for name, value in settings.items())
        noun = "setting" if len(settings) == 1 else "settings"
        parts.append(f"the {noun} {said} of {CONFIG_FILE}")
    if parts:
        raise EncoderError(
            f"{VERSION} does not compute all of the encoder in {folder}: it leaves out "
            f"{' and '.join(parts)}. Its vectors would be those of another model. Give an encoder "
            "that needs none of this; if it changes no vector, save a copy without it."
        )


def _of_encoder(model: Any, names: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield which of a file's unused weights belong to the encoder."""
    prefix = f"{model.base_model_prefix}."
    parts = {name for name, _ in model.named_children()}
    # a file of a model with a head keeps the encoder apart, under a name of its own
    apart = any(name.startswith(prefix) for name in _saved_names(folder))
    for name in names:
        inner = name.removeprefix(prefix)
        if inner.endswith(_BUFFERS) or "pooler" in inner.split("."):
            continue
        inside = inner != name or inner.partition(".")[0] in parts
        if inside or not (apart or _HEAD.search(inner)):
            yield name


def _saved_names(folder: Path) -> Iterator[str]:
    """Yield the names of all weights in an encoder's files."""
    for file in encoder_files(folder):
        if file.suffix == ".safetensors":
            with safe_open(file, framework="np") as tensors:
                yield from tensors.keys()


def _ignored_settings(model: Any, folder: Path) -> dict[str, Any]:
    """Return the settings that bear on a vector and that no code of the model mentions."""
    with as_encoder_errors(folder):
        written = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        code = "".join(
            inspect.getsource(sys.modules[c.__module__]) for c in (type(model), type(model.config))
        )
    known = {
        *re.findall(r"\w+", code),
        *PreTrainedConfig().to_dict(),
        *type(model.config).attribute_map,
    }
    return {
        name: value for name, value in written.items()
        if name not in known and value not in _NEUTRAL
        and not _HARMLESS.fullmatch(name) and _COMPUTES.intersection(name.split("_"))
    }  # fmt: skip
