"""A study's finished results, read from the store into the long tables that reports read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from hybridrep.execution.fingerprint import content_key
from hybridrep.studies.hybrid.fusion import new_task
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.given_vectors import left_out
from hybridrep.studies.hybrid.inputs import CorpusInput, Hybrid, Inputs, read_corpus
from hybridrep.studies.hybrid.names import FOLLOWED
from hybridrep.studies.hybrid.results.schema import frame
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables
from hybridrep.studies.hybrid.similarity import measured, representations
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transfer import stage as transfer
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.tracked import followed
from hybridrep.studies.hybrid.tweets.rows import transfer_rows
from hybridrep.studies.hybrid.tweets.splits import count_test_in_train
from hybridrep.tracking.provenance import package_versions, provenance_tags


def study_key(inputs: Inputs) -> str:
    """Identify a study: its configuration and data, whatever its seeds and where it runs.

    Files of single seeds are no part of it: they stand in the keys of those seeds' results.
    """
    given = [each.fingerprint for each in inputs.task_specific]
    return content_key(
        {
            **({"task_specific": given} if given and not inputs.by_seed else {}),
            "config": inputs.config.study_identity(), "emotion": inputs.emotion.tokens_key,
            "hate": inputs.hate.tokens_key, "encoder": inputs.encoder.fingerprint,
        }
    )  # fmt: skip


Read = Callable[[Hybrid, int], pd.DataFrame]


def study_tables(
    study: Hybrid, seeds: Sequence[int], failed: Mapping[int, str],
    stages: Sequence[str] | None = None,
) -> StudyTables:  # fmt: skip
    """Read complete seeds' results, of all or these entry points; `failed`: why seeds have none."""
    readers: dict[str, tuple[str, Read]] = {
        "lstm": ("lstm", _lstm), "autoencoder": ("autoencode", partial(_trained, table="curves")),
        "linear_baseline": ("autoencode", linear_baseline),
        "rsa": ("rsa", partial(_trained, table="rsa")), "measures": ("rsa", _measures),
        "transfer": ("transfer", _transfer),
        "fusion": ("fuse", _fusion), "fused_transfer": ("fuse", _fused_transfer),
    }  # fmt: skip
    for name in _absent(study.inputs):
        del readers[name]
    filled = {
        name: _gather(name, seeds, partial(read, study))
        for name, (stage, read) in readers.items()
        if stages is None or stage in stages
    }
    return StudyTables(**filled, meta=_meta(study, seeds, failed)).validate()


def _absent(inputs: Inputs) -> list[str]:
    """Return the tables that a study with given vectors has nothing for."""
    return [*(["lstm"] if inputs.task_specific else []), *([] if inputs.new_task else ["transfer"])]


def _gather(name: str, seeds: Sequence[int], read: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    """Stack a table's rows of several seeds."""
    parts = [part.assign(seed=seed) for seed in seeds if len(part := read(seed))]
    return frame(name, pd.concat(parts, ignore_index=True) if parts else ())


def _lstm(study: Hybrid, seed: int) -> pd.DataFrame:
    return study.open(task_specific.network_node(study, seed)).table("curves")


def linear_baseline(study: Hybrid, seed: int) -> pd.DataFrame:
    """Return a seed's stored linear baseline, one row a direction."""
    return study.open(baseline.node(study, seed)).table("linear_baseline")


def _trained(study: Hybrid, seed: int, *, table: str) -> pd.DataFrame:
    parts = []
    for variant in transformation.variants(study):
        part = study.open(transformation.node(study, variant, seed)).table(table)
        parts.append(part.assign(direction=variant.direction, bottleneck=variant.bottleneck))
    return pd.concat(parts, ignore_index=True)


def _measures(study: Hybrid, seed: int) -> pd.DataFrame:
    """Return the measures that the study asks for: those that trainings hold, and the others."""
    keys = measured.keys_of(study)
    item_set = study.open(representations.node(study, seed)).meta["item_set"]
    r = _trained(study, seed, table="rsa")
    at = followed(study.config.autoencoder_epochs)
    r = r[(r["item_set"] == item_set) & r["epoch"].isin(at)].drop(columns="item_set")
    parts = [
        r.assign(measure=FOLLOWED[0], chance=0.0),
        _trained(study, seed, table="measures"),
        study.open(measured.node(study, seed)).table("measures"),
    ]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return table[table["measure"].isin(keys)].assign(item_set=item_set)


def _transfer(study: Hybrid, seed: int) -> pd.DataFrame:
    parts = [
        study.open(transfer.node(study, bottleneck, seed))
        .table("curves")
        .assign(bottleneck=bottleneck)
        for bottleneck in (0, *study.config.bottlenecks)
    ]
    return pd.concat(parts, ignore_index=True)


def _fusion(study: Hybrid, seed: int) -> pd.DataFrame:
    parts = [
        study.open(node).table("fusion").assign(method=node.about["method"])
        for node in fusing.nodes(study, seed)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _fused_transfer(study: Hybrid, seed: int) -> pd.DataFrame:
    parts = [study.open(node).table("curves") for node in new_task.nodes(study, seed)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _meta(study: Hybrid, seeds: Sequence[int], failed: Mapping[int, str]) -> dict[str, Any]:
    inputs, config = study.inputs, study.inputs.config
    # shares of the corpus' words that have a vector: of all tokens, and of the distinct ones
    notes = dict(inputs.emotion.notes)
    return {
        "schema_version": SCHEMA_VERSION, "study": config.study, "study_key": study_key(inputs),
        "config": config.model_dump(mode="json"), "half_epoch": config.half_epoch,
        "seeds_wanted": list(config.seeds),
        "seeds_failed": {str(seed): reason for seed, reason in failed.items()},
        "corpora": [_corpus(corpus) for corpus in (inputs.emotion, inputs.hate)],
        "encoder": {
            "description": inputs.encoder.description, "fingerprint": inputs.encoder.fingerprint,
            "hidden_size": inputs.encoder.hidden_size, "vector": inputs.reading.words,
        },
        "task_specific": {
            "description": _task_specific(inputs), "hidden_size": inputs.task_size,
            "fingerprints": [each.fingerprint for each in inputs.task_specific],
        },
        "left_out": list(left_out(inputs.encoder, *inputs.task_specific)),
        "vectors": {
            "source": config.vectors, "size": inputs.vector_size,
            "fingerprint": inputs.vectors_fingerprint,
        },
        "coverage": {name: notes[f"{name}_found"] for name in ("tokens", "types")},
        "duplicates": _duplicates(study, seeds),
        "time_steps": inputs.time_steps, "versions": package_versions(),
        "commit": provenance_tags().get("mlflow.source.git.commit", ""),
    }  # fmt: skip


def _task_specific(inputs: Inputs) -> str:
    """Return what the task-specific vectors are, for people; empty: those of LSTMs."""
    if not inputs.task_specific:
        return ""
    return f"{inputs.config.task_specific} ({inputs.task_size}-d, given)"


def _corpus(corpus: CorpusInput) -> dict[str, Any]:
    return {
        "name": corpus.name, "source": corpus.source, "fingerprint": corpus.fingerprint,
        "synthetic": corpus.synthetic, "items": corpus.items, "classes": dict(corpus.label_counts),
        "notes": dict(corpus.notes),
    }  # fmt: skip


def _duplicates(study: Hybrid, seeds: Sequence[int]) -> dict[str, Any]:
    """What became of repeated tweets of the new task; kept ones reach from training into test."""
    choice, corpus = study.config.duplicates, study.inputs.hate
    found = {"choice": choice, "repeated_texts": dict(corpus.notes)["repeated_texts"]}
    if choice == "drop" or not seeds:
        return found
    hate = read_corpus(study.store, corpus.key)
    splits = {seed: transfer_rows(hate, seed, choice) for seed in seeds}
    return found | {
        "test_tweets": max(len(split.test) for split in splits.values()),
        "test_in_training": {
            str(seed): count_test_in_train(hate, split) for seed, split in splits.items()
        },
    }
