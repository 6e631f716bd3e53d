"""One door to every corpus: the synthetic sample, local files, and the Hugging Face hub.

Of the paper's corpora `dair-ai/emotion` is pinned to a commit. The other has only a loading script
on its main branch; its data is the hub's own conversion, which the hub may write anew: so it is
*not* pinned. Each class must have as many tweets as in the paper's corpus, but that does not tell
an altered text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.sources.hub import HUB_PREFIX
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.texts.files import read_path
from hybridrep.sources.texts.hub import CONVERTED, Pin, read_hub
from hybridrep.sources.texts.rows import ColumnChoice, Rows
from hybridrep.studies.hybrid.names import CorpusName
from hybridrep.studies.hybrid.tweets._classes import classes_of
from hybridrep.studies.hybrid.tweets.sample import sample_corpus

PINS = {
    "dair-ai/emotion": Pin("cab853a1dbdf4c42c2b3ef2173804746df8825fe", "split"),
    "tweets-hate-speech-detection/tweets_hate_speech_detection": Pin(
        CONVERTED, "default", {0: 29_720, 1: 2_242}
    ),
}


def load_corpus(name: CorpusName, source: str, columns: str = "") -> Corpus:
    """Load a corpus, not cleaned, and check every text and label of it.

    Args:
        name: "emotion" or "hate".
        source: `sample`, the path of a file or folder (`files.read_path`), or `hub:ID` with an
            optional `@REVISION` (`hub.read_hub`).
        columns: "TEXT,LABEL", the names of the two columns; "" finds them by name.

    Raises:
        CorpusError: it is missing, empty, malformed or unreachable; the message says where.
    """
    if name not in get_args(CorpusName):
        raise ParameterError(f"A corpus is 'emotion' or 'hate', not {name!r}.")
    choice = ColumnChoice(columns.strip(), f"{name}_columns", "tweets")
    if not source.strip():
        raise CorpusError(
            f"The parameter {name} is empty. Give `sample`, a file or folder, or `hub:ID`."
        )
    if source == "sample":
        if choice.columns:
            raise CorpusError(f"The sample has no columns to choose: leave {name}_columns empty.")
        return sample_corpus(name)
    if source.startswith(HUB_PREFIX):
        parts, described = read_hub(source, choice, PINS)
        return _assemble(name, parts, described)
    return _assemble(name, read_path(source, choice), source)


def _assemble(name: CorpusName, parts: Sequence[Rows], source: str) -> Corpus:
    labels, label_names = classes_of(name, parts)
    return Corpus(
        name=name,
        texts=tuple(text for rows in parts for text in _texts(rows, empty_allowed=name == "hate")),
        labels=labels, label_names=label_names,
        splits=tuple(rows.split for rows in parts for _ in rows.texts), source=source,
        synthetic=False,
    )  # fmt: skip


def _texts(rows: Rows, empty_allowed: bool) -> list[str]:
    """Return the texts of a part, which can be written as UTF-8; cleaning drops the empty ones."""
    texts: list[str] = []
    for item, text in enumerate(rows.texts):
        if not isinstance(text, str):
            missing = text is None or text != text  # NaN
            trouble = (
                "no text"
                if missing
                else f"the text is no string but of the type {type(text).__name__}"
            )
            raise CorpusError(f"{rows.where(item)}: {trouble}. Remove the {rows.unit}.")
        if not (empty_allowed or text.strip()):
            raise CorpusError(f"{rows.where(item)}: no text. Remove the {rows.unit}.")
        if not text.isascii():
            _check_encodable(text, rows, item)
        if "\0" in text:
            raise CorpusError(f"{rows.where(item)}: the text holds a NUL character. Remove it.")
        texts.append(text)
    return texts


def _check_encodable(text: str, rows: Rows, item: int) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{rows.where(item)}: the text holds half a character "
            f"(U+{ord(text[error.start]):04X}). Write the file anew as UTF-8."
        ) from error
