"""The parameters of the study: what is read, how networks are trained, what is compared."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field

from hybridrep.parameters import (
    PLACES,
    Epochs,
    Parameters,
    Source,
    parse_bottlenecks,
    setting,
)

Bottlenecks = Annotated[tuple[int, ...], BeforeValidator(parse_bottlenecks)]
E = TypeVar("E")


class StudyParameters(Parameters, Generic[E]):
    """What every entry point of the study takes; `E` is what epochs of autoencoders are to it."""

    emotion: Source = setting(
        "sample", "hub:dair-ai/emotion", "emotion corpus: `sample`, a file or folder, or `hub:ID`"
    )
    hate: Source = setting(
        "sample",
        "hub:tweets-hate-speech-detection/tweets_hate_speech_detection",
        "corpus of the new task: `sample`, a file or folder, or `hub:ID`",
    )
    emotion_columns: str = setting(
        "", "", "its columns as `text,label`; empty: found by their usual names"
    )
    hate_columns: str = setting(
        "", "", "its columns as `text,label`; empty: found by their usual names"
    )
    encoder: Source = setting(
        "minilm",
        "hub:google-bert/bert-base-uncased",
        "frozen encoder: `minilm`, a local folder in Hugging Face format, or `hub:ID`",
    )
    vectors: Source = setting(
        "glove-50",
        "glove.6B.300d",
        "word vectors: `glove-50`, a GloVe text file (plain, .gz, .zip), or `glove.6B.300d`",
    )
    bottlenecks: Bottlenecks = setting("32", "32,64,128,256", "bottleneck sizes, a comma list")
    lstm_epochs: Epochs = setting(2, 10, "epochs of the LSTM")
    autoencoder_epochs: E = setting(10, 50, "epochs of the autoencoders; half are used")
    transfer_epochs: Epochs = setting(12, 20, "epochs of the classifiers on the new task")
    padding: Literal["front", "after"] = setting(
        "front", "front", "where short tweets are padded: `front` or `after` the words"
    )
    lstm_path: Literal["fast", "plain"] = setting(
        "fast", "fast", "LSTM computation: `fast` (exact shortcut) or `plain` (the reference)"
    )
    lstm_precision: Literal["float32", "bfloat16"] = setting(
        "float32", "float32", "LSTM arithmetic: `float32`, or `bfloat16` (faster, approximate)"
    )
    baseline_pooling: Literal["padded_mean", "token_mean", "flatten"] = setting(
        "padded_mean",
        "padded_mean",
        "how the baseline pools its word embeddings: `padded_mean`, `token_mean` or `flatten`",
    )
    duplicates: Literal["keep", "drop"] = setting(
        "drop", "keep", "repeated tweets of the new task: `keep` (paper) or `drop`"
    )
    items_per_emotion: Annotated[int, Field(ge=2, le=1000)] = setting(
        50, 50, "tweets sampled per emotion for each similarity matrix"
    )
    share_text: bool = setting(
        True, True, "whether tweets may stand in reports, artifacts and model examples"
    )
    trials: Annotated[int, Field(ge=1, le=1_000_000)] = setting(
        12, 100, "of a sweep alone: how many trials it runs (a grid runs all its points)"
    )
    timeout: Annotated[int, Field(ge=0)] = setting(
        0,
        0,
        "of a sweep alone: seconds after which it starts no further trial; 0: no limit",
    )


class Config(StudyParameters[Epochs]):
    """The configuration of a study: its autoencoders are trained over one number of epochs."""

    @property
    def half_epoch(self) -> int:
        """Epoch of the autoencoders that feed RSA and transfer: half of all (section 3.2.1)."""
        return max(1, self.autoencoder_epochs // 2)

    def study_identity(self) -> dict[str, Any]:
        """What makes two invocations one study: all but the seeds and where they are computed."""
        others = {"seeds", "trials", "timeout", "profile"}
        return self.model_dump(mode="json", exclude=others | PLACES)
