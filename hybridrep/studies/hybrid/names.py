"""Names that arrays and tables of results share: directions, representations, pairs, items."""

from __future__ import annotations

import re
from typing import Literal

SIMULATION = "hybrid"
"""What the runs of this paper's studies are tagged with (`hybridrep.simulation`)."""

DIRECTIONS = ("bert_to_lstm", "lstm_to_bert")
"""The two autoencoders, named input first."""

HIDDEN_SIZE = 300
"""Size of the LSTM's hidden state, the task-specific representation (section 3.1.3)."""

REPRESENTATIONS = ("global", "task_specific", "diffused", "transformed")
"""The paper's four representations: encoder, LSTM, bottleneck, reconstruction."""

PAIRS = (
    "input_vs_target", "bottleneck_vs_input", "bottleneck_vs_target", "reconstructed_vs_input",
    "reconstructed_vs_target", "bottleneck_vs_reconstructed",
)  # fmt: skip
"""All pairs of an autoencoder's four representations, in the order of every result."""

FOLLOWED = ("rsa.cosine.pearson", "cka", "mutual_knn.k10")
"""Measures that trainings hold at many epochs; others are computed of the models that are kept."""

REVERSED_PAIRS = tuple("_vs_".join(reversed(pair.split("_vs_"))) for pair in PAIRS)
"""The same pairs the other way round, for measures that are not symmetric."""

ITEM_SETS = ("test", "unseen", "seen")
"""The autoencoder's test tweets (the paper's), tweets no model saw, training tweets of both."""

SHARED = "shared"
"""The item set that is the same for every seed: tweets outside of the corpus' own training split,
drawn by a stream without a seed. A study has it only where the corpus says what it trains on, and
is large enough."""

CHOSEN_ON = "selection"
"""The item set that choices between models are made on: validation tweets that no model was trained
on, less the shared ones. Where there are no shared ones, those of `unseen`."""

FUSED_SETS = (*ITEM_SETS, CHOSEN_ON)
"""The sets that fusions are measured on."""

ALL_ITEM_SETS = (*ITEM_SETS, SHARED, CHOSEN_ON)
"""Every set of tweets whose similarities are correlated, in the order of every result."""

BASELINE = "baseline"
"""The representation that all others are tested against."""

UNSIZED = (BASELINE, "lstm", "bert")
"""Transfer representations that have no bottleneck; tables give them bottleneck 0."""

SIZED = tuple(f"{d}_{part}" for d in DIRECTIONS for part in ("bottleneck", "reconstructed"))
"""Transfer representations that come out of an autoencoder of some bottleneck size."""

TRANSFER = UNSIZED + SIZED
"""The seven representations of the transfer task, in the order of the paper's Table 1."""

TRANSFER_METRICS = ("train_loss", "test_loss", "test_accuracy")
"""The three columns of the paper's Table 1."""

CorpusName = Literal["emotion", "hate"]
"""The two parts a corpus can play in the simulation."""

SHOWN_ITEM_SETS = ("seen", "test", "unseen")
"""Item sets in the order they are shown: from the most to the least familiar tweets."""

SHOWN_REPRESENTATIONS = ("task_specific", "global", "diffused", "transformed")
"""The four representations in the order of the paper's figures 4 and 5."""

SYSTEMS = {"bert_to_lstm": ("BERT", "LSTM"), "lstm_to_bert": ("LSTM", "BERT")}
"""What each direction starts from and what it leads to, as people read them."""

_ARROWS = {direction: " → ".join(systems) for direction, systems in SYSTEMS.items()}

_WORDS = {
    **_ARROWS, **{pair: pair.replace("_vs_", " – ") for pair in (*PAIRS, *REVERSED_PAIRS)},
    **{f"{d}_{part}": f"{_ARROWS[d]}, {part}" for d in DIRECTIONS
       for part in ("bottleneck", "reconstructed")},
    "task_specific": "LSTM", "global": "BERT", "diffused": "bottleneck",
    "transformed": "reconstructed", "baseline": "Baseline", "lstm": "LSTM", "bert": "BERT",
    "seen": "seen (training tweets of both models)",
    "test": "test (the paper’s: unseen by the autoencoder)", "unseen": "unseen (by either model)",
    "shared": "shared (the same for every seed, unseen by either model)",
    "selection": "selection (validation tweets less the shared ones)",
}  # fmt: skip


def readable(name: str) -> str:
    """Return a table's name as people read it; an unknown one with spaces for underscores."""
    return _WORDS.get(name, name.replace("_", " "))


def hyphened(direction: str) -> str:
    """Return a direction as the paper writes it in running text: "BERT-to-LSTM"."""
    return "-to-".join(SYSTEMS[direction])


def in_words(text: str) -> str:
    """Return a text with the new task's names in it as people read them, the longest first."""
    for name in sorted(TRANSFER, key=len, reverse=True):
        text = re.sub(rf"\b{name}\b", readable(name), text)
    return text


def pair_in(direction: str, pair: str) -> str:
    """Return a pair with the systems' names, e.g. "bottleneck – BERT (input)"."""
    source, target = SYSTEMS.get(direction, ("input", "target"))
    named = {"input": f"{source} (input)", "target": f"{target} (target)"}
    first, _, second = pair.partition("_vs_")
    return f"{named.get(first, first)} – {named.get(second, second)}"
