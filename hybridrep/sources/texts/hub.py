"""Corpora of the Hugging Face hub, from files pinned by their commit.

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
from pathlib import Path, PurePath

from hybridrep.errors import CorpusError
from hybridrep.sources.hub import HUB_PREFIX, MAIN, Kind, Snapshot, fetch
from hybridrep.sources.texts._card import CARD, Card, ClassNames
from hybridrep.sources.texts._hub_plain import ALTERNATIVES, DATA_ENDINGS, link_plain_files
from hybridrep.sources.texts._layout import arrange, data_files
from hybridrep.sources.texts.files import read_files, with_class_names
from hybridrep.sources.texts.rows import ColumnChoice, Rows, training_first

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
            `#NAME` behind it chooses one of several configurations.
        choice: the columns to read.
        pins: the corpora that the study knows, by ID; the first is an example in messages.

    Raises:
        CorpusError: the hub cannot be reached, or has no such corpus with usable files and columns.
    """
    kind = replace(_CORPORA, example=next(iter(pins), _CORPORA.example))
    address, name = split_name(source)
    repository, revision = kind.parse(address)
    pin = pins.get(repository, Pin("")) if not revision else Pin(revision)
    folder = "" if name else pin.folder
    revisions = [pin.revision] if pin.revision else [MAIN, CONVERTED]
    snapshot = fetch(kind, address, revisions, _patterns(folder))
    described = f"{HUB_PREFIX}{repository}@{snapshot.commit}"
    parts = training_first(_read_snapshot(snapshot, folder, choice, described, name), choice)
    described += f"#{name}" if name else ""
    if pin.counts and not name:
        _check_counts(parts, pin.counts, described, choice.noun)
    if snapshot.commit != pin.revision:
        _log.warning(
            "%s is not pinned: its files may be others next time. What was read now is %s.",
            source, described,
        )  # fmt: skip
    return parts, described


def split_name(source: str) -> tuple[str, str]:
    """Split `hub:ID@REVISION#NAME` into the address and the name of a configuration.

    Raises:
        CorpusError: nothing stands behind `#`, or a name that no folder may have.
    """
    address, sign, name = source.partition("#")
    if sign and (not name.strip() or ".." in PurePath(name).parts or name.startswith("/")):
        raise CorpusError(
            f"{source!r} does not name a hub corpus: behind `#` stands the name of one of its "
            "configurations."
        )
    return address, name.strip()


def repository_of(source: str) -> str:
    """Return the ID in `hub:ID@REVISION#NAME`."""
    return split_name(source)[0].removeprefix(HUB_PREFIX).partition("@")[0]


def _patterns(folder: str) -> list[str]:
    """Name the files to fetch: all data and the card or, with a folder, its data alone."""
    inside = f"{folder}/" if folder else ""
    patterns = [f"{inside}*{ending}" for ending in DATA_ENDINGS]
    return patterns if folder else [*patterns, CARD]


def _read_snapshot(
    snapshot: Snapshot, folder: str, choice: ColumnChoice, described: str, name: str = ""
) -> list[Rows]:
    """Read a repository's files: those that its card or their names give to one corpus."""
    with tempfile.TemporaryDirectory() as scratch, _no_progress_bars():
        plain = Path(scratch, "files")
        with _as_corpus_errors(described):
            link_plain_files(snapshot.path / folder, plain, described)
            files, names = _chosen_files(plain, described, name)
        return with_class_names(read_files(plain, files, choice, described), names)


def _chosen_files(
    plain: Path, described: str, name: str
) -> tuple[list[tuple[PurePath, str]], ClassNames]:
    """Return the files of the chosen configuration with their splits, and names of classes."""
    card = Card.of(plain)
    if card.configurations:
        chosen = card.choose(name, described)
        return card.files(chosen, described), card.class_names(chosen)
    there = data_files(plain, DATA_ENDINGS, deep=True)
    files = arrange(there, described, name, ", ".join(DATA_ENDINGS), of_hub=True)
    return files, card.class_names(name)


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
