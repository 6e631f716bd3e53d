"""The autoencoders' layers, drawn from the configuration (Fig. 2)."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from hybridrep.reporting.boxes import arrow, canvas, heading
from hybridrep.reporting.style import INK, MUTED, OKABE_ITO
from hybridrep.studies.hybrid.names import DIRECTIONS, SYSTEMS, readable
from hybridrep.studies.hybrid.report.figures.design import Design

_PLAIN = "#9aa3b2"
_MARKED = OKABE_ITO["vermillion"]


def architecture(design: Design) -> Figure:
    """Draw both autoencoders with the width of every layer, bottleneck and output highlighted."""
    figure, axes = canvas(10.0, 6.4)
    sizes = {"BERT": design.encoder_size or 0, "LSTM": design.task_size}
    for middle, direction in zip((48.0, 19.0), DIRECTIONS, strict=True):
        source, target = SYSTEMS[direction]
        _autoencoder(
            axes, middle, readable(direction), source, sizes[source], target, sizes[target], design
        )
    others = ", ".join(str(size) for size in design.bottlenecks[1:])
    axes.text(
        1, 1.0, "Conv1D and ConvTranspose1D: kernel 3, stride 2, padding 1, on sequences of "
        "length 1; ReLU between layers, none on the bottleneck and the output.\n"
        + (f"Other bottleneck sizes b: {others}, with layers 4b, 2b, b." if others else ""),
        fontsize=7.5, color=MUTED, va="bottom", linespacing=1.4,
    )  # fmt: skip
    return figure


def layer_widths(source: int, bottleneck: int, target: int) -> tuple[int, ...]:
    """Return the widths from input to output: 4b, 2b, b on the way in, 2b, 4b on the way out."""
    b = bottleneck
    return source, 4 * b, 2 * b, b, 2 * b, 4 * b, target


def _autoencoder(
    axes: Axes, middle: float, title: str, source: str, source_size: int, target: str,
    target_size: int, design: Design,
) -> None:  # fmt: skip
    bottleneck = design.bottlenecks[0] if design.bottlenecks else 32
    widths = layer_widths(source_size, bottleneck, target_size)
    names = [source, "4b", "2b", "bottleneck\n(diffused)", "2b", "4b", f"reconstructed {target}"]
    names[-1] += "\n(transformed)"
    tallest = max(*widths, 1)
    heading(axes, (1, middle + 13.2), f"{title}   (b = {bottleneck})")
    left, step, thickness = 8.0, 13.5, 4.6
    for index, (width, name) in enumerate(zip(widths, names, strict=True)):
        height = 2.2 + 17.0 * (width / tallest) ** 0.6
        marked = index in (3, 6)
        x = left + step * index
        axes.add_patch(
            FancyBboxPatch(
                (x - thickness / 2, middle - height / 2), thickness, height,
                boxstyle="round,pad=0,rounding_size=0.7", linewidth=1.8 if marked else 1.0,
                facecolor="#fbe5d8" if marked else "#eceef2",
                edgecolor=_MARKED if marked else _PLAIN,
            )
        )  # fmt: skip
        axes.text(
            x, middle, str(width or "?"), ha="center", va="center", fontsize=9,
            fontweight="bold", color=INK,
        )  # fmt: skip
        axes.text(
            x, middle - height / 2 - 0.9, name, ha="center", va="top", fontsize=7.5,
            color=_MARKED if marked else INK, linespacing=1.25,
        )  # fmt: skip
        if index:
            arrow(axes, (x - step + thickness / 2, middle), (x - thickness / 2, middle))
    axes.text(left + step * 1.5, middle + 9.4, "Conv1D × 3", ha="center", fontsize=7.5, color=MUTED)
    axes.text(
        left + step * 4.5, middle + 9.4, "ConvTranspose1D × 3", ha="center", fontsize=7.5,
        color=MUTED,
    )  # fmt: skip
