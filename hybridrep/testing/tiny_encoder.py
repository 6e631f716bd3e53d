"""A tiny encoder in Hugging Face format, and plain transformers use to compare with."""

import json
from pathlib import Path

import numpy as np
import torch
import transformers

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("i", "feel", "so", "very", "happy", "sad", "today", "##ly", "##ing", ".", "!", "not")
TEXTS = (
    "I feel happy.",
    "so very sad today",
    "",
    "not happy! not sad!",
    "sadly happily feeling unheard of",
    "I feel so so so so so so so so so so so so so so so so very sad",
    "I feel happy.",
    "today",
)


def make_model(folder: Path, kind: str = "Bert", **settings) -> None:
    """Save a tiny encoder with random weights and a WordPiece vocabulary."""
    vocabulary = [*SPECIAL, *WORDS]
    sizes = {
        "vocab_size": len(vocabulary),
        "hidden_size": 24,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 16,
        "initializer_range": 0.5,
    }
    torch.manual_seed(1)
    config = getattr(transformers, f"{kind}Config")(**{**sizes, **settings})
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 16}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))


def plain_vectors(folder: Path, texts, batch: int) -> np.ndarray:
    """[CLS] as in transformers' own examples: padded batches in the texts' order."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    rows = []
    with torch.no_grad():
        for start in range(0, len(texts), batch):
            tokens = tokenizer(
                list(texts[start : start + batch]),
                padding=True,
                truncation=True,
                return_tensors="pt",
            )
            rows.append(model(**tokens).last_hidden_state[:, 0])
    return torch.cat(rows).numpy()


def configure(folder: Path, **settings) -> None:
    """Change some settings of a saved encoder's configuration."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))
