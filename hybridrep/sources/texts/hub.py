"""Corpora of the Hugging Face hub, read with `datasets` from files pinned by their commit.

Only data files are fetched, never a loading script. A study pins the corpora that it knows; any
other is pinned by `hub:ID@COMMIT`. Without, the current commit is read and named in `source`, and a
warning says how to name it next time.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hybridrep.errors import CorpusError
from hybridrep.sources.hub import HUB_PREFIX, MAIN, Kind, Snapshot, fetch
from hybridrep.sources.texts._hub_plain import (
    ALTERNATIVES,
    CARD,
    DATA_ENDINGS,
    data_files,
    link_plain_files,
)
from hybridrep.sources.texts.corpus import SPLITS
from hybridrep.sources.texts.files import SPLIT_WORDS
from hybridrep.sources.texts.rows import ColumnChoice, Rows

if TYPE_CHECKING:
    from datasets import Dataset

CONVERTED = "refs/convert/parquet"
"""The branch on which the hub keeps public corpora converted to Parquet."""


def _has_data(names: Collection[str]) -> bool:
    return any(name.endswith(DATA_ENDINGS) for name in names)


_CORPORA = Kind(
    noun="corpus",
    example="OWNER/NAME",
    alternatives=ALTERNATIVES,
    repo_type="dataset",
    error=CorpusError,
    is_whole=_has_data,
    lacks=f"The hub corpus {{repository!r}} has no data files ({', '.join(DATA_ENDINGS)}) at "
    "{revisions}; loading scripts are not run.",
    stays=False,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pin:
    """What is known of a corpus.

    Attributes:
        revision: the commit or branch that is read when the user names none.
        folder: the folder of the repository that holds the wanted configuration.
        counts: texts of each numbered label: a check where the revision is a branch.
    """

    revision: str
    folder: str = ""
    counts: Mapping[int, int] = field(default_factory=dict)


def read_hub(source: str, choice: ColumnChoice, pins: Mapping[str, Pin]) -> tuple[list[Rows], str]:
    """Read a corpus of the hub: a record per split, training first, and the source with its commit.

    Args:
        source: `hub:ID` or `hub:ID@REVISION`; a revision is a commit, branch or tag. Without one,
            the pin's, else the main branch or, where that has no data files, the converted one.
        choice: the columns to read.
        pins: the corpora that the study knows, by ID; the first is an example in messages.

    Raises:
        CorpusError: the hub cannot be reached, or has no such corpus with usable files and columns.
    """
    kind = replace(_CORPORA, example=next(iter(pins), _CORPORA.example))
    repository, revision = kind.parse(source)
    pin = pins.get(repository, Pin("")) if not revision else Pin(revision)
    revisions = [pin.revision] if pin.revision else [MAIN, CONVERTED]
    snapshot = fetch(kind, source, revisions, _patterns(pin.folder))
    described = f"{HUB_PREFIX}{repository}@{snapshot.commit}"
    parts = _read_snapshot(snapshot, pin.folder, choice, described)
    if pin.counts:
        _check_counts(parts, pin.counts, described, choice.noun)
    if snapshot.commit != pin.revision:
        _log.warning(
            "%s is not pinned: its files may be others next time. What was read now is %s.",
            source, described,
        )  # fmt: skip
    return parts, described


def _patterns(folder: str) -> list[str]:
    """Name the files to fetch: all data and the card or, with a folder, its data alone."""
    inside = f"{folder}/" if folder else ""
    patterns = [f"{inside}*{ending}" for ending in DATA_ENDINGS]
    return patterns if folder else [*patterns, CARD]


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


def _check_counts(
    parts: Sequence[Rows], expected: Mapping[int, int], described: str, noun: str
) -> None:
    counts = Counter(label for rows in parts for label in rows.labels)
    if counts != expected:
        raise CorpusError(
            f"{described} is not the paper's corpus any more: it has {dict(counts)} {noun} per "
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
        # What they say may cite rows: of a file without a header, the first text.
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
