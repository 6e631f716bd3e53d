"""Names that arrays and tables of results share: directions, representations, pairs, items."""

from __future__ import annotations

DIRECTIONS = ("bert_to_lstm", "lstm_to_bert")
"""The two autoencoders, named input first."""

REPRESENTATIONS = ("global", "task_specific", "diffused", "transformed")
"""The paper's four representations: encoder, LSTM, bottleneck, reconstruction."""

PAIRS = (
    "input_vs_target",
    "bottleneck_vs_input",
    "bottleneck_vs_target",
    "reconstructed_vs_input",
    "reconstructed_vs_target",
    "bottleneck_vs_reconstructed",
)
"""All pairs of an autoencoder's four representations, in the order of every result."""

ITEM_SETS = ("test", "unseen", "seen")
"""The autoencoder's test tweets (the paper's), tweets no model saw, training tweets of both."""

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
