"""How the lines of the study's figures are told apart."""

from __future__ import annotations

from hybridrep.reporting.style import MUTED, OKABE_ITO, Stroke

PAIR_STROKES = {
    "input_vs_target": Stroke(MUTED, ":", ""),
    "bottleneck_vs_input": Stroke(OKABE_ITO["orange"], "--", "o"),
    "bottleneck_vs_target": Stroke(OKABE_ITO["sky"], "--", "s"),
    "reconstructed_vs_input": Stroke(OKABE_ITO["vermillion"], "-", "o"),
    "reconstructed_vs_target": Stroke(OKABE_ITO["blue"], "-", "s"),
    "bottleneck_vs_reconstructed": Stroke(OKABE_ITO["green"], "-.", "^"),
}
"""Warm and round = with the input, cool and square = with the target; dashed = bottleneck."""

TRANSFER_STROKES = {
    "baseline": Stroke(MUTED, ":", ""), "lstm": Stroke(OKABE_ITO["vermillion"], "-", "o"),
    "bert": Stroke(OKABE_ITO["blue"], "-", "s"),
    "bert_to_lstm_bottleneck": Stroke(OKABE_ITO["sky"], "--", "D"),
    "bert_to_lstm_reconstructed": Stroke(OKABE_ITO["green"], "-", "^"),
    "lstm_to_bert_bottleneck": Stroke(OKABE_ITO["orange"], "--", "v"),
    "lstm_to_bert_reconstructed": Stroke(OKABE_ITO["purple"], "-", "P"),
}  # fmt: skip
