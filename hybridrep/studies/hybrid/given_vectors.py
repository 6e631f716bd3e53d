"""Vectors of the study's tweets that were made elsewhere, in place of an encoder or of LSTMs.

A file names each tweet by its text, or as `emotion:1`, `emotion:2`, ..., `hate:1`, ...: the items
of the corpora as they are loaded, before cleaning. All are read and checked in the parent, before
any long work, and filed in the store as rows of the corpora.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from hybridrep.errors import ParameterError, RepresentationError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import shown
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.digest import sha256_file
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.vectors.files import ids_beside
from hybridrep.sources.vectors.manifest import file_and_key, load_vectors
from hybridrep.sources.vectors.records import Representation, rows_by_name
from hybridrep.studies.hybrid.inputs import GivenVectors
from hybridrep.studies.hybrid.tweets.cleaning import CleanedCorpus

STAGE = Stage("given_vectors", module=__name__)
PREFIX = "vectors:"
"""What a source of given vectors begins with."""
SEED = "{seed}"
"""What stands for the seed's number in the name of a file."""


@dataclass(frozen=True)
class Tweets:
    """A corpus, and under which names a file may hold the vectors of its tweets."""

    corpus: Corpus
    names: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, corpus: Corpus, cleaned: CleanedCorpus | None = None) -> Tweets:
        """Name tweets by number and text; cleaned ones as they were and as they are now."""
        if cleaned is None:
            return cls(corpus, _names(corpus, range(len(corpus)), corpus.texts))
        rows = cleaned.rows.tolist()
        return cls(cleaned.corpus, _names(corpus, rows, cleaned.corpus.texts))


def _names(
    loaded: Corpus, rows: Iterable[int], texts: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    named = zip(rows, texts, strict=True)
    return tuple((f"{loaded.name}:{row + 1}", loaded.texts[row], text) for row, text in named)


def is_given(source: str) -> bool:
    """Tell whether a source names given vectors."""
    return source.startswith(PREFIX)


def given_encoder(store: Store, source: str, emotion: Tweets, hate: Tweets) -> GivenVectors:
    """Check and file given global vectors.

    Raises:
        RepresentationError: naming the file and what is wrong with it.
    """
    if SEED in source:
        raise ParameterError(
            f"parameter encoder={shown(source)}: global vectors are the same for all seeds; "
            f"{SEED} has a meaning in task_specific alone"
        )
    return _keep(store, "encoder", source, emotion, hate)


def given_task_specific(
    store: Store, source: str, seeds: Sequence[int], emotion: Tweets, hate: Tweets
) -> tuple[GivenVectors, ...]:
    """Check and file given task-specific vectors: one for all seeds, or with `{seed}` one a seed.

    Raises:
        RepresentationError: naming the file and what is wrong with it, or files of two seeds that
            differ in size or in whether they know the new task.
    """
    wanted = [f"{seed}" for seed in seeds] if SEED in source else [""]
    found = tuple(
        _keep(store, "task_specific", source.replace(SEED, seed), emotion, hate) for seed in wanted
    )
    first = found[0]
    for each in found[1:]:
        if each.hidden_size != first.hidden_size:
            raise RepresentationError(
                f"{each.path}: has {each.hidden_size} dimensions, {first.path} {first.hidden_size}:"
                " all seeds need the same"
            )
        if bool(each.hate_key) != bool(first.hate_key):
            has, lacks = (each, first) if each.hate_key else (first, each)
            raise RepresentationError(
                f"{lacks.path}: has no vector of any hate tweet, and {has.path} has: give them for "
                "all seeds or for none"
            )
    return found


def left_out(*representations: object) -> tuple[str, ...]:
    """Say what is left out, and why: of given vectors that have none of the new task."""
    lacking = [each for each in representations if isinstance(each, GivenVectors)]
    files = ", ".join(each.path for each in lacking if not each.hate_key)
    if not files:
        return ()
    return (f"the new task is left out: {files} has no vector of any of its tweets",)


def _keep(store: Store, parameter: str, source: str, emotion: Tweets, hate: Tweets) -> GivenVectors:
    path, array = file_and_key(source.removeprefix(PREFIX))
    read: Callable[[], Representation] = cache(lambda: load_vectors(source.removeprefix(PREFIX)))
    if not path.is_file():
        read()  # says what is wrong
    fingerprint = _fingerprint(path, array)
    keys, sizes = {}, {}
    for tweets, optional in ((emotion, False), (hate, True)):
        key = STAGE.key(fingerprint, content_key({"names": tweets.names}))
        about = {"file": str(path), "corpus": tweets.corpus.source}
        stored = STAGE.keep(
            store, key, lambda tweets=tweets, optional=optional: _make(  # type: ignore[misc]
                parameter, path, read(), tweets, optional=optional
            ), about,
        )  # fmt: skip
        keys[tweets.corpus.name] = key if stored.meta["size"] else ""
        sizes[tweets.corpus.name] = int(stored.meta["size"])
    size = sizes[emotion.corpus.name]
    return GivenVectors(
        source=source, path=str(path), fingerprint=fingerprint, hidden_size=size,
        description=f"{source} ({size}-d, given)",
        emotion_key=keys[emotion.corpus.name], hate_key=keys[hate.corpus.name],
    )  # fmt: skip


def _fingerprint(path: Path, array: str) -> str:
    """Identify a file's vectors and ids: its bytes, those of the ids beside it, and the array."""
    beside = ids_beside(path)
    ids = "" if beside is None else sha256_file(beside)
    return content_key({"file": sha256_file(path), "ids": ids, "array": array})


def _make(
    parameter: str, path: Path, one: Representation, tweets: Tweets, *, optional: bool
) -> Made:
    """Take the vectors of a corpus' tweets, float32 [items, size]; none at all may be allowed."""
    name, count = tweets.corpus.name, len(tweets.corpus)
    rows = rows_by_name(one, tweets.names)
    if optional and (rows < 0).all():
        return Made(meta={"of": "items", "size": 0})
    if (lacking := np.flatnonzero(rows < 0)).size:
        raise RepresentationError(
            f"parameter {parameter}: {path} has no vector of {lacking.size:,} of the {count:,} "
            f"{name} tweets, the first `{tweets.names[lacking[0]][0]}` (item "
            f"{tweets.names[lacking[0]][0].rpartition(':')[2]} of {tweets.corpus.source}). Its ids "
            f"must be the tweets' texts, or `{name}:1`, `{name}:2`, ..."
        )
    with np.errstate(over="ignore"):
        vectors = np.ascontiguousarray(one.values[rows], dtype=np.float32)
    if (wrong := np.flatnonzero(~np.isfinite(vectors).all(axis=1))).size:
        raise RepresentationError(
            f"parameter {parameter}: {path}: {wrong.size:,} items have a value that is not finite "
            f"in float32, the first `{tweets.names[wrong[0]][0]}`"
        )
    if count > 1 and (vectors == vectors[0]).all():
        raise RepresentationError(
            f"parameter {parameter}: {path} gives all {name} tweets the same vector"
        )
    return Made(
        arrays={"given": {"vectors": vectors}},
        meta={"of": "items", "size": int(vectors.shape[1])},
    )
