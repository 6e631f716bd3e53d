"""The study's three steps, drawn from its configuration (Fig. 1)."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import PurePath

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hybridrep.reporting.boxes import arrow, box, canvas, heading
from hybridrep.reporting.facts import UNKNOWN, config_number, meta_record, whole
from hybridrep.reporting.formatting import counted, shortened
from hybridrep.reporting.style import MUTED, OKABE_ITO
from hybridrep.studies.hybrid.results.facts import (
    CorpusFacts,
    corpora_of,
    encoder_name,
    encoder_vector,
    is_given,
    task_specific_name,
    task_specific_size,
    vectors_name,
)
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import bottleneck_sizes, seeds_by_status


@dataclass(frozen=True)
class Design:
    """What the drawings say of a study; 0 or "" where a study did not record it.

    `encoder_size` is the width of its embedding, `encoder_how` how it is taken, `task` what makes
    the task-specific vectors and `task_size` their width, `items` the tweets in a similarity
    matrix, `seeds` the complete simulations; the epoch used feeds RSA and transfer.
    """

    emotion: str
    emotion_items: int
    emotion_classes: int
    hate: str
    hate_title: str
    hate_items: int
    task: str
    task_how: str
    task_size: int
    encoder: str
    encoder_how: str
    encoder_size: int
    bottlenecks: tuple[int, ...]
    autoencoder_epochs: int
    used_epoch: int
    transfer_epochs: int
    items: int
    seeds: int


def _short_source(source: str, width: int) -> str:
    """Return a corpus' source for a box: a path's end, a hub corpus without its commit."""
    if len(source) <= width:
        return source
    if source.startswith("hub:"):
        owner, _, name = source.partition("@")[0].partition("/")
        return "\n".join(shortened(line, width) for line in (f"{owner}/", name))
    end = "/".join(PurePath(source).parts[-2:])
    return f"…{end[-(width - 2) :]}" if len(end) > width - 2 else f"…/{end}"


def _title_of(classes: tuple[str, ...]) -> str:
    """Return what stands over the new task's tweets: its classes, if not the paper's."""
    if len(classes) < 2 or set(classes) == {"hate", "no-hate"}:
        return "Hate / no-hate tweets"
    names = " / ".join(classes)
    return f"{names} tweets" if len(names) <= 15 else f"Tweets of {len(classes)} classes"


def design_of(tables: StudyTables) -> Design:
    """Return what the drawings of the study's design and architecture need."""
    corpora = {corpus.name: corpus for corpus in corpora_of(tables)}
    nothing = CorpusFacts("", UNKNOWN, 0, 0, False, "")
    emotion, hate = corpora.get("emotion", nothing), corpora.get("hate", nothing)
    classes = emotion.classes
    encoder = textwrap.fill(encoder_name(tables), 30, max_lines=2, placeholder="…")
    return Design(
        emotion=_short_source(emotion.source, 24), emotion_items=emotion.items,
        emotion_classes=classes, hate=_short_source(hate.source, 28),
        hate_title=_title_of(hate.class_names), hate_items=hate.items,
        task=_task(tables), task_how="" if task_specific_name(tables) else "last state, ",
        task_size=task_specific_size(tables), encoder=encoder,
        encoder_how=_how(tables),
        encoder_size=whole(meta_record(tables.meta, "encoder").get("hidden_size")),
        bottlenecks=bottleneck_sizes(tables),
        autoencoder_epochs=config_number(tables.meta, "autoencoder_epochs"),
        used_epoch=tables.half_epoch, transfer_epochs=config_number(tables.meta, "transfer_epochs"),
        items=config_number(tables.meta, "items_per_emotion") * (classes or 6),
        seeds=len(seeds_by_status(tables, "complete")),
    )  # fmt: skip


def _task(tables: StudyTables) -> str:
    """Return what makes the task-specific vectors, in two lines."""
    if given := task_specific_name(tables):
        return textwrap.fill(given, 30, max_lines=2, placeholder="…")
    epochs = counted(config_number(tables.meta, "lstm_epochs"), "epoch")
    return f"{shortened(vectors_name(tables), 22)} word vectors\ntrained {epochs}"


def _how(tables: StudyTables) -> str:
    """Return how the encoder's vector of a tweet is taken."""
    given = is_given(encoder_name(tables))
    return "as given" if given else f"frozen, {encoder_vector(tables)}"


def study_design(design: Design) -> Figure:
    """Draw what is trained on what, step by step."""
    figure, axes = canvas(12.0, 5.2)
    _representations(axes, design)
    _transformation(axes, design)
    _new_task(axes, design)
    times = "once" if design.seeds == 1 else f"{design.seeds} times"
    axes.text(
        1, 2.0, "Solid arrow: goes in.  Dashed arrow: is the target.\n"
        f"All of it is simulated {times}, once per seed; only the\n"
        "frozen encoder is the same in all.",
        fontsize=7.5, color=MUTED, va="bottom", linespacing=1.4,
    )  # fmt: skip
    return figure


def _or_unknown(number: int, noun: str) -> str:
    return counted(number, noun) if number else f"{noun}s: not recorded"


def _size(number: int) -> str:
    return str(number) if number else "?"


def _representations(axes: Axes, design: Design) -> None:
    heading(axes, (1, 50), "1  Two kinds of representation")
    box(
        axes, (1, 24.5), (15.5, 12), "Emotion tweets",
        f"{design.emotion}\n{_or_unknown(design.emotion_items, 'tweet')}\n"
        f"{design.emotion_classes or '?'} classes", MUTED,
    )  # fmt: skip
    box(
        axes, (21.5, 34.5), (18.5, 12), "LSTM: task-specific",
        f"{design.task}\n{design.task_how}{design.task_size}-d", OKABE_ITO["vermillion"],
    )  # fmt: skip
    box(
        axes, (21.5, 14.5), (18.5, 12), "BERT: global",
        f"{design.encoder}\n{design.encoder_how}\n{_size(design.encoder_size)}-d",
        OKABE_ITO["blue"],
    )  # fmt: skip
    arrow(axes, (16.5, 33), (21.5, 39))
    arrow(axes, (16.5, 28), (21.5, 22))


def _transformation(axes: Axes, design: Design) -> None:
    heading(axes, (46, 50), "2  One turned into the other")
    encoder = _size(design.encoder_size)
    first = design.bottlenecks[0] if design.bottlenecks else 0
    shared = (
        f"trained {counted(design.autoencoder_epochs, 'epoch')}; epoch {design.used_epoch} is used"
    )
    box(
        axes, (46, 34.5), (26, 12), "Autoencoder LSTM → BERT",
        f"{design.task_size} → {first} → {encoder}\n{shared}", OKABE_ITO["orange"],
    )  # fmt: skip
    box(
        axes, (46, 14.5), (26, 12), "Autoencoder BERT → LSTM",
        f"{encoder} → {first} → {design.task_size}\n{shared}", OKABE_ITO["sky"],
    )  # fmt: skip
    arrow(axes, (40, 40.5), (46, 40.5))
    arrow(axes, (40, 20.5), (46, 20.5))
    arrow(axes, (40, 37), (46, 24), dashed=True)
    arrow(axes, (40, 24), (46, 37), dashed=True)
    sizes = ", ".join(str(size) for size in design.bottlenecks)
    axes.text(
        59, 30.5, f"bottleneck ({sizes}-d) = diffused\nreconstruction = transformed",
        ha="center", va="center", fontsize=7.5, linespacing=1.5,
    )  # fmt: skip
    box(
        axes, (46, 2), (26, 8), "RSA",
        f"cosine similarities of {counted(design.items, 'tweet')};\n"
        "Pearson r of every two representations", MUTED,
    )  # fmt: skip
    arrow(axes, (59, 14.5), (59, 10))


def _new_task(axes: Axes, design: Design) -> None:
    heading(axes, (78, 50), "3  A new task")
    box(
        axes, (78, 34.5), (18, 12), design.hate_title,
        f"{design.hate}\n{_or_unknown(design.hate_items, 'tweet')}\nin balanced samples", MUTED,
    )  # fmt: skip
    box(
        axes, (78, 12.5), (18, 15), "Seven representations",
        "baseline\nLSTM, BERT\nBERT → LSTM: both layers\nLSTM → BERT: both layers",
        OKABE_ITO["green"],
    )  # fmt: skip
    box(
        axes, (101, 14), (17.5, 12), "Classifier",
        f"2 layers, hidden 32\ntrained {counted(design.transfer_epochs, 'epoch')}\n"
        "losses and accuracy", OKABE_ITO["purple"],
    )  # fmt: skip
    arrow(axes, (87, 34.5), (87, 27.5))
    arrow(axes, (72, 38), (78, 25))
    arrow(axes, (72, 20.5), (78, 20))
    arrow(axes, (96, 20), (101, 20))
