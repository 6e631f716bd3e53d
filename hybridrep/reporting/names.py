"""How the tables' names read to people: one place, used by figures, tables, HTML and Markdown.

The names themselves are those of `analysis.names`.
"""

from __future__ import annotations

from collections.abc import Sequence

SHOWN_ITEM_SETS = ("seen", "test", "unseen")
"""Item sets in the order they are shown: from the most to the least familiar tweets."""

SHOWN_REPRESENTATIONS = ("task_specific", "global", "diffused", "transformed")
"""The four representations in the order of the paper's figures 4 and 5."""

_WORDS = {
    "bert_to_lstm": "BERT → LSTM",
    "lstm_to_bert": "LSTM → BERT",
    "input_vs_target": "input – target",
    "bottleneck_vs_input": "bottleneck – input",
    "bottleneck_vs_target": "bottleneck – target",
    "reconstructed_vs_input": "reconstructed – input",
    "reconstructed_vs_target": "reconstructed – target",
    "bottleneck_vs_reconstructed": "bottleneck – reconstructed",
    "task_specific": "LSTM",
    "global": "BERT",
    "diffused": "bottleneck",
    "transformed": "reconstructed",
    "seen": "seen (training tweets of both models)",
    "test": "test (the paper’s: unseen by the autoencoder)",
    "unseen": "unseen (by either model)",
    "baseline": "Baseline",
    "lstm": "LSTM",
    "bert": "BERT",
    "bert_to_lstm_bottleneck": "BERT → LSTM, bottleneck",
    "bert_to_lstm_reconstructed": "BERT → LSTM, reconstructed",
    "lstm_to_bert_bottleneck": "LSTM → BERT, bottleneck",
    "lstm_to_bert_reconstructed": "LSTM → BERT, reconstructed",
    "train_loss": "train loss",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "validation_loss": "validation loss",
    "validation_accuracy": "validation accuracy",
}

_SOURCES = {"bert_to_lstm": ("BERT", "LSTM"), "lstm_to_bert": ("LSTM", "BERT")}


def readable(name: str) -> str:
    """Return a table's name as people read it; an unknown one with spaces for underscores."""
    return _WORDS.get(name, name.replace("_", " "))


def pair_in(direction: str, pair: str) -> str:
    """Return a pair with the systems' names, e.g. "bottleneck – BERT (input)"."""
    source, target = _SOURCES.get(direction, ("input", "target"))
    named = {
        "input": f"{source} (input)",
        "target": f"{target} (target)",
        "bottleneck": "bottleneck",
        "reconstructed": "reconstructed",
    }
    first, _, second = pair.partition("_vs_")
    return f"{named.get(first, first)} – {named.get(second, second)}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return "1 seed", "25 seeds", "16,000 tweets"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def seeds_text(seeds: Sequence[int]) -> str:
    """Return seeds as ranges: `[0, 1, 2, 5]` -> "0–2, 5"."""
    ordered = sorted(set(seeds))
    parts: list[str] = []
    start = 0
    for stop in range(1, len(ordered) + 1):
        if stop == len(ordered) or ordered[stop] != ordered[stop - 1] + 1:
            first, final = ordered[start], ordered[stop - 1]
            parts.append(f"{first}" if first == final else f"{first}–{final}")
            start = stop
    return ", ".join(parts)
