"""Corpora of the Hugging Face hub, read with `datasets` from files pinned by their commit.

Only data files are fetched, never a loading script: nothing of a repository is run. The paper's
corpora are known by name:

- `dair-ai/emotion` is pinned to a commit.
- `tweets-hate-speech-detection/tweets_hate_speech_detection` has only a loading script on its
  main branch. Its data is the hub's own conversion, the branch `refs/convert/parquet`, which the
  hub may write anew: so it is *not* pinned. Each class must have as many tweets as in the paper's
  corpus, but that does not tell an altered text.

This and any other corpus is pinned by `hub:ID@COMMIT`. Without a commit the current one is read,
named in `source`, which every run records beside the fingerprint of the contents, and a warning
says how to name it next time.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hybridrep.errors import CorpusError
from hybridrep.sources.hub import (
    ALTERNATIVES,
    CARD,
    CONVERTED,
    HUB_PREFIX,
    Snapshot,
    data_files,
    fetch,
    parse_hub,
)
from hybridrep.sources.texts._hub_plain import link_plain_files
from hybridrep.sources.texts.corpus import SPLITS
from hybridrep.sources.texts.files import SPLIT_WORDS
from hybridrep.sources.texts.rows import ColumnChoice, Rows

if TYPE_CHECKING:
    from datasets import Dataset

_ENDPOINT: str | None = None
"""The hub's address; None for the usual one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Pin:
    """What is known of one of the paper's corpora.

    Attributes:
        revision: the commit or branch that is read when the user names none.
        folder: the folder of the repository that holds the wanted configuration.
        counts: tweets of each numbered label: a check where the revision is a branch.
    """

    revision: str
    folder: str
    counts: Mapping[int, int] = field(default_factory=dict)


_PINS = {
    "dair-ai/emotion": _Pin("cab853a1dbdf4c42c2b3ef2173804746df8825fe", "split"),
    "tweets-hate-speech-detection/tweets_hate_speech_detection": _Pin(
        CONVERTED, "default", {0: 29_720, 1: 2_242}
    ),
}


def read_hub(source: str, choice: ColumnChoice) -> tuple[list[Rows], str]:
    """Read a corpus of the hub.

    Args:
        source: `hub:ID` or `hub:ID@REVISION`; a revision is a commit, branch or tag.
        choice: the columns to read.

    Returns:
        One record per split, the training split first, and the source with its commit, e.g.
        `hub:dair-ai/emotion@cab853a...`.

    Raises:
        CorpusError: the hub cannot be reached, or has no such corpus, or one without usable
            files or columns.
    """
    repository, revision = parse_hub(source, "corpus", "dair-ai/emotion", CorpusError)
    pin = None if revision else _PINS.get(repository)
    if pin is None:
        snapshot, folder = fetch(repository, revision, endpoint=_ENDPOINT), ""
    else:
        snapshot = fetch(repository, pin.revision, pin.folder, endpoint=_ENDPOINT)
        folder = pin.folder
    described = f"{HUB_PREFIX}{repository}@{snapshot.commit}"
    parts = _read_snapshot(snapshot, folder, choice, described)
    if pin is not None and pin.counts:
        _check_counts(parts, pin.counts, described)
    if snapshot.commit not in (revision, pin.revision if pin else ""):
        _log.warning(
            "%s is not pinned: its files may be others next time. What was read now is %s.",
            source, described,
        )  # fmt: skip
    return parts, described


def _read_snapshot(
    snapshot: Snapshot, folder: str, choice: ColumnChoice, described: str
) -> list[Rows]:
    import datasets

    path = snapshot.path / (folder or _converted_folder(snapshot.path, described))
    with tempfile.TemporaryDirectory() as scratch, _no_progress_bars():
        plain = Path(scratch, "files")
        with _as_corpus_errors(described):
            link_plain_files(path, plain, described)
            loaded = datasets.load_dataset(str(plain), cache_dir=scratch, keep_in_memory=True)
        named = {name: SPLIT_WORDS.get(name.lower(), "") for name in loaded}
        if len(named) > 1:
            for name in [name for name, split in named.items() if not split]:
                _log.warning("%s: its split %r is left out", described, name)
                del named[name]
        if len(set(named.values())) < len(named) or not named:
            raise CorpusError(
                f"{described} has the splits {', '.join(loaded)}; expected are train and, if "
                f"there are any, validation and test. {ALTERNATIVES}"
            )
        return [
            _read_split(loaded[name], choice, described, named[name])
            for name in sorted(named, key=lambda name: ("", *SPLITS).index(named[name]))
        ]


def _converted_folder(path: Path, described: str) -> str:
    """Return the only configuration of a converted branch, or "" for any other layout."""
    files = data_files(path)
    configurations = {file.parts[0] for file in files}
    if (path / CARD).exists() or not all(len(file.parts) == 3 for file in files):
        return ""
    if len(configurations) == 1:
        return configurations.pop()
    raise CorpusError(
        f"{described} has several configurations: {', '.join(sorted(configurations))}. "
        f"{ALTERNATIVES}"
    )


def _read_split(rows: Dataset, choice: ColumnChoice, described: str, split: str) -> Rows:
    place = f"{described} ({split})" if split else described
    text_column, label_column = choice.find(rows.column_names, place)
    text, label = rows.column_names[text_column], rows.column_names[label_column]
    columns = rows.select_columns([text, label]).to_dict()
    names = getattr(rows.features[label], "names", None) or ()
    numbers = range(1, len(rows) + 1)
    return Rows(columns[text], columns[label], numbers, place, "row", split, tuple(names))


def _check_counts(parts: Sequence[Rows], expected: Mapping[int, int], described: str) -> None:
    counts = Counter(label for rows in parts for label in rows.labels)
    if counts != expected:
        raise CorpusError(
            f"{described} is not the paper's corpus any more: it has {dict(counts)} tweets per "
            f"label instead of {dict(expected)}. To use it nevertheless, name its commit: "
            f"`{described}`."
        )


@contextmanager
def _as_corpus_errors(described: str) -> Iterator[None]:
    """Turn what a repository's broken card or files make the libraries raise into one message."""
    try:
        yield
    except CorpusError:
        raise
    except Exception as error:  # of YAML, pandas, Arrow, `datasets`: they have no common base
        # What they say may cite rows: of a file without a header, the first tweet.
        raise CorpusError(
            f"The files of {described} or its card, {CARD}, cannot be read "
            f"({type(error).__name__}). {ALTERNATIVES}"
        ) from error


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    import datasets

    were_shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if were_shown:
            datasets.enable_progress_bars()
