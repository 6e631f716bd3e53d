"""Tasks and model, drawn from the configuration (Fig. 1a-c)."""

from __future__ import annotations

from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from hybridrep.reporting.boxes import arrow, box, canvas, heading
from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.style import INK, MUTED, OKABE_ITO, RULE
from hybridrep.studies.nback.names import FEATURES
from hybridrep.studies.nback.results.tables import NBackTables

_EXAMPLE = 2
"""The n that the trial of the drawing asks, if the study has it."""

_ENCODING, _EXECUTIVE = OKABE_ITO["orange"], OKABE_ITO["vermillion"]


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the drawing."""
    config, meta = tables.meta["config"], tables.meta
    n_back = [int(n) for n in config["n_back"]]
    n = _EXAMPLE if _EXAMPLE in n_back else n_back[0]
    sizes = ", ".join(str(each).replace("=", " ") for each in config["hidden"]
                      if str(each).partition("=")[0] in config["architectures"])  # fmt: skip
    said = f"{len(n_back) * len(FEATURES)} tasks: n of {', '.join(map(str, n_back))}, each of "
    said += ", ".join(FEATURES)
    return [
        Plan(
            "design", "Tasks and networks",
            f"Above: a trial of the {n}-back category task, {config['steps']} frames. From frame "
            f"{n + 1} on a network says whether the category is that of {n} frames before. A "
            "stimulus’ encoding space is the state at its own frame (orange), its memory space the "
            "states after it; the executive step (red) is where it is asked about. Below: what a "
            "network is made of, with this study’s sizes.",
            f"{said}. Hidden units: {sizes}.", "design",
            partial(draw, config, n, str(meta["backbone"]["description"]),
                    dict(meta.get("components") or {})),
            plain=False,
        )
    ]  # fmt: skip


def draw(config: dict[str, Any], n: int, model: str, components: dict[str, Any]) -> Figure:
    """Draw a trial, the tasks and the layers."""
    figure, axes = canvas(10.0, 6.3)
    _trial(axes, int(config["steps"]), n)
    _tasks(axes, [int(each) for each in config["n_back"]], config)
    _layers(axes, config, model, components)
    return figure


_KINDS = ("chair", "car", "chair", "plane", "table", "plane", "car", "table", "chair", "plane")


def _trial(axes: Axes, steps: int, n: int) -> None:
    heading(axes, (1, 60.5), f"A trial: {n}-back, category")
    shown = min(steps, 8)
    width = min(10.0, 66.0 / shown - 1.6)
    for frame in range(shown):
        x = 2 + frame * (width + 1.6)
        now, before = _KINDS[frame % len(_KINDS)], _KINDS[(frame - n) % len(_KINDS)]
        answer = "no_action" if frame < n else "match" if now == before else "non_match"
        edge = _ENCODING if frame == 0 else _EXECUTIVE if frame == n else RULE
        axes.add_patch(
            FancyBboxPatch(
                (x, 46.5), width, 8.6, boxstyle="round,pad=0,rounding_size=0.8",
                facecolor="#f3f4f6", edgecolor=edge, linewidth=2.0 if edge != RULE else 1.0,
            )
        )  # fmt: skip
        axes.text(x + width / 2, 50.9, now, ha="center", va="center", fontsize=8.5, color=INK)
        axes.text(x + width / 2, 56.4, f"T = {frame + 1}", ha="center", va="center", fontsize=7.5,
                  color=MUTED)  # fmt: skip
        colour = MUTED if frame < n else INK
        axes.text(x + width / 2, 45.0, answer, ha="center", va="top", fontsize=7.5, color=colour)
    if n < shown:
        start, end = 2 + width / 2, 2 + n * (width + 1.6) + width / 2
        axes.annotate(
            "",
            (end, 42.2),
            (start, 42.2),
            arrowprops={"arrowstyle": "-|>", "color": _EXECUTIVE, "linewidth": 1.1},
        )
        axes.text((start + end) / 2, 41.5, f"compared, {n} frames apart", ha="center", va="top",
                  fontsize=7.5, color=_EXECUTIVE)  # fmt: skip


def _tasks(axes: Axes, n_back: list[int], config: dict[str, Any]) -> None:
    heading(axes, (76, 60.5), "Tasks")
    height = min(4.0, 14.0 / len(n_back))
    for row, n in enumerate(n_back):
        y = 53.5 - row * (height + 0.6)
        for column, feature in enumerate(FEATURES):
            axes.add_patch(
                FancyBboxPatch(
                    (76 + column * 7.6, y - height / 2), 7.0, height,
                    boxstyle="round,pad=0,rounding_size=0.6", facecolor="#eceef2", edgecolor=RULE,
                )
            )  # fmt: skip
            axes.text(79.5 + column * 7.6, y, f"{n}-back\n{feature}", ha="center", va="center",
                      fontsize=6.5, color=INK, linespacing=1.1)  # fmt: skip
    diets = ", ".join(map(str, config["diets"]))
    axes.text(76, 53.5 - len(n_back) * (height + 0.6), f"diets: {diets}", ha="left", va="top",
              fontsize=7.5, color=MUTED)  # fmt: skip


def _layers(axes: Axes, config: dict[str, Any], model: str, components: dict[str, Any]) -> None:
    heading(axes, (1, 33.5), "A network")
    sizes = {str(each).partition("=")[0]: str(each).partition("=")[2] for each in config["hidden"]}
    units = "\n".join(f"{each}: {sizes[each]}" for each in config["architectures"])
    front = "1 × 1 convolution"
    if config["front_end"] == "pca":
        count = components.get("components", config["components"])
        front = f"{count} principal\ncomponents"
    name = model.partition(",")[0]
    name = name if len(name) < 26 else name[:24] + "…"
    parts = [
        ("vision model", f"{name}\nfrozen", OKABE_ITO["purple"]),
        ("front end", front, OKABE_ITO["sky"]),
        ("linear", "ReLU,\nlayer norm", OKABE_ITO["sky"]),
        ("recurrent", units, _ENCODING),
        ("layer norm", "tanh,\nlinear", OKABE_ITO["sky"]),
        ("response", "non_match\nmatch\nno_action", OKABE_ITO["green"]),
    ]
    width, gap = 13.4, 3.0
    for place, (title, lines, colour) in enumerate(parts):
        x = 2 + place * (width + gap)
        box(axes, (x, 16.0), (width, 12.5), title, lines, colour)
        if place:
            arrow(axes, (x - gap, 22.2), (x, 22.2))
    recurrent = 2 + 3 * (width + gap)
    axes.annotate(
        "",
        (recurrent + 3, 28.6),
        (recurrent + width - 3, 28.6),
        arrowprops={"arrowstyle": "-|>", "color": MUTED, "connectionstyle": "arc3,rad=0.9"},
    )
    linear = 2 + 2 * (width + gap)
    code = {"pair": "feature and n", "one_hot": "one unit a task", "binary": "six bits"}
    box(axes, (linear, 5.0), (width, 6.5), "task code", code[str(config["task_code"])], RULE)
    arrow(axes, (linear + width / 2, 11.5), (linear + width / 2, 16.0))
    axes.text(
        2, 13.6, "perceptual space", ha="left", va="top", fontsize=8, color=OKABE_ITO["purple"]
    )
    axes.text(recurrent, 13.6, "encoding and memory spaces: h"
              + (" (and c)" if "lstm" in config["architectures"] else ""),
              ha="left", va="top", fontsize=8, color=_EXECUTIVE)  # fmt: skip
