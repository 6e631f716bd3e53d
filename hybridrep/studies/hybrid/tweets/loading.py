"""One door to every corpus: the synthetic sample, local files, and the Hugging Face hub.

Of the paper's corpora `dair-ai/emotion` is pinned to a commit. The other has only a loading script
on its main branch; its data is the hub's own conversion, which the hub may write anew: so it is
*not* pinned. Each class must have as many tweets as in the paper's corpus, but that does not tell
an altered text.
"""

from __future__ import annotations

import logging
from typing import get_args

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.sources.hub import HUB_PREFIX
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.texts.files import read_path
from hybridrep.sources.texts.hub import CONVERTED, Pin, read_hub, repository_of
from hybridrep.sources.texts.rows import ColumnChoice, Quoting, Rows
from hybridrep.studies.hybrid.names import CorpusName
from hybridrep.studies.hybrid.tweets._classes import LabelChoice, Say, classes_of
from hybridrep.studies.hybrid.tweets.sample import sample_corpus

PINS = {
    "dair-ai/emotion": Pin("cab853a1dbdf4c42c2b3ef2173804746df8825fe", "split"),
    "tweets-hate-speech-detection/tweets_hate_speech_detection": Pin(
        CONVERTED, "default", {0: 29_720, 1: 2_242}
    ),
}


_log = logging.getLogger(__name__)
_AS_THEY_ARE = LabelChoice()


def load_corpus(
    name: CorpusName, source: str, columns: str = "", *, split: str = "", quoting: Quoting = "",
    labels: LabelChoice = _AS_THEY_ARE, say: Say = _log.warning,
) -> Corpus:  # fmt: skip
    """Load a corpus, not cleaned, and check every text and label of it.

    Args:
        name: "emotion" or "hate".
        source: `sample`, the path of a file or folder (`files.read_path`), or `hub:ID` with an
            optional `@REVISION` (`hub.read_hub`); `#NAME` chooses one of several configurations.
        columns: "TEXT,LABEL", the names of the two columns; "" finds them by name.
        split: the column that says what is training, validation and test; "" for none.
        quoting: how cells of delimited files are quoted.
        labels: what the user says of the labels.
        say: is told in a line how labels were understood that do not speak for themselves.

    Raises:
        CorpusError: it is missing, empty, malformed or unreachable; the message says where.
    """
    if name not in get_args(CorpusName):
        raise ParameterError(f"A corpus is 'emotion' or 'hate', not {name!r}.")
    choice = ColumnChoice(columns.strip(), f"{name}_columns", "tweets", split.strip(), quoting)
    if not source.strip():
        raise CorpusError(
            f"The parameter {name} is empty. Give `sample`, a file or folder, or `hub:ID`."
        )
    if source == "sample":
        _check_sample(choice, labels)
        return sample_corpus(name)
    if source.startswith(HUB_PREFIX):
        parts, described = read_hub(source, choice, PINS)
        repository = repository_of(source)
    else:
        parts, described, repository = read_path(source, choice), source, ""
    numbers, names = classes_of(name, parts, labels, repository, say)
    return Corpus(
        name=name,
        texts=tuple(text for rows in parts for text in _texts(rows, empty_allowed=name == "hate")),
        labels=numbers, label_names=names,
        splits=tuple(rows.split for rows in parts for _ in rows.texts), source=described,
        synthetic=False,
    )  # fmt: skip


def _check_sample(choice: ColumnChoice, labels: LabelChoice) -> None:
    """Refuse what can be said of a file alone."""
    given = {
        choice.parameter: choice.columns, choice.sibling("split"): choice.split,
        choice.sibling("names"): labels.names, choice.sibling("positive"): labels.positive,
    }  # fmt: skip
    for parameter in [parameter for parameter, value in given.items() if value]:
        thing = "columns to choose" if parameter == choice.parameter else "such choice"
        raise CorpusError(f"The sample has no {thing}: leave {parameter} empty.")


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
            raise CorpusError(
                f"{rows.where(item)}: {trouble}. Remove the {rows.unit}"
                f"{'' if missing else ', write it as text, or choose another column'}."
            )
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
