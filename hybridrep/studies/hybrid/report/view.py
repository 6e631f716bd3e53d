"""All that the page's template needs of one study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hybridrep.parameters import with_role
from hybridrep.reporting.drawing import Drawn
from hybridrep.reporting.facts import meta_record
from hybridrep.reporting.formatting import listed
from hybridrep.reporting.html.views import (
    ClaimView,
    Notice,
    Picture,
    TableView,
    claim_views,
    picture,
)
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.names import in_words
from hybridrep.studies.hybrid.report import table_views as study_tables
from hybridrep.studies.hybrid.report.fusion import fusion_views, summarise_fusion
from hybridrep.studies.hybrid.report.measure_views import measure_tables
from hybridrep.studies.hybrid.report.methods import Methods, methods_of
from hybridrep.studies.hybrid.report.notices import notices_of
from hybridrep.studies.hybrid.report.reproduce import reproduce_command
from hybridrep.studies.hybrid.results.claims import claims_table
from hybridrep.studies.hybrid.results.detectable import power_sentences
from hybridrep.studies.hybrid.results.facts import (
    corpora_of,
    encoder_name,
    encoder_vector,
    is_given,
    task_specific_name,
    vectors_name,
)
from hybridrep.studies.hybrid.results.planted import truth_known
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity.items import ExampleItems

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class StudyView:
    """One study's part of the page; the template says where each piece stands."""

    prefix: str
    name: str
    facts: Pairs
    notices: list[Notice]
    summary: Sequence[str]
    claims: list[ClaimView]
    fusion: Sequence[str]
    fusion_claims: list[ClaimView]
    truth_known: bool
    tables: dict[str, list[TableView]]
    pictures: dict[str, list[Picture]]
    example: str
    texts_shown: bool
    standing: str
    reproduce: str
    commit: str
    power: list[str]
    records: list[tuple[str, Pairs]]
    methods: Methods


def study_view(
    results: Results, frames: Mapping[str, pd.DataFrame], summary: Sequence[str],
    drawn: Sequence[Drawn], example: ExampleItems | None, name: str, prefix: str, *,
    texts_shown: bool, remarks: Sequence[str] = (),
) -> StudyView:  # fmt: skip
    """Put a study's parts into the shape of the template; `prefix` starts its anchors."""
    tables = results.tables
    return StudyView(
        prefix=prefix, name=name, facts=study_facts(results),
        notices=[
            *notices_of(results, example, texts_shown=texts_shown),
            *(Notice("note", "Left out", remark) for remark in remarks),
        ],
        summary=summary, claims=claim_views(frames["claims"], in_words),
        fusion=summarise_fusion(results),
        fusion_claims=claim_views(claims_table(results.fusion_claims), in_words),
        truth_known=truth_known(tables),
        tables=_tables(results, frames, prefix), pictures=_pictures(drawn, prefix),
        example=_example_text(results, example), texts_shown=texts_shown, standing=results.standing,
        reproduce=reproduce_command(tables), commit=str(tables.meta.get("commit") or ""),
        power=power_sentences(frames["power"]), records=_recorded(tables),
        methods=methods_of(results),
    )  # fmt: skip


def _example_text(results: Results, example: ExampleItems | None) -> str:
    """Return what stands over a simulation's figures: its seed, or why there is none."""
    if example is None:
        if results.seeds("complete"):
            return (
                "No single simulation is kept with this study, so its similarity matrices and "
                "t-SNE maps are not shown."
            )
        return "No seed is complete, so there is no single simulation to show."
    first, *further = results.sizes
    if not further:
        return example.reason
    others = listed([str(size) for size in further])
    return (
        f"{example.reason} To keep the page small, tweets of the new task are here for bottleneck "
        f"{first} only; the appendix’s figures show them for {others} too."
    )


def study_facts(results: Results) -> Pairs:
    """Return the few facts that stand under a study's title."""
    tables, complete = results.tables, results.seeds("complete")
    facts = [("Seeds", f"{len(complete)} of {len(tables.seeds_wanted)} complete")]
    facts += [
        (f"{corpus.name.capitalize()} tweets", f"{corpus.items or '?':,} · {corpus.source}"
         if corpus.items else corpus.source)
        for corpus in corpora_of(tables)
    ]  # fmt: skip
    facts += [
        ("BERT (frozen encoder)", _encoder(tables)),
        *((("LSTM", given),) if (given := task_specific_name(tables)) else ()),
        ("Word vectors", vectors_name(tables)),
        ("Bottleneck", ", ".join(map(str, results.sizes)) or "–"),
    ]  # fmt: skip
    return facts


def _encoder(tables: StudyTables) -> str:
    vector = encoder_vector(tables)
    usual = vector == "[CLS] of the last layer" or is_given(encoder_name(tables))
    return encoder_name(tables) + ("" if usual else f", {vector}")


def _tables(
    results: Results, frames: Mapping[str, pd.DataFrame], prefix: str
) -> dict[str, list[TableView]]:
    sizes = results.sizes
    by_size = [("", sizes[0] if sizes else 0), *((f"_b{size}", size) for size in sizes[1:])]
    epoch, seeds = results.tables.half_epoch, frames["seeds"]
    views = {
        "table_1": [
            study_tables.paper_table(
                frames[f"table_1{end}"], f"{prefix}table_1{end}",
                f"Table 1 in the paper’s layout, bottleneck {size}",
            )
            for end, size in by_size
        ],
        "tests": [
            study_tables.tests(frames[f"tests{end}"], f"{prefix}tests{end}", size)
            for end, size in by_size
        ],
        "paper": [
            study_tables.beside_paper(frames["beside_paper"], f"{prefix}beside-paper"),
            study_tables.rsa_paper(frames["rsa_beside_paper"], f"{prefix}rsa-beside-paper"),
            study_tables.recomputed(frames["paper_recomputed"], f"{prefix}recomputed"),
        ],
        "rsa": [
            study_tables.rsa(frames["rsa"], f"{prefix}rsa", epoch),
            study_tables.linear(frames["linear_baseline"], f"{prefix}linear", epoch),
        ],
        "fusion": fusion_views(frames, prefix),
        "measures": measure_tables(frames, prefix),
        "power": [study_tables.power(frames["power"], f"{prefix}power")],
        "seeds": [study_tables.seeds(seeds[seeds["status"] != "complete"], f"{prefix}seeds")],
        "raw": [study_tables.by_seed(frames["transfer_by_seed"], f"{prefix}raw")],
    }  # fmt: skip
    if "inference" in frames:
        views["rsa"].insert(1, study_tables.inference(frames["inference"], f"{prefix}inference"))
    return {name: [view for view in own if view.rows] for name, own in views.items()}


def _pictures(drawn: Sequence[Drawn], prefix: str) -> dict[str, list[Picture]]:
    names = (
        "design",
        "representations",
        "transformation",
        "fusion",
        "measures",
        "transfer",
        "curves",
        "appendix",
    )
    groups: dict[str, list[Picture]] = {name: [] for name in names}
    for figure in drawn:
        groups.setdefault(figure.plan.group, []).append(picture(figure, prefix))
    return groups


def _recorded(tables: StudyTables) -> list[tuple[str, Pairs]]:
    data: Pairs = []
    for corpus in corpora_of(tables):
        data.append((f"{corpus.name} tweets, from", corpus.source))
        data.append((f"{corpus.name} tweets, SHA-256", corpus.fingerprint))
    for name in ("encoder", "task_specific", "vectors"):
        data += [(f"{name}, {key}", _text(v)) for key, v in meta_record(tables.meta, name).items()]
    coverage = meta_record(tables.meta, "coverage")
    data += [(f"{key} with a word vector", _share(value)) for key, value in coverage.items()]
    config, places = meta_record(tables.meta, "config"), with_role(Config, "place")
    versions = meta_record(tables.meta, "versions")
    return [
        ("Configuration", [(n, _text(value)) for n, value in config.items() if n not in places]),
        ("Data", data), ("Versions", [(name, _text(value)) for name, value in versions.items()]),
        ("Study", [("key", str(tables.meta["study_key"]))]),
    ]  # fmt: skip


def _share(value: Any) -> str:
    return f"{100 * value:.1f}%" if isinstance(value, int | float) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
