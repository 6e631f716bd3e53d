"""The model card of a registered fusion: what it is, what it needs, its numbers, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from hybridrep.reporting.formatting import listed, number
from hybridrep.reporting.markup import code
from hybridrep.studies.hybrid.fusion.methods import METHODS
from hybridrep.studies.hybrid.fusion.stage import Fusion
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import CHOSEN_ON

_WIDTHS = {"global": "the frozen encoder’s [CLS] vectors", "task_specific": "the LSTM’s vectors"}


@dataclass(frozen=True, eq=False)
class FusionFacts:
    """What is said of a registered fusion.

    Attributes:
        size: how many of its units are given.
        widths: of the sides that it reads, by name.
        kind: what it was chosen from, with its `key`.
        value: share of the ceiling on validation tweets; `rivals`: among how many the highest.
        reached: set of tweets -> what it carries of both.
    """

    inputs: Inputs
    fusion: Fusion
    size: int
    widths: Mapping[str, int]
    kind: str
    key: str
    seed: int
    value: float
    rivals: int
    reached: Mapping[str, pd.Series]


def fused_card(model: FusionFacts, *, text: bool) -> str:
    """Return the card of a fusion, of the one that takes raw tweets or of vectors, as Markdown."""
    inputs, config = model.inputs, model.inputs.config
    title = METHODS[model.fusion.method].title
    parts = [
        f"# {title[0].upper()}{title[1:]}, {model.size} dimensions: "
        f"{'from tweets to fused vectors' if text else 'fusion of two representations'}",
        "**Trained on synthetic tweets.**" if inputs.emotion.synthetic else "",
        _what(model, text),
        "**Made from**\n\n"
        f"- {model.kind} `{config.study}`, key `{model.key[:16]}`, seed "
        f"{model.seed}; method `{model.fusion.method}`"
        f"{f', {model.fusion.epochs} epochs' if model.fusion.epochs else ', in closed form'}\n"
        f"- tweets: {code(inputs.emotion.source)}, {inputs.emotion.items}, fingerprint "
        f"`{inputs.emotion.fingerprint[:16]}`\n"
        f"- BERT: {code(inputs.encoder.description)}\n"
        f"- LSTM: {code(config.vectors)} word vectors, {config.lstm_epochs} epochs",
        _numbers(model),
        f"**How it was chosen.** Highest share of the ceiling ({number(model.value)}) of "
        f"{model.rivals} fusions of this size in a {model.kind}, on validation tweets that "
        "no model was trained on; test tweets had no say. The highest of many is so partly by "
        "luck: expect a little less on new tweets.",
        _limits(model, text),
    ]
    return "\n\n".join(filter(None, parts))


def _what(model: FusionFacts, text: bool) -> str:
    if text:
        return (
            "**What it does.** Takes tweets (one string a row) and returns, a row each, `global`, "
            f"`task_specific` and `fused` ({model.size} numbers). Nothing is fetched from "
            "anywhere. The parameter `clean` removes mentions, hashtags, links and emojis first."
        )
    needs = listed(
        [f"`{side}`, {width} numbers ({_WIDTHS[side]})" for side, width in model.widths.items()]
    )
    only = "" if len(model.widths) == 2 else " It reads this side alone; the other may be left out."
    return (
        f"**What it does.** Takes vectors and returns `fused` ({model.size} numbers). Each row "
        f"needs {needs}.{only}"
    )


def _numbers(model: FusionFacts) -> str:
    names = {
        "vs_global": "r with BERT", "vs_task_specific": "r with LSTM",
        "diffusibility": "diffusibility (the smaller)", "ceiling": "its ceiling",
        "share_of_ceiling": "share of the ceiling",
    }  # fmt: skip
    sets = (model.reached[CHOSEN_ON], model.reached["test"])
    cells = {name: " | ".join(number(float(known[name])) for known in sets) for name in names}
    lines = [f"| {label} | {cells[name]} |\n" for name, label in names.items()]
    return (
        "**Numbers** (Pearson r of cosine similarities, "
        f"{model.inputs.config.items_per_emotion} tweets an emotion)\n\n"
        "| | unseen tweets | test tweets |\n| --- | --- | --- |\n" + "".join(lines)
    )


def _limits(model: FusionFacts, text: bool) -> str:
    if text:
        first = "Made for short English messages like its training tweets; others are untested."
    elif "task_specific" in model.widths:
        first = (
            f"Its task-specific vectors must come from the LSTM of seed {model.seed} of this "
            "study: another LSTM’s mean something else. The `-text` model has it inside."
        )
    else:
        first = "Its inputs must be [CLS] vectors of the same encoder; the `-text` model has it."
    return (
        f"**Limits.** {first} It carries what two representations say of a text; it is no "
        "classifier, and no basis for decisions about people. It inherits the biases of its "
        "tweets, encoder and word vectors."
    )
