"""What a seed's run in MLflow holds: read from the store's finished results, never recomputed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from hybridrep.reporting.markup import code, plain
from hybridrep.studies.hybrid.fusion.methods import MEASURES
from hybridrep.studies.hybrid.given_vectors import left_out
from hybridrep.studies.hybrid.inputs import CorpusInput, Hybrid, Inputs
from hybridrep.studies.hybrid.names import CHOSEN_ON, SHARED, UNSIZED
from hybridrep.studies.hybrid.results.gather import study_tables
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import final_transfer, used_rsa
from hybridrep.studies.hybrid.similarity import pictures
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.tracking.records import Contents, DataInput

_TRANSFER_TABLE = "tables/transfer.json"
_RSA_TABLE = "tables/rsa.json"
_RSA_PREFIX = {
    "test": "rsa", "unseen": "rsa_unseen", "seen": "rsa_seen", SHARED: "rsa_shared",
    CHOSEN_ON: "selection",
}  # fmt: skip
_FUSION_PREFIX = {
    "test": "fusion", "unseen": "fusion_unseen", "seen": "fusion_seen",
    CHOSEN_ON: "fusion_selection",
}  # fmt: skip


def seed_contents(study: Hybrid, seed: int) -> Contents:
    """Return what the run of a complete seed holds: metrics, tables, matrices, weights."""
    tables = study_tables(study, [seed], {})
    return Contents(
        metrics=metrics(tables), tables=_tables(tables), files=dict(_files(study, seed))
    )


def _tables(tables: StudyTables) -> dict[str, pd.DataFrame]:
    """Lay the results out for MLflow's evaluation view, which shows the second column first."""
    used = used_rsa(tables)
    rsa_ = pd.DataFrame({"metric": _rsa_names(used), "value": used["value"]})
    found = {_RSA_TABLE: pd.concat([rsa_, used.drop(columns="value")], axis=1)}
    final = final_transfer(tables)
    if len(final):
        first = ["representation", "test_accuracy", "test_loss", "train_loss"]
        found[_TRANSFER_TABLE] = final[[*first, *final.columns.drop(first)]]
    return found


def seed_artifacts(study: Hybrid, seed: int) -> dict[str, int | None]:
    """Return the paths of a seed run's artifacts, with their sizes where these are known."""
    files = {path: file.stat().st_size for path, file in _files(study, seed)}
    tables = (_TRANSFER_TABLE, _RSA_TABLE) if study.inputs.new_task else (_RSA_TABLE,)
    return {**files, **dict.fromkeys(tables)}


def data_inputs(inputs: Inputs) -> tuple[DataInput, ...]:
    """Both corpora, and vectors that were given, as MLflow's data set inputs."""
    corpora = (_data_input(inputs.emotion, "representations"), _data_input(inputs.hate, "transfer"))
    given = (
        DataInput("encoder" if each is inputs.encoder else "task_specific", each.path,
                  each.fingerprint, "given vectors")
        for each in inputs.given
    )  # fmt: skip
    return (*corpora, *given)


def _data_input(corpus: CorpusInput, context: str) -> DataInput:
    return DataInput(
        name=corpus.name, source=corpus.source, digest=corpus.fingerprint, context=context,
        rows=corpus.items, classes=dict(corpus.label_counts),
    )  # fmt: skip


def overview(tables: StudyTables) -> Contents:
    """Return what the study's run holds beside its report: a row a seed and representation."""
    final = final_transfer(tables).drop(columns="epoch")
    return Contents(tables={"seeds.json": final} if len(final) else {})


def stage_contents(stage: str, tables: StudyTables) -> Contents:
    """Return what the run of one stage holds: its tables, and as metrics the means over seeds."""
    filled = {name: table for name, table in tables.to_parts()[0].items() if len(table)}
    if not filled:
        return Contents()
    means = metrics(tables).groupby(["key", "step"], sort=False)["value"].mean().reset_index()
    return Contents(
        metrics=means, tables={f"tables/{name}.json": table for name, table in filled.items()}
    )


def metrics(tables: StudyTables) -> pd.DataFrame:
    """Return a study's metric points (key, value, step = epoch); the linear baseline is at 0."""
    rsa = tables.rsa
    first = int(tables.meta["config"]["bottlenecks"][0])
    parts = [
        _points("lstm/", tables.lstm),
        _points("autoencoder/" + _variant(tables.autoencoder) + "/", tables.autoencoder),
        _points(
            "linear_baseline/" + tables.linear_baseline["direction"] + "/",
            tables.linear_baseline.assign(epoch=0),
        ),
        pd.DataFrame({"key": _rsa_names(rsa), "value": rsa["value"], "step": rsa["epoch"]}),
        *_measures(tables.measures),
        _points(_transfer_names(tables.transfer, first), tables.transfer),
        _fusion_points(tables.fusion),
        _points(_transfer_names(tables.fused_transfer, first), tables.fused_transfer),
    ]
    points = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return points.dropna(subset="value")


def _fusion_points(fusion: pd.DataFrame) -> pd.DataFrame:
    """`fusion/METHOD/B/MEASURE`, without B where what is read sets the size."""
    size = fusion["bottleneck"]
    place = ("b" + size.astype(str) + "/").where(size > 0, "")
    prefix = fusion["item_set"].map(_FUSION_PREFIX) + "/" + fusion["method"] + "/" + place
    return _points(prefix, fusion[["epoch", *MEASURES]])


def _rsa_names(rsa: pd.DataFrame) -> pd.Series:
    """`rsa/DIR/B/PAIR`, with the other prefixes for the other sets of tweets."""
    return rsa["item_set"].map(_RSA_PREFIX) + "/" + _variant(rsa) + "/" + rsa["pair"]


def _measures(table: pd.DataFrame) -> list[pd.DataFrame]:
    """`measure/KEY/DIR/B/PAIR`, and behind it `/chance` where that is known."""
    key = "measure/" + table["measure"] + "/" + _variant(table) + "/" + table["pair"]
    return [
        pd.DataFrame({"key": key + end, "value": table[column], "step": table["epoch"]})
        for column, end in (("value", ""), ("chance", "/chance"))
    ]


def _variant(table: pd.DataFrame) -> pd.Series:
    return table["direction"] + "/b" + table["bottleneck"].astype(str)


def _points(prefix: str | pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    """Turn a table's measures into metric points under a prefix, step by epoch."""
    named = table.assign(prefix=prefix).drop(
        columns=["seed", "direction", "bottleneck", "representation"], errors="ignore"
    )
    points = named.melt(id_vars=["prefix", "epoch"])
    return pd.DataFrame(
        {
            "key": points["prefix"] + points["variable"], "value": points["value"],
            "step": points["epoch"],
        }
    )  # fmt: skip


def _transfer_names(table: pd.DataFrame, first: int) -> pd.Series:
    """`transfer/REP/`, and `transfer/REP/B/` for all bottleneck sizes but the first."""
    size = table["bottleneck"]
    further = ~table["representation"].isin(UNSIZED) & ~size.isin([0, first])
    middle = ("b" + size.astype(str) + "/").where(further, "")
    return "transfer/" + table["representation"] + "/" + middle


def _files(study: Hybrid, seed: int) -> Iterator[tuple[str, Path]]:
    """Similarity matrices with their picture, and the weights of both saved models."""
    for variant in transformation.variants(study):
        place = f"{variant.direction}/b{variant.bottleneck}"
        for part in (similarity, pictures):
            result = study.open(part.node(study, variant, seed))
            yield f"rsa/{place}/{part.FILE}", result.file(part.FILE)
        trained = study.open(transformation.node(study, variant, seed))
        for epoch in ("half", "final"):
            yield f"autoencoder/{place}/{epoch}.safetensors", trained.file(f"{epoch}.safetensors")


def describe_seed(inputs: Inputs, seed: int, study_link: str) -> str:
    """Return the note of a seed's run, in Markdown."""
    config, given = inputs.config, inputs.given_of(seed)
    synthetic = " **Synthetic data.**" if inputs.emotion.synthetic or inputs.hate.synthetic else ""
    return (
        f"One simulation from raw tweets to tested classifiers, seed {seed} of the study "
        f"[**{config.study}**]({study_link}).{synthetic}\n\n"
        f"- emotion corpus: {code(inputs.emotion.source)}, {inputs.emotion.items} tweets\n"
        f"- new task: {code(inputs.hate.source)}, {inputs.hate.items} tweets after cleaning, "
        f"duplicates {config.duplicates}\n"
        f"- encoder: {code(inputs.encoder.description)}\n"
        + ("" if given is None else f"- LSTM: {code(given.description)}\n")
        + "".join(f"- {plain(line)}\n" for line in left_out(inputs.encoder, *inputs.task_specific))
        + f"- bottlenecks: {', '.join(map(str, config.bottlenecks))}; RSA and transfer use the "
        f"autoencoders of epoch {config.half_epoch} of {config.autoencoder_epochs}\n"
    )
