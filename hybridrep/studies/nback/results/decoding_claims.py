"""The paper's claims on performance and on what states hold, beside what tells their worth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from hybridrep.analysis.verdicts import Part, part_of
from hybridrep.studies.nback.names import ALL_VALUES, ARCHITECTURES, UNTRAINED
from hybridrep.studies.nback.results.decoding import (
    CELLS,
    WHOLE,
    decoding_numbers,
    strict_mean,
    values_of,
)
from hybridrep.studies.nback.results.performance import final, main_sizes, with_names
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.results.tested import Tested, tested_claim

MISSING = "not computed: the study has no network of all tasks, or was not decoded"
PAPER_SIZES = {"rnn": 512, "gru": 256, "lstm": 256}
MATCHED = "rnn-256"
"""The vanilla RNN that has about as many parameters in all as the paper's gated networks."""
EARLY = 500
"""Iterations after which accuracies are compared at equal parameters."""


def performance_claims(tables: NBackTables) -> Iterator[Tested]:
    """Test what the paper says of accuracy."""
    yield _learned(tables)
    yield _novel_objects_harder(tables)
    yield _gated_better(tables)


def decoding_claims(tables: NBackTables) -> Iterator[Tested]:
    """Test what the paper says of information in states, in its order."""
    found = decoding_numbers(tables)
    yield _irrelevant_kept(tables, found)
    yield _kept_by_training(tables)
    yield from _shared_over_tasks(tables, found)
    yield _not_sustained(tables)
    yield _realigned(tables, found)
    yield _encoding_shared(tables, found)


def _parts(
    tables: NBackTables, found: Mapping[str, pd.Series], least: float = 0.0, most: float = math.inf
) -> list[Part]:
    """Return a part for each label, of those that have a value."""
    wanted = tables.meta["seeds_wanted"]
    return [part_of(n, v, wanted, least, most) for n, v in found.items() if len(v)]


def _by_seed(table: pd.DataFrame, column: str) -> pd.Series:
    return table.set_index("seed")[column].astype(float)


def _learned(tables: NBackTables) -> Tested:
    ends = final(tables)
    ends = ends[ends["diet"] != UNTRAINED]
    found = {}
    for split, bound in (("train", 0.95), ("val_angle", 0.90)):
        mine = ends[ends["split"] == split]
        for (name, diet), one in mine.groupby(["name", "diet"], sort=False):
            found[f"{name} {diet}, {split}"] = _by_seed(one, "accuracy") - bound
    return Tested(tested_claim(
        "learned", "All models reach over 95% on training views and over 90% on new ones.",
        "accuracy of all frames minus 0.95 (train) or 0.90 (val_angle), every network; claimed "
        "above 0", _parts(tables, found), "no network was trained",
    ))  # fmt: skip


def _novel_objects_harder(tables: NBackTables) -> Tested:
    ends = final(tables)
    ends = ends[(ends["diet"] == WHOLE) & ends["name"].isin(ARCHITECTURES)]
    found = {}
    for name, one in ends.groupby("name", sort=False):
        wide = one.pivot(index="seed", columns="split", values="response_accuracy")
        found[str(name)] = wide["val_angle"] - wide["val_identity"]
    return Tested(tested_claim(
        "novel_objects_harder", "Generalisation to new objects is substantially weaker.",
        "response accuracy, val_angle minus val_identity; claimed above 0.05",
        _parts(tables, found, 0.05), MISSING,
    ))  # fmt: skip


def _gated_better(tables: NBackTables) -> Tested:
    sizes = main_sizes(tables)
    curves = with_names(tables.curves, tables)
    curves = curves[
        (curves["diet"] == WHOLE) & (curves["split"] == "val_angle")
        & (curves["iteration"] <= EARLY)
    ]  # fmt: skip
    at = curves.sort_values("iteration").groupby(["name", "seed"])["response_accuracy"].last()
    names = set(at.index.get_level_values(0))
    found = {}
    if MATCHED in names and all(sizes.get(n) == h for n, h in PAPER_SIZES.items()):
        found = {name: at[name] - at[MATCHED] for name in ("gru", "lstm") if name in names}
    return Tested(tested_claim(
        "gated_better", "At equal parameters vanilla RNNs are less accurate.",
        f"response accuracy on val_angle after {EARLY} iterations, gated minus {MATCHED}; claimed "
        "above 0", _parts(tables, found),
        "not computed: it needs the paper’s sizes (hidden=rnn=512/256,gru=256,lstm=256)",
    ))  # fmt: skip


def _irrelevant_kept(tables: NBackTables, found: pd.DataFrame) -> Tested:
    measures = {
        "irrelevant_crossed": "location against the others",
        "identity_within_category": "identity within its category",
    }
    values = {
        f"{name}, {said}": values_of(found, f"first_step/{measure}", name)
        for name in ARCHITECTURES
        for measure, said in measures.items()
    }
    drawn = {
        f"{name}, {said}": values_of(found, f"first_step/{measure}", name, UNTRAINED)
        for name in ARCHITECTURES
        for measure, said in measures.items()
    }
    at = {label: own - drawn[label].reindex(own.index) for label, own in values.items() if len(own)}
    return Tested(
        tested_claim(
            "irrelevant_kept", "Multi-task models keep what a task does not ask about (over 85%).",
            "balanced accuracy at the first frame, and share of identities found within their "
            "category, of what tasks do not ask about; claimed above 0.85",
            _parts(tables, values, 0.85), MISSING,
        ),
        (
            tested_claim(
                "irrelevant_kept_untrained", "They keep more of it than before training.",
                "the same minus that of the untrained network; claimed above 0",
                _parts(tables, at), MISSING,
            ),
        ),
        meaning="At the first frame a state is little more than a projection of its input: a "
        "network that was never trained holds it as well.",
    )  # fmt: skip


def kept_irrelevant(tables: NBackTables, age: int) -> pd.DataFrame:
    """Return how well states hold what tasks do not ask about, by network, seed and kind of diet.

    Of stimuli of one age; of the tasks alone that all kinds of diets of the network have. Columns
    `name`, `seed`, `stsf`, `mtmf`, `untrained`: where there is no such network, NaN.
    """
    own = tables.decoding
    own = own[
        (own["space"] == "h") & (own["measure"] == "balanced") & (own["set"] == "independent")
        & (own["value"] == ALL_VALUES) & (own["feature"] != own["decoded"])
        & (own["time"] - own["stimulus"] == age)
    ]  # fmt: skip
    own = with_names(own, tables)
    tasks = own["n"].astype(str) + own["feature"].astype(str)
    own = own.assign(kind=own["diet"].str.replace("_.*", "", regex=True), task=tasks)
    rows = []
    for name, mine in own.groupby("name", sort=False):
        single = {*mine[mine["kind"] == "stsf"]["task"]}
        some = mine[mine["task"].isin(single)] if single else mine
        wide = some.groupby(["seed", "kind"])["score"].agg(strict_mean).unstack()
        rows.append(wide.reset_index().assign(name=name))
    columns = ["name", "seed", "stsf", WHOLE, UNTRAINED]
    joined = pd.concat(rows) if rows else pd.DataFrame(columns=columns)
    return joined.reindex(columns=columns)


def _kept_by_training(tables: NBackTables) -> Tested:
    single: dict[str, pd.Series] = {}
    drawn: dict[str, pd.Series] = {}
    for age in (0, 1):
        for name, mine in kept_irrelevant(tables, age).groupby("name", sort=False):
            if name in ARCHITECTURES:
                by_seed = mine.set_index("seed")
                for held, other in ((single, "stsf"), (drawn, UNTRAINED)):
                    held[f"{name!s}, age {age}"] = (by_seed[WHOLE] - by_seed[other]).dropna()
    statistic = "balanced accuracy of what tasks do not ask about at ages 0 and 1, mtmf minus "
    return Tested(
        tested_claim(
            "irrelevant_kept_by_training", "Multi-task models keep more of it than single-task "
            "models do.", f"{statistic}stsf, the same tasks; claimed above 0",
            _parts(tables, single), "not computed: the study has no network of a single task",
        ),
        (
            tested_claim(
                "irrelevant_kept_by_training_untrained", "They keep more of it than before "
                "training.", f"{statistic}untrained; claimed above 0", _parts(tables, drawn),
                MISSING,
            ),
        ),
        meaning="Single-task training removes what is not asked for; multi-task training need not "
        "have put it there.",
    )  # fmt: skip


def _shared_over_tasks(tables: NBackTables, found: pd.DataFrame) -> Iterator[Tested]:
    g = {
        name: values_of(found, "cross_task/normalised", name) for name in (*ARCHITECTURES, MATCHED)
    }
    statistic = (
        "share of accuracy above chance that decoders of one task keep on tasks of another feature"
    )
    vanilla = {"rnn": g["rnn"]}
    gated = {name: g[name] for name in ("gru", "lstm")}
    yield Tested(tested_claim(
        "vanilla_shared", "Subspaces of vanilla RNNs are largely shared over tasks.",
        f"{statistic}, rnn; claimed above 0.9", _parts(tables, vanilla, 0.9), MISSING,
    ))  # fmt: skip
    yield Tested(tested_claim(
        "gated_specific", "Subspaces of gated networks are highly task-specific.",
        f"{statistic}, gru and lstm; claimed below 0.5", _parts(tables, gated, -math.inf, 0.5),
        MISSING,
    ))  # fmt: skip

    def more(of: str) -> dict[str, pd.Series]:
        own = g[of]
        return {
            f"{of} against {name}": (own - other.reindex(own.index)).dropna()
            for name, other in gated.items()
        }

    equal = more(MATCHED) if _equal_units(tables) else {}
    yield Tested(
        tested_claim(
            "vanilla_shares_more", "Vanilla RNNs share subspaces over tasks more than gated ones.",
            f"{statistic}, rnn minus gated; claimed above 0", _parts(tables, more("rnn")), MISSING,
        ),
        (
            tested_claim(
                "vanilla_shares_more_equal_units", "They do with equally many units.",
                f"the same, {MATCHED} minus gated; claimed above 0", _parts(tables, equal),
                "not computed: it needs a vanilla RNN with as many units "
                "(hidden=rnn=512/256,gru=256,lstm=256)",
            ),
        ),
        meaning="The difference goes with the number of units, not with gates.",
    )  # fmt: skip


def _equal_units(tables: NBackTables) -> bool:
    sizes = main_sizes(tables)
    return {sizes.get("gru"), sizes.get("lstm")} <= {256, None}


def _not_sustained(tables: NBackTables) -> Tested:
    own = tables.decoding
    own = own[
        (own["space"] == "h") & (own["diet"] == WHOLE) & (own["set"] == "independent")
        & (own["feature"] == own["decoded"]) & (own["value"] == ALL_VALUES)
    ]  # fmt: skip
    own = own[(own["time"] > own["stimulus"]) & CELLS["non_executive"](own)]
    own = with_names(own, tables)
    values = {}
    for name, mine in own[own["name"].isin(ARCHITECTURES)].groupby("name", sort=False):
        wide = mine.groupby(["seed", "measure"])["score"].agg(strict_mean).unstack()
        above = wide["balanced"] - 0.5
        values[str(name)] = ((wide["across"] - 0.5) / above)[above > 0]
    return Tested(tested_claim(
        "not_sustained", "Decoders of the encoding do not hold at later steps (against slots).",
        "share above chance that decoders of a stimulus’ own frame keep before and after recall, "
        "of that of decoders fitted there; independent labels; claimed below 0.5",
        _parts(tables, values, -math.inf, 0.5), MISSING,
    ))  # fmt: skip


def _difference(
    found: pd.DataFrame, first: str, second: str, names: Sequence[str] = ARCHITECTURES
) -> dict[str, pd.Series]:
    """Return the difference of two numbers of a network, by seed."""
    return {
        name: values_of(found, first, name) - values_of(found, second, name)
        for name in names
        if len(values_of(found, first, name))
    }


def _realigned(tables: NBackTables, found: pd.DataFrame) -> Tested:
    place = "across_time"

    def apart(which: str) -> dict[str, pd.Series]:
        return _difference(found, f"{place}/executive/{which}", f"{place}/non_executive/{which}")

    beyond = _difference(found, f"{place}/executive/paper", f"{place}/executive/predicted")
    said = "balanced accuracy of decoders of a stimulus’ own frame, at recall"
    return Tested(
        tested_claim(
            "realigned_at_recall", "Memory turns back into the encoding space at recall.",
            f"{said} minus at other later frames, trials as in the paper; claimed above 0",
            _parts(tables, apart("paper")), MISSING,
        ),
        (
            tested_claim(
                "realigned_at_recall_independent", "It does where labels of frames are "
                "independent.", "the same, trials with independent labels; claimed above 0",
                _parts(tables, apart("independent")), MISSING,
            ),
            tested_claim(
                "realigned_at_recall_predicted", "It does beyond what the labels’ agreement gives.",
                f"{said} minus what the agreement of labels alone gives; claimed above 0",
                _parts(tables, beyond), MISSING,
            ),
        ),
        decides=True,
        meaning="In the paper’s trials every second frame repeats the one that is recalled: "
        "decoders read what is shown now.",
    )  # fmt: skip


def _encoding_shared(tables: NBackTables, found: pd.DataFrame) -> Tested:
    place = "encoding_shared"
    loaded = _difference(found, f"{place}/validation_loaded", f"{place}/generalisation_loaded")
    every = _difference(found, f"{place}/validation", f"{place}/generalisation")
    said = "decoders of a frame on that frame minus on what other frames show"
    return Tested(
        tested_claim(
            "encoding_shared", "The encoding space is shared by stimuli of all frames.",
            f"balanced accuracy, {said}; claimed within 0.05 of 0",
            _parts(tables, every, -0.05, 0.05), MISSING,
        ),
        (
            tested_claim(
                "encoding_shared_loaded", "It is, once something has to be remembered.",
                f"the same without the first frame: {said}; claimed within 0.05 of 0",
                _parts(tables, loaded, -0.05, 0.05), MISSING,
            ),
        ),
        meaning="The first frame, with nothing to remember, differs from the others or hides that "
        "they differ.",
    )  # fmt: skip
