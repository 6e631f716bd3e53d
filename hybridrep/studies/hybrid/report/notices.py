"""What a reader must know before the numbers: gaps, single seeds, synthetic or withheld text."""

from __future__ import annotations

from math import log
from statistics import fmean

import hybridrep
from hybridrep.reporting.facts import config_value, meta_record
from hybridrep.reporting.formatting import counted, listed, number, seeds_text
from hybridrep.reporting.html.views import Notice
from hybridrep.studies.hybrid.global_vectors.known_words import KNOWN, few_known
from hybridrep.studies.hybrid.results.facts import (
    cautions_of,
    corpora_of,
    encoder_name,
    is_given,
    more_classes_than_the_paper,
    task_specific_name,
)
from hybridrep.studies.hybrid.results.published import BOTTLENECKS
from hybridrep.studies.hybrid.results.result_tables import size_beside_paper
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.schema import SCHEMAS
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables
from hybridrep.studies.hybrid.similarity.items import ExampleItems

_STATES = {
    "failed": "Failed", "missing": "Without any result",
    "incomplete": "Incomplete (what they have counts, and every table says on how many seeds a "
    "number stands)",
    "unexpected": "Not asked for, but there (they count)",
}  # fmt: skip


def notices_of(
    results: Results, example: ExampleItems | None, *, texts_shown: bool
) -> list[Notice]:
    """Return the notices of one study, warnings first."""
    tables = results.tables
    return [
        *_seeds(results), *_few(tables), *_unread(tables), *_left_out(tables), *_given(tables),
        *_older(tables), *_size(tables), *_synthetic(tables),
        *_labels(tables), *_shared(tables), *_duplicates(tables),
        *_texts(tables, example, texts_shown=texts_shown),
    ]  # fmt: skip


def _seeds(results: Results) -> list[Notice]:
    tables, complete, notices = results.tables, results.seeds("complete"), []
    parts = [
        f"{label}: {seeds_text(seeds)}."
        for state, label in _STATES.items()
        if (seeds := results.seeds(state))
    ]
    if parts:
        title = f"{len(complete)} of {len(tables.seeds_wanted)} seeds are complete"
        notices.append(Notice("warning", title, " ".join(parts)))
    if len(results.status) and _most_seeds(tables) < 2:
        notices.append(
            Notice(
                "warning", "Too few seeds for statistics",
                "No value has more than one seed, so there is no spread over seeds: no test, no "
                "interval and no SD is given. The numbers show one simulation.",
            )
        )  # fmt: skip
    return notices


def _few(tables: StudyTables) -> list[Notice]:
    """Warn of numbers that stand on few tweets, however many the seeds."""
    texts = cautions_of(tables)
    title = "Few tweets behind some numbers"
    return [Notice("warning", title, " ".join(texts))] if texts else []


def _unread(tables: StudyTables) -> list[Notice]:
    """Warn of an encoder to which most of what it reads is unknown."""
    shares = {corpus.name: corpus.notes.get(KNOWN) for corpus in corpora_of(tables)}
    texts = few_known({name: share for name, share in shares.items() if isinstance(share, float)})
    title = "Few words that the encoder knows"
    return [Notice("warning", title, " ".join(texts))] if texts else []


def _left_out(tables: StudyTables) -> list[Notice]:
    """Say which part of the study there is not, and why."""
    lines = [str(line) for line in tables.meta.get("left_out") or ()]
    return [Notice("warning", "Left out", f"{line[0].upper()}{line[1:]}.") for line in lines]


def _given(tables: StudyTables) -> list[Notice]:
    """Say what BERT and LSTM stand for where their vectors were made elsewhere."""
    named = {"BERT": encoder_name(tables), "LSTM": task_specific_name(tables)}
    lines = [f"“{name}” stands for {source}." for name, source in named.items() if is_given(source)]
    if not lines:
        return []
    text = " ".join(lines) + " How they were made is not known here."
    return [Notice("note", "Given representations", text)]


def _labels(tables: StudyTables) -> list[Notice]:
    """Say how labels were understood that did not speak for themselves, and of several classes."""
    notices = []
    for corpus in corpora_of(tables):
        said = corpus.notes.get("labels")
        lines = [str(line) for line in said] if isinstance(said, list | tuple) else []
        if corpus.name == "hate" and (classes := more_classes_than_the_paper(tables)):
            lines.append(
                f"The new task has {classes} classes where the paper’s has two, so its losses and "
                "accuracies are not comparable with the paper’s and do not stand beside them: "
                f"guessing has an accuracy of {1 / classes:.3f} and a loss of ln {classes} = "
                f"{log(classes):.3f} here, and of 0.500 and 0.693 there."
            )
        if lines:
            text = " ".join(f"{line[0].upper()}{line[1:].removesuffix('.')}." for line in lines)
            notices.append(Notice("note", f"How labels of {corpus.name} were read", text))
    return notices


def _shared(tables: StudyTables) -> list[Notice]:
    """Say why no tweets are the same for every seed."""
    reasons = [str(corpus.notes.get("no_shared") or "") for corpus in corpora_of(tables)]
    return [
        Notice(
            "note", "No tweets that all seeds share",
            f"Seeds cannot be compared tweet by tweet: {reason}.",
        )
        for reason in reasons if reason
    ]  # fmt: skip


def _most_seeds(tables: StudyTables) -> int:
    """Return on how many seeds the values stand that have most; incomplete seeds count."""
    counts = [0]
    for name, schema in SCHEMAS.items():
        table = getattr(tables, name)
        if len(table):
            key = [column for column in schema.key if column != "seed"]
            counts.append(int(table.value_counts(key).max() if key else len(table)))
    return max(counts)


def _size(tables: StudyTables) -> list[Notice]:
    """Say when what stands beside the paper's Table 1 has another bottleneck."""
    size = size_beside_paper(tables)
    if size in (0, BOTTLENECKS[0]) or more_classes_than_the_paper(tables):
        return []
    return [
        Notice(
            "note", "Another bottleneck than the paper’s",
            f"The paper printed its Table 1 for a bottleneck of {BOTTLENECKS[0]}, which this study "
            f"does not have: its bottleneck {size} stands beside it.",
        )
    ]  # fmt: skip


def _older(tables: StudyTables) -> list[Notice]:
    """Say when another version made the study, by its tables' layout or by its own record."""
    recorded = str(meta_record(tables.meta, "versions").get("hybridrep", ""))
    parts = []
    if recorded and recorded != hybridrep.__version__:
        parts.append(
            f"The study was computed by hybridrep {recorded}; this report is by hybridrep "
            f"{hybridrep.__version__}, which might compute other numbers."
        )
    layout = tables.meta.get("made_with_schema")
    if layout is not None:
        parts.append(
            f"Its tables were of layout {layout} and were brought to layout {SCHEMA_VERSION}; what "
            "the older version did not record is shown as a dash."
        )
    return [Notice("note", "Made by another version", " ".join(parts))] if parts else []


def _synthetic(tables: StudyTables) -> list[Notice]:
    made = [corpus.name for corpus in corpora_of(tables) if corpus.synthetic]
    if not made:
        return []
    return [
        Notice(
            "note", "Synthetic data",
            f"The {listed(made)} {'corpus was' if len(made) == 1 else 'corpora were'} written by "
            "a seeded generator to try the simulation out. Its numbers say nothing about real "
            "tweets and are not comparable with the paper’s.",
        )
    ]  # fmt: skip


def _duplicates(tables: StudyTables) -> list[Notice]:
    choice = config_value(tables.meta, "duplicates", "")
    text = {
        "keep": "Tweets of the new task that occur more than once were kept (the paper names no "
        "removal): test tweets that also stand in training flatter every accuracy.",
        "drop": "Tweets of the new task that occur more than once were dropped; the paper "
        "names no removal, and kept ones would flatter its accuracies.",
    }.get(str(choice), "")
    if not text:
        return []
    record = meta_record(tables.meta, "duplicates")
    if record.get("repeated_texts"):
        text += f" The corpus holds {record['repeated_texts']:,} such repetitions."
    if found := meta_record(tables.meta, "duplicates", "test_in_training"):
        text += (
            f" Of a seed’s {record.get('test_tweets', 0):,} test tweets "
            f"{number(fmean(found.values()), 0)} also stand in its training (mean over "
            f"{counted(len(found), 'seed')})."
        )
    other = "dropped" if choice == "keep" else "kept"
    text += f" The entry point compare puts this study beside one with duplicates {other}."
    return [Notice("note", f"Duplicates {'kept' if choice == 'keep' else 'dropped'}", text)]


def _texts(tables: StudyTables, example: ExampleItems | None, *, texts_shown: bool) -> list[Notice]:
    if example is None or texts_shown:
        return []
    text = "This study shows no tweet (share_text=false)."
    if config_value(tables.meta, "share_text", False):
        text = "This report shows no tweet: it was written to be passed on."
    return [Notice("note", "Tweets withheld", text)]
