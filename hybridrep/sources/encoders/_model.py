"""A frozen encoder in memory: tokens of texts, and the [CLS] vector of tokens.

Imports torch and transformers, so it is itself imported only where an encoder is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32, Int64
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoModel, BertModel

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._left_out import refuse_left_out
from hybridrep.sources.encoders._settings import (
    as_encoder_errors,
    load_settings,
    longest_text,
    quiet,
    refuse_mismatched,
)
from hybridrep.sources.encoders.reading import USUAL, Pooling, Reading

_PROBED_TOKENS = 8
"""Tokens of the longer one of the two texts with which a loaded encoder is tried."""


@dataclass(frozen=True, eq=False)
class FrozenEncoder:
    """An encoder ready for use: both functions are pure.

    Attributes:
        tokenize: token ids of every text with [CLS] in front, cut to the longest allowed.
        longest: tokens of the longest text that it reads, [CLS] included.
        cls: [CLS] vectors of the last layer for texts of equal length, int64 [batch,
            tokens] -> float32 [batch, hidden].
        states: of every layer for such texts, -> float32 [batch, tokens, hidden] each: what goes
            into the first, then what comes out of each.
    """

    tokenize: Callable[[Sequence[str]], list[list[int]]]
    longest: int
    cls: Callable[[Tensor], Tensor]
    states: Callable[[Tensor], tuple[Tensor, ...]]

    def vectors(self, ids: Tensor, reading: Reading) -> Tensor:
        """Return the vectors of texts of equal length: float32 [batch, hidden]."""
        if reading == USUAL:
            return self.cls(ids)
        return pooled(self.states(ids)[reading.layer], reading.pooling)


def pooled(states: Tensor, pooling: Pooling) -> Tensor:
    """Return one vector a text: float32 [batch, tokens, hidden] -> [batch, hidden]."""
    return states[:, 0] if pooling == "cls" else states.mean(dim=1)


def load_encoder(folder: Path, device: str = "cpu") -> FrozenEncoder:
    """Load an encoder's tokenizer and whole weights: float32, evaluation mode, safetensors only.

    The weights go to the device, where both of its functions take token ids and leave vectors.
    """
    config, tokenizer = load_settings(folder)
    with quiet(), as_encoder_errors(folder):
        model, report = AutoModel.from_pretrained(
            folder, config=config, dtype=torch.float32, use_safetensors=True,
            trust_remote_code=False, local_files_only=True, output_loading_info=True,
            ignore_mismatched_sizes=True,
        )  # fmt: skip
    refuse_mismatched(report["mismatched_keys"], folder)
    if missing := sorted(key for key in report["missing_keys"] if not key.startswith("pooler.")):
        raise EncoderError(
            f"The weights in {folder} lack {len(missing)} tensors of the model, e.g. "
            f"{missing[0]}: they belong to another model."
        )
    refuse_left_out(model, report["unexpected_keys"], folder)
    for name, parameter in model.named_parameters():
        if not name.startswith("pooler.") and not torch.isfinite(parameter).all():
            raise EncoderError(
                f"The weights in {folder} hold values that are not finite, the first in {name}: "
                "they are damaged. Fetch them again."
            )
        # Own, aligned memory instead of the mapped file: the last bits of a matrix product depend
        # on alignment, and should not depend on where a tensor lies in its file.
        parameter.data = parameter.data.clone()
    model.to(device)
    longest = longest_text(config, tokenizer, folder, _reserved_positions(model))

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        with as_encoder_errors(folder):
            tokens = tokenizer(
                list(texts), truncation=True, max_length=longest, padding=False,
                return_attention_mask=False, return_token_type_ids=False,
            )  # fmt: skip
        ids: list[list[int]] = tokens["input_ids"]
        return ids

    cls = _cls_function(model.eval(), folder)
    _check_tells_apart(cls, tokenizer, min(longest, _PROBED_TOKENS), folder, device)
    return FrozenEncoder(tokenize, longest, cls, _states_function(model, folder))


def _reserved_positions(model: Any) -> int:
    """Return how many of the first positions no token has: all up to the padding's."""
    for name, module in model.named_modules():
        if name.rpartition(".")[2] == "position_embeddings":
            padding = getattr(module, "padding_idx", None)
            return 0 if padding is None else int(padding) + 1
    return 0


def _check_tells_apart(
    cls: Callable[[Tensor], Tensor], tokenizer: Any, longest: int, folder: Path, device: str
) -> None:
    """Refuse an encoder that gives two different texts the same vector, whatever the reason."""
    words = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids))
    if len(words) < 2:
        return  # it knows no words to be told apart
    first, second = (
        cls(torch.tensor([[tokenizer.cls_token_id, *row]]).to(device))
        for row in ([words[0]], [words[-1]] * (longest - 1))
    )
    if torch.equal(first, second):
        raise EncoderError(
            f"The encoder in {folder} gives different texts exactly the same vector: its [CLS] "
            "does not see the words, or its weights are damaged. Give a BERT-like encoder."
        )


def _cls_function(model: Any, folder: Path) -> Callable[[Tensor], Tensor]:
    """Return the function that gives a model's [CLS] vectors."""
    config = model.config
    shortened = type(model) is BertModel and not config.is_decoder and config.num_hidden_layers > 0

    @torch.inference_mode()
    def cls(ids: Tensor) -> Tensor:
        with as_encoder_errors(folder, "run"):
            if shortened:
                return _bert_cls(model, ids)
            with quiet():
                hidden: Tensor = model(input_ids=ids, attention_mask=torch.ones_like(ids))[0]
            return hidden[:, 0]

    return cls


def _states_function(model: Any, folder: Path) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """Return the function that gives a model's states of all layers."""

    @torch.inference_mode()
    def states(ids: Tensor) -> tuple[Tensor, ...]:
        with as_encoder_errors(folder, "run"), quiet():
            found = model(
                input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
            )
        *inner, _ = found.hidden_states
        return (*inner, found[0])  # some architectures norm the last layer's states afterwards

    return states


def _bert_cls(
    model: BertModel, ids: Int64[Tensor, "batch tokens"]
) -> Float32[Tensor, "batch hidden"]:
    """Run BERT on unpadded texts, its last layer for [CLS] only: a seventh less of six layers."""
    states = model.embeddings(ids)
    *layers, last = model.encoder.layer
    for layer in layers:
        states = layer(states)
    attention = last.attention.self

    def heads(projected: Tensor) -> Tensor:
        return projected.unflatten(-1, (-1, attention.attention_head_size)).transpose(1, 2)

    first = states[:, :1]
    context = scaled_dot_product_attention(
        heads(attention.query(first)), heads(attention.key(states)), heads(attention.value(states))
    )
    attended = last.attention.output(context.transpose(1, 2).flatten(2), first)
    result: Tensor = last.feed_forward_chunk(attended)
    return result[:, 0]
