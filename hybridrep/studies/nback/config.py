"""The parameters of the study: what is shown, which networks are trained, how they are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from hybridrep.parameters import (
    STUDY_NAME,
    Device,
    Parameters,
    Seeds,
    Source,
    comma_list,
    setting,
    shown,
)
from hybridrep.studies.nback import names
from hybridrep.studies.nback.names import ARCHITECTURES, DIET_GROUPS

MOST_HIDDEN = 4_096
LONGEST_TRIAL = 64

_SEES = ("nback_stimuli",)
_TRAINS = ("nback_train",)
_DECODES = ("nback_decode",)
_READS = ("nback_decode", "nback_geometry")


def _once(found: Sequence[Any], noun: str) -> None:
    if not found:
        raise ValueError(f"at least one {noun} is needed")
    if len(set(found)) != len(found):
        raise ValueError(f"one {noun} is named twice")


def parse_n_back(value: object) -> tuple[int, ...]:
    """Read a comma list of how far back tasks ask, e.g. `1,2,3`."""
    parts = comma_list(value)
    for part in parts:
        if not re.fullmatch(r"\d{1,4}", part) or int(part) < 1:
            raise ValueError(f"{shown(part, 40)} is not a whole number from 1; write e.g. 1,2,3")
    _once([int(part) for part in parts], "n")
    return tuple(sorted(map(int, parts)))


def parse_architectures(value: object) -> tuple[str, ...]:
    """Read a comma list of architectures, in the order of `names.ARCHITECTURES`."""
    parts = comma_list(value)
    if unknown := [part for part in parts if part not in ARCHITECTURES]:
        raise ValueError(
            f"there is no architecture {shown(unknown[0], 40)}; "
            f"there are {', '.join(ARCHITECTURES)}"
        )
    _once(parts, "architecture")
    return tuple(each for each in ARCHITECTURES if each in parts)


def _by_architecture(value: object, noun: str) -> dict[str, str]:
    """Return the parts `rnn=...` of a comma list by their architecture."""
    found: dict[str, str] = {}
    for part in comma_list(value):
        name, equals, text = (each.strip() for each in part.partition("="))
        if not equals or name not in ARCHITECTURES:
            raise ValueError(
                f"{shown(part, 60)} is no {noun} of an architecture: write e.g. "
                f"{ARCHITECTURES[0]}=... with one of {', '.join(ARCHITECTURES)}"
            )
        if name in found:
            raise ValueError(f"{name} is named twice")
        found[name] = text
    return {name: found[name] for name in ARCHITECTURES if name in found}


def parse_hidden(value: object) -> tuple[str, ...]:
    """Read sizes by architecture: `rnn=512/256,gru=256`, the main one first."""
    found = _by_architecture(value, "size")
    for name, text in found.items():
        sizes = text.split("/")
        for size in sizes:
            if not re.fullmatch(r"\s*\d{1,9}\s*", size) or not 1 <= int(size) <= MOST_HIDDEN:
                raise ValueError(
                    f"{name}={shown(text, 40)} is no size: write whole numbers from 1 to "
                    f"{MOST_HIDDEN}, several with / between them"
                )
        _once([int(size) for size in sizes], f"size of {name}")
    return tuple(
        f"{name}={'/'.join(str(int(s)) for s in text.split('/'))}" for name, text in found.items()
    )


def parse_rates(value: object) -> tuple[str, ...]:
    """Read learning rates by architecture (`rnn=0.001,gru=0.003`), or one number for all."""
    parts = comma_list(value)
    if len(parts) == 1 and "=" not in parts[0]:
        parts = [f"{name}={parts[0]}" for name in ARCHITECTURES]
    found = _by_architecture(parts, "learning rate")
    for name, text in found.items():
        try:
            fits = 0 < float(text) < 10
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"{name}={shown(text, 40)} is no learning rate: above 0 and below 10")
    return tuple(f"{name}={float(text)!r}" for name, text in found.items())


def parse_penalties(value: object) -> tuple[float, ...]:
    """Read the decoders' C: one number, or a grid to choose from."""
    try:
        found = [float(part) for part in comma_list(value)]
    except ValueError:
        found = []
    if not found or not all(0 < each < float("inf") for each in found):
        raise ValueError("write numbers above 0: one (0.01) or a grid (0.001,0.01,1,10)")
    _once(found, "penalty")
    return tuple(found)


Architectures = Annotated[tuple[str, ...], BeforeValidator(parse_architectures)]
Hidden = Annotated[tuple[str, ...], BeforeValidator(parse_hidden)]
Rates = Annotated[tuple[str, ...], BeforeValidator(parse_rates)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Config(Parameters):
    """The parameters of the study."""

    study: str = setting(
        "nback", "the study's name: prefix of its runs' names and a tag", role="name",
        pattern=STUDY_NAME,
    )  # fmt: skip
    seeds: Seeds = setting(
        "3", "how many (`25`), a range (`0-24`) or a list (`0,3,7`; of one: `7,`)", paper="10",
        role="amount", stages=_TRAINS,
    )  # fmt: skip
    stimuli: Source = setting(
        "shapes", "what is shown: `shapes` (rendered here), or a folder of images", stages=_SEES
    )
    backbone: Source = setting(
        "efficientnet-lite0",
        "frozen vision model: `efficientnet-lite0`, a local folder in Hugging Face format, or "
        "`hub:ID[@REVISION]`",
        paper="hub:microsoft/resnet-50", stages=_SEES,
    )  # fmt: skip
    categories: Annotated[int, Field(ge=2, le=1000)] = setting(
        4, "how many categories of objects", stages=_SEES
    )
    identities: Annotated[int, Field(ge=2, le=1000)] = setting(
        2, "how many objects of each category networks are trained on", stages=_SEES
    )
    background: Source = setting(
        "plain",
        "behind the objects: `plain` grey, `texture` (noise), or a folder of images to be quilted",
        stages=_SEES,
    )
    stimulus_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = setting(
        0, "what the objects' shapes and the textures are drawn from", stages=_SEES
    )
    steps: Annotated[int, Field(ge=2, le=LONGEST_TRIAL)] = setting(
        6, "frames of a trial", stages=_TRAINS
    )
    n_back: Annotated[tuple[int, ...], BeforeValidator(parse_n_back)] = setting(
        "1,2,3", "how far back tasks ask, a comma list", stages=_TRAINS
    )
    p_match: Annotated[float, Field(gt=0, lt=1)] = setting(
        0.5, "share of matches among the frames with a response", stages=_TRAINS
    )
    task_code: Literal["pair", "one_hot", "binary"] = setting(
        "pair",
        "how a network is told its task: `pair` (feature and n, one-hot each), `one_hot` (a unit "
        "a task) or `binary` (its number in six bits)",
        stages=_TRAINS,
    )
    architectures: Architectures = setting(
        "rnn,gru,lstm", "recurrent networks, a comma list", stages=_TRAINS
    )
    diets: Annotated[tuple[str, ...], BeforeValidator(comma_list)] = setting(
        "default",
        "what networks are trained on: a comma list of `mtmf`, `stmf_N`, `stsf_NF` (F one of L, I, "
        "C), the groups `stsf`, `stmf`, `mtmf`, or `all`; `default`: `mtmf`, and for gru those of "
        "the least n",
        paper="all", stages=_TRAINS,
    )  # fmt: skip
    hidden: Hidden = setting(
        "rnn=256,gru=128,lstm=128",
        "hidden units by architecture; further sizes after / train `mtmf` alone",
        paper="rnn=512/256,gru=256,lstm=256", stages=_TRAINS,
    )  # fmt: skip
    rnn_nonlinearity: Literal["tanh", "relu"] = setting(
        "tanh", "of the vanilla RNN", stages=_TRAINS
    )
    initial_state: Literal["zero", "kaiming"] = setting(
        "zero", "first hidden state: `zero`, or `kaiming` (drawn anew for every batch)",
        stages=_TRAINS,
    )  # fmt: skip
    front_end: Literal["pca", "conv"] = setting(
        "pca",
        "between vision model and network: `pca` (principal components) or `conv` (the literal "
        "1 x 1 convolution)",
        stages=_TRAINS,
    )
    components: Annotated[int, Field(ge=1, le=100_000)] = setting(
        256, "principal components of the front end; at most images - 1", paper=512, stages=_TRAINS
    )
    iterations: Count = setting(1200, "training batches at most", paper=4000, stages=_TRAINS)
    batch: Annotated[int, Field(ge=1, le=65_536)] = setting(
        128, "trials of a batch", paper=256, stages=_TRAINS
    )
    learning_rate: Rates = setting(
        "rnn=0.001,gru=0.003,lstm=0.003",
        "AdamW's, by architecture, or one number for all",
        paper="rnn=0.0003,gru=0.001,lstm=0.001", stages=_TRAINS,
    )  # fmt: skip
    stop_at: Annotated[float, Field(ge=0, le=1)] = setting(
        0.98,
        "response accuracy on novel angles that ends training, reached twice in a row; 0: never",
        paper=0.99, stages=_TRAINS,
    )  # fmt: skip
    decay: Annotated[float, Field(gt=0, le=1)] = setting(
        0.1, "factor of the learning rate at 80% of the iterations, or every `decay_every` epochs",
        stages=_TRAINS,
    )  # fmt: skip
    decay_every: Annotated[int, Field(ge=0)] = setting(
        0, "epochs between two decays; 0: one decay, at 80% of the iterations", stages=_TRAINS
    )
    epoch_iterations: Count = setting(28, "training batches of an epoch", stages=_TRAINS)
    device: Device = setting(
        "cpu", "where networks train: `cpu`, `cuda`, `cuda:N` or `mps`", role="device",
        stages=_TRAINS,
    )  # fmt: skip
    analysis_trials: Annotated[int, Field(ge=16, le=1_000_000)] = setting(
        1200, "trials of a task and a set that analyses fit on, and as many that they test on",
        paper=2400, stages=_READS,
    )  # fmt: skip
    penalty: Annotated[tuple[float, ...], BeforeValidator(parse_penalties)] = setting(
        "0.01", "C of the linear decoders, or a grid to choose from", paper="0.001,0.01,1,10",
        stages=_READS,
    )  # fmt: skip
    scaling: Literal["global", "zscore", "both"] = setting(
        "global",
        "of states before decoders: `global` (one factor a model), `zscore` (by unit), or `both`: "
        "`global`, and beside it networks of all tasks by unit",
        paper="both", stages=_READS,
    )  # fmt: skip
    decode_views: Literal["disjoint", "shared"] = setting(
        "disjoint",
        "views that decoders are tested on: others than fitted (`disjoint`), or the same",
        stages=_READS,
    )  # fmt: skip
    analysed_trials: Literal["all", "correct"] = setting(
        "all", "trials that analyses read: `all`, or `correct` at every frame", stages=_READS
    )
    cv: Annotated[int, Field(ge=0, le=100)] = setting(
        0,
        "folds of cross-validation, with `decode_views=shared`; 0: fresh trials",
        stages=_DECODES,
    )
    bootstraps: Annotated[int, Field(ge=1, le=10_000)] = setting(
        10, "resamplings of the orthogonalisation index", stages=("nback_geometry",)
    )

    @field_validator("n_back")
    @classmethod
    def _leaves_a_response(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        steps = info.data.get("steps")
        if steps is not None and value[-1] >= steps:
            raise ValueError(
                f"n = {value[-1]} leaves no frame to respond at: a trial has {steps} frames "
                f"(steps={steps}), so n is at most {steps - 1}"
            )
        return value

    @field_validator("cv")
    @classmethod
    def _folds_share_views(cls, value: int, info: ValidationInfo) -> int:
        if value == 1:
            raise ValueError("one fold leaves nothing to fit on: write 0, or 2 and more")
        if value and info.data.get("decode_views") == "disjoint":
            raise ValueError(
                "folds of the same trials are tested on views that were fitted: add "
                "decode_views=shared, or write 0 for fresh trials of other views"
            )
        return value

    @field_validator("diets")
    @classmethod
    def _are_diets(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        _once(value, "diet")
        n_back = info.data.get("n_back")
        if n_back is None:
            return value
        known = [name for group in DIET_GROUPS for name in names.diets_in(group, n_back)]
        groups = [*DIET_GROUPS, "all", "default"]
        for each in value:
            if each not in known and each not in groups:
                raise ValueError(
                    f"there is no diet {shown(each, 40)} with n_back={','.join(map(str, n_back))}; "
                    f"there are {', '.join(known)}, and the groups {', '.join(groups)}"
                )
        if "default" in value and len(value) > 1:
            raise ValueError("`default` stands alone")
        return value

    @field_validator("hidden", "learning_rate")
    @classmethod
    def _names_every_architecture(
        cls, value: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        named = {each.partition("=")[0] for each in value}
        wanted = info.data.get("architectures") or ()
        if missing := [each for each in wanted if each not in named]:
            raise ValueError(f"{missing[0]} is missing: write {missing[0]}=... too")
        return value

    def sizes_of(self, architecture: str) -> tuple[int, ...]:
        """Return an architecture's hidden sizes, the main one first."""
        text = next(each for each in self.hidden if each.startswith(f"{architecture}="))
        return tuple(int(size) for size in text.partition("=")[2].split("/"))

    def rate_of(self, architecture: str) -> float:
        """Return an architecture's learning rate."""
        text = next(each for each in self.learning_rate if each.startswith(f"{architecture}="))
        return float(text.partition("=")[2])

    def diets_of(self, architecture: str) -> tuple[str, ...]:
        """Return the diets that an architecture is trained on at its main size, each once."""
        if self.diets == ("default",):
            least = self.n_back[:1]
            contrasts = [*names.diets_in("stsf", least), *names.diets_in("stmf", least)]
            return ("mtmf", *(contrasts if architecture == "gru" else ()))
        every = [name for group in DIET_GROUPS for name in names.diets_in(group, self.n_back)]
        groups = {group: names.diets_in(group, self.n_back) for group in DIET_GROUPS}
        wanted = {name for d in self.diets for name in groups.get(d, every if d == "all" else (d,))}
        return tuple(name for name in every if name in wanted)
