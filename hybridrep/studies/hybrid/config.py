"""The parameters of the study: what is read, how networks are trained, what is compared."""

from __future__ import annotations

import re
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field

from hybridrep.parameters import (
    Device,
    Epochs,
    Names,
    Parameters,
    Seeds,
    Source,
    comma_list,
    setting,
    shown,
)
from hybridrep.sources.encoders.reading import Pooling
from hybridrep.sources.texts.rows import Quoting
from hybridrep.studies.hybrid.fusion.parsing import parse_fusions

MOST_BOTTLENECK = 8_192


def parse_bottlenecks(value: object) -> tuple[int, ...]:
    """Read a comma list of bottleneck sizes, e.g. `32,64,128,256`."""
    sizes = []
    for text in comma_list(value):
        if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= MOST_BOTTLENECK:
            raise ValueError(
                f"{shown(text, 40)} is not a whole number from 1 to {MOST_BOTTLENECK}; "
                "write a comma list such as 32,64"
            )
        sizes.append(int(text))
    if not sizes:
        raise ValueError(
            f"'' is not a whole number from 1 to {MOST_BOTTLENECK}; write a comma list such as "
            "32,64"
        )
    if len(set(sizes)) != len(sizes):
        raise ValueError("a size is named twice")
    return tuple(sizes)


def parse_task_specific(value: object) -> str:
    """Read `lstm` or `vectors:FILE`."""
    text = str(value).strip()
    if text != "lstm" and not (text.startswith("vectors:") and len(text) > len("vectors:")):
        raise ValueError("write `lstm` or `vectors:FILE`")
    return text


def parse_layer(value: object) -> int:
    """Read which one layer a study takes."""
    text = str(value).strip()
    if text == "all":
        raise ValueError(
            "a study takes one layer; `measure` compares all of them, as a representation each"
        )
    if not re.fullmatch(r"-?\d{1,4}", text):
        raise ValueError("write a whole number, e.g. -1 for the last layer")
    return int(text)


Layer = Annotated[int, BeforeValidator(parse_layer)]
TaskSpecific = Annotated[str, BeforeValidator(parse_task_specific), Field(max_length=4096)]
Bottlenecks = Annotated[tuple[int, ...], BeforeValidator(parse_bottlenecks)]
Fusions = Annotated[tuple[str, ...], BeforeValidator(parse_fusions)]
E = TypeVar("E")


class StudyParameters(Parameters, Generic[E]):
    """What every entry point of the study takes; `E` is what epochs of autoencoders are to it."""

    seeds: Seeds = setting(
        "25", "how many (`25`), a range (`0-24`) or a list (`0,3,7`; of one: `7,`)", role="amount",
        stages=("lstm",),
    )  # fmt: skip
    emotion: Source = setting(
        "sample", "emotion corpus: `sample`, a file or folder, or `hub:ID`; `#NAME` chooses a part",
        paper="hub:dair-ai/emotion", stages=("embed", "lstm"),
    )  # fmt: skip
    hate: Source = setting(
        "sample",
        "corpus of the new task: `sample`, a file or folder, or `hub:ID`; `#NAME` chooses a part",
        paper="hub:tweets-hate-speech-detection/tweets_hate_speech_detection",
        stages=("embed", "lstm", "transfer"),
    )  # fmt: skip
    emotion_columns: str = setting(
        "", "its columns as `text,label`; empty: found by their usual names",
        stages=("embed", "lstm"),
    )  # fmt: skip
    hate_columns: str = setting(
        "", "its columns as `text,label`; empty: found by their usual names",
        stages=("embed", "lstm", "transfer"),
    )  # fmt: skip
    emotion_split: str = setting(
        "", "its column that says train, validation or test; empty: none does",
        stages=("embed", "lstm"),
    )  # fmt: skip
    hate_split: str = setting(
        "", "its column that says train, validation or test; empty: none does",
        stages=("embed", "lstm", "transfer"),
    )  # fmt: skip
    emotion_quoting: Quoting = setting(
        "", "its quotes, in delimited files: `standard` or `none` (a quote is a sign as any); "
        "empty: standard, and a quoted cell that seems to hold rows is refused",
        stages=("embed", "lstm"),
    )  # fmt: skip
    hate_quoting: Quoting = setting(
        "", "its quotes, in delimited files: `standard` or `none` (a quote is a sign as any); "
        "empty: standard, and a quoted cell that seems to hold rows is refused",
        stages=("embed", "lstm", "transfer"),
    )  # fmt: skip
    emotion_names: str = setting(
        "", "names of its numbered classes: a comma list from the lowest, or `0=anger,4=joy`; "
        "empty: as the file names them", stages=("embed", "lstm"),
    )  # fmt: skip
    hate_positive: str = setting(
        "", "which of the new task's two labels means hostile; empty: 1, true and the usual words, "
        "else the last in order", stages=("embed", "lstm", "transfer"),
    )  # fmt: skip
    encoder: Source = setting(
        "minilm", "frozen encoder: `minilm`, a local folder in Hugging Face format, `hub:ID`, or "
        "`vectors:FILE`: given vectors of the tweets",
        paper="hub:google-bert/bert-base-uncased", stages=("embed",),
    )  # fmt: skip
    task_specific: TaskSpecific = setting(
        "lstm", "task-specific representation: `lstm`, trained on the emotions, or `vectors:FILE`: "
        "given vectors of the tweets (`{seed}` in its name: the seed's number)", stages=("lstm",),
    )  # fmt: skip
    encoder_pooling: Pooling = setting(
        "cls", "how the encoder's tokens become one vector: `cls`, that of [CLS], or `mean`, over "
        "all tokens", stages=("embed",),
    )  # fmt: skip
    encoder_layer: Layer = setting(
        "-1", "which of the encoder's layers: 0 what goes into the first, 1 what comes out of it, "
        "..., -1 the last (`all`: of `measure` alone)", stages=("embed",),
    )  # fmt: skip
    vectors: Source = setting(
        "glove-50",
        "word vectors: `glove-50`, a GloVe text file (plain, .gz, .zip), or `glove.6B.300d`",
        paper="glove.6B.300d", stages=("lstm", "transfer"),
    )  # fmt: skip
    bottlenecks: Bottlenecks = setting(
        "32", "bottleneck sizes, a comma list", paper="32,64,128,256", stages=("autoencode",)
    )
    lstm_epochs: Epochs = setting(2, "epochs of the LSTM", paper=10, stages=("lstm",))
    autoencoder_epochs: E = setting(
        20, "epochs of the autoencoders; half are used", paper=50, stages=("autoencode",)
    )
    transfer_epochs: Epochs = setting(
        16,
        "epochs of the classifiers on the new task",
        paper=20,
        stages=("transfer", "fuse", "fuse_sweep"),
    )
    fusions: Fusions = setting(
        "concatenated,truncated_svd,joint_autoencoder,similarity_matched,pca_global",
        "representations made of both, a comma list; `all`, or `none`", paper="all",
        stages=("fuse",),
    )  # fmt: skip
    fusion_weight: Annotated[float, Field(ge=0, le=1)] = setting(
        0.5, "weight of the task-specific side in what joint and two-headed fusions rebuild, "
        "0 to 1", stages=("fuse",),
    )  # fmt: skip
    fusion_epochs: Epochs = setting(
        12, "epochs of the fusions that are trained", paper=20, stages=("fuse",)
    )
    padding: Literal["front", "after"] = setting(
        "front", "where short tweets are padded: `front` or `after` the words",
        stages=("lstm", "transfer"),
    )  # fmt: skip
    lstm_path: Literal["fast", "plain"] = setting(
        "fast", "LSTM computation: `fast` (exact shortcut) or `plain` (the reference)",
        stages=("lstm",),
    )  # fmt: skip
    lstm_precision: Literal["float32", "bfloat16"] = setting(
        "float32", "LSTM arithmetic: `float32`, or `bfloat16` (faster, approximate)",
        stages=("lstm",),
    )  # fmt: skip
    baseline_pooling: Literal["padded_mean", "token_mean", "flatten"] = setting(
        "padded_mean",
        "how the baseline pools its word embeddings: `padded_mean`, `token_mean` or `flatten`",
        stages=("transfer",),
    )
    duplicates: Literal["keep", "drop"] = setting(
        "drop", "repeated tweets of the new task: `keep` (paper) or `drop`", paper="keep",
        stages=("lstm", "transfer"),
    )  # fmt: skip
    items_per_emotion: Annotated[int, Field(ge=2, le=1000)] = setting(
        50,
        "tweets sampled per emotion for each similarity matrix",
        stages=("autoencode", "fuse_sweep"),
    )
    measures: Names = setting(
        "core", "what compares representations beside r: `core`, `all`, a comma list of keys "
        "of `MEASURES` (`cka`, `mutual_knn.k5`), or `none`", stages=("rsa",),
    )  # fmt: skip
    share_text: bool = setting(
        True, "whether tweets may stand in reports, artifacts and model examples",
        stages=("report",),
    )  # fmt: skip
    device: Device = setting(
        "cpu", "where encoder and networks run: `cpu`, `cuda`, `cuda:N` or `mps`",
        role="device",
        stages=("embed", "lstm", "autoencode", "transfer", "fuse", "fuse_sweep"),
    )  # fmt: skip
    trials: Annotated[int, Field(ge=1, le=1_000_000)] = setting(
        12, "of a sweep alone: how many trials it runs (a grid runs all its points)", paper=100,
        role="amount", stages=("sweep",),
    )  # fmt: skip
    timeout: Annotated[int, Field(ge=0)] = setting(
        0, "of a sweep alone: seconds after which it starts no further trial; 0: no limit",
        role="amount", stages=("sweep",),
    )  # fmt: skip


class Config(StudyParameters[Epochs]):
    """The configuration of a study: its autoencoders are trained over one number of epochs."""

    @property
    def half_epoch(self) -> int:
        """Epoch of the autoencoders that feed RSA and transfer: half of all (section 3.2.1)."""
        return max(1, self.autoencoder_epochs // 2)
