"""How the lines of the study's figures are told apart."""

from __future__ import annotations

from hybridrep.reporting.style import INK, MUTED, OKABE_ITO, Stroke

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

FUSION_MARKERS = ("X", "P", "*", "s", "D", "^", "<", ">", "o", "v", "d", "h", "p", "8", "H", "1")
FUSION_SYMBOLS = (
    "x", "cross", "star", "square", "diamond", "triangle-up", "triangle-left", "triangle-right",
    "circle", "triangle-down", "diamond-tall", "hexagon", "pentagon", "octagon", "hexagon2",
    "y-down-open",
)  # fmt: skip
"""plotly's names of the same markers, in the order of `COMPARED`."""

FUSION_COLOURS = {
    "light": (
        MUTED, INK, OKABE_ITO["green"], OKABE_ITO["purple"], OKABE_ITO["yellow"],
        OKABE_ITO["orange"], "#a8711b", "#7a4d00", OKABE_ITO["blue"], OKABE_ITO["sky"], "#3a7ca5",
        OKABE_ITO["vermillion"], "#a03c00", "#c08000", "#005a46", "#8a4f7d",
    ),
    "dark": (
        "#a3a9b5", "#e8e6e1", "#35c79a", "#dda0c4", "#f0e442", "#e69f00", "#d6a555", "#b98a45",
        "#4aa3df", "#8fd0f5", "#7ab8dc", "#f08a4b", "#d9764a", "#ffc04d", "#49b39a", "#c590ba",
    ),
}  # fmt: skip
"""One colour a method of `COMPARED`: grey and ink the paper's, blues similarity matching, oranges
what rebuilds, vermillion what compresses one side."""
