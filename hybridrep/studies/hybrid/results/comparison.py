"""Two or more studies side by side: what differs in how they were made, and in what came out."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from hybridrep.analysis.statistics import against_first
from hybridrep.parameters import with_role
from hybridrep.reporting.facts import UNKNOWN, meta_record
from hybridrep.reporting.formatting import listed
from hybridrep.reporting.tables import declared, report_table, table_name
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, TRANSFER, TRANSFER_METRICS
from hybridrep.studies.hybrid.results.facts import corpora_of
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import final_transfer, used_rsa

_IGNORED = with_role(Config, "name", "place", "amount", "profile")
"""Parameters that change no number, or that the page says elsewhere."""


@dataclass(frozen=True)
class Comparison:
    """What comes out of putting studies side by side.

    Attributes:
        names: the studies' names, told apart.
        lede: what they differ in, in a sentence.
        standings: per study on how many seeds it stands.
        tables: by name.
        transfer: the new task's final results of all studies, for figures.
        rsa: the correlations of their test tweets, for figures.
        sizes: the bottleneck sizes that all have.
    """

    names: tuple[str, ...]
    lede: str
    standings: tuple[str, ...]
    tables: dict[str, pd.DataFrame]
    transfer: pd.DataFrame
    rsa: pd.DataFrame
    sizes: tuple[int, ...]


def compare_studies(studies: Sequence[StudyTables | Results], names: Sequence[str]) -> Comparison:
    """Compare every study with the first; `names` must all differ."""
    results = [Results.of(study) for study in studies]
    made = differences_in_making([each.tables for each in results], names)
    sizes = tuple(s for s in results[0].sizes if all(s in each.sizes for each in results))
    shared = [_at_sizes(each, sizes) for each in results]
    transfer = _stacked([_transfer(each.tables) for each in shared], names)
    rsa = _stacked([used_rsa(each.tables, "test") for each in shared], names)
    groups: tuple[tuple[Hashable, ...], ...] = (
        TRANSFER, TRANSFER_METRICS, PAIRS, DIRECTIONS, (0, *sizes),
    )  # fmt: skip
    order = {name: place for group in groups for place, name in enumerate(group)}
    tables = {
        table_name(differences_in_making): made,
        table_name(compare_transfer): compare_transfer(transfer, names, order),
        table_name(compare_rsa): compare_rsa(rsa, names, order),
        table_name(compare_claims): compare_claims(shared, names),
    }
    differs = [str(name) for name in made["parameter"]]
    lede = (
        f"{names[0]} is the reference that {listed(names[1:])} "
        f"{'is' if len(names) == 2 else 'are'} compared with. "
        + (f"They differ in {listed(differs)}." if differs
           else "Their recorded configurations, data, encoders and versions are the same.")
        + _sizes_left_out(results, names, sizes)
    )  # fmt: skip
    standings = tuple(f"{name}: {each.standing}" for name, each in zip(names, results, strict=True))
    return Comparison(tuple(names), lede, standings, tables, transfer, rsa, sizes)


def _at_sizes(results: Results, sizes: tuple[int, ...]) -> Results:
    """Return a study with these sizes only, in this order: like is compared with like."""
    if results.sizes == sizes:
        return results
    tables = results.tables
    config = {**tables.meta["config"], "bottlenecks": list(sizes)}
    return Results(
        replace(
            tables, autoencoder=tables.autoencoder[tables.autoencoder["bottleneck"].isin(sizes)],
            rsa=tables.rsa[tables.rsa["bottleneck"].isin(sizes)],
            transfer=tables.transfer[tables.transfer["bottleneck"].isin([0, *sizes])],
            meta={**tables.meta, "config": config},
        )
    )  # fmt: skip


def _sizes_left_out(
    studies: Sequence[Results], names: Sequence[str], sizes: tuple[int, ...]
) -> str:
    """Say which sizes are not compared because not all studies have them."""
    left_out = [
        f"{listed([str(s) for s in own])} ({name})"
        for name, results in zip(names, studies, strict=True)
        if (own := [s for s in results.sizes if s not in sizes])
    ]
    if not left_out:
        return ""
    compared = f"at bottleneck {listed([str(s) for s in sizes])}" if sizes else "at no bottleneck"
    return f" They are compared {compared}: not all of them have {listed(left_out)}."


@report_table("compare_made", "what differs in how the studies were made", ("parameter",))
def differences_in_making(studies: Sequence[StudyTables], names: Sequence[str]) -> pd.DataFrame:
    """Return the parameters and data in which studies differ: parameter, one column a study."""
    recorded = [_made(tables) for tables in studies]
    parameters = list(dict.fromkeys(key for record in recorded for key in record))
    rows = []
    for parameter in parameters:
        values = [record.get(parameter, UNKNOWN) for record in recorded]
        if len(set(values)) > 1:
            rows.append((parameter, *values))
    return pd.DataFrame(rows, columns=["parameter", *names])


def _made(tables: StudyTables) -> dict[str, str]:
    config = tables.meta.get("config", {})
    record = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in config.items()
        if name not in _IGNORED
    }
    for name in ("encoder", "vectors"):  # one name, or place, may stand for other content
        if fingerprint := meta_record(tables.meta, name).get("fingerprint"):
            record[name] = f"{record.get(name, UNKNOWN)} ({str(fingerprint)[:12]})"
    for corpus in corpora_of(tables):
        record[f"{corpus.name} data"] = f"{corpus.source} ({corpus.fingerprint[:12]})"
    for name, share in meta_record(tables.meta, "coverage").items():
        record[f"{name} with a vector"] = f"{share:.2%}"
    versions = meta_record(tables.meta, "versions")
    record |= {f"version of {name}": str(version) for name, version in versions.items()}
    if commit := tables.meta.get("commit"):
        record["commit"] = str(commit)[:12]
    return record


def _stacked(parts: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    labelled = [part.assign(study=name) for part, name in zip(parts, names, strict=True)]
    return pd.concat(labelled, ignore_index=True)


def _transfer(tables: StudyTables) -> pd.DataFrame:
    """Return the new task's final results: seed, representation, bottleneck, metric, value."""
    keys = ["seed", "representation", "bottleneck"]
    return final_transfer(tables).melt(keys, list(TRANSFER_METRICS), var_name="metric")


_AGAINST_FIRST = (
    *("study", "n", "mean", "sd", "difference", "low", "high", "welch_p", "holm_p", "paired_p"),
    "paired_n",
)


@report_table(
    "compare_transfer",
    "the new task: every study against the first at the bottlenecks that all have (0: none), "
    "Welch's interval and p, Holm's correction, p paired by shared seeds",
    ("metric", "representation", "bottleneck", *_AGAINST_FIRST),
)
def compare_transfer(
    values: pd.DataFrame, names: Sequence[str], order: Mapping[Hashable, int]
) -> pd.DataFrame:
    """Compare the new task's final results with the first study's: see `against_first`."""
    return against_first(values, ["metric", "representation", "bottleneck"], names, order)


@report_table(
    "compare_rsa",
    "the same of the correlations at half of the epochs, test tweets",
    ("direction", "pair", "bottleneck", *_AGAINST_FIRST),
)
def compare_rsa(
    values: pd.DataFrame, names: Sequence[str], order: Mapping[Hashable, int]
) -> pd.DataFrame:
    """Compare the correlations with the first study's: see `against_first`."""
    return against_first(values, ["direction", "pair", "bottleneck"], names, order)


@report_table("compare_claims", "the verdict on each claim, a study a column", ("claim",))
def compare_claims(studies: Sequence[Results], names: Sequence[str]) -> pd.DataFrame:
    """Return the verdicts side by side: claim, one column a study."""
    verdicts = {
        name: {claim.sentence: claim.verdict for claim in results.claims}
        for name, results in zip(names, studies, strict=True)
    }
    return pd.DataFrame(verdicts).rename_axis("claim").reset_index()


COMPARISON_TABLES = declared((differences_in_making, compare_transfer, compare_rsa, compare_claims))
"""What a comparison adds to the tables of its studies."""
