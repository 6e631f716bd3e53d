"""What runs and models hold, by name and with what it means: the reference is printed from here.

A test compares it with what runs really leave. `PLACEHOLDERS` says what the names' parts are.
"""

from __future__ import annotations

from collections.abc import Iterable

from hybridrep.studies.hybrid.fusion.methods import COMPARED, MEASURES
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, REVERSED_PAIRS, SHARED, TRANSFER
from hybridrep.studies.hybrid.results.comparison import COMPARISON_TABLES
from hybridrep.studies.hybrid.results.results import STUDY_TABLES
from hybridrep.studies.hybrid.results.schema import SCHEMAS
from hybridrep.tracking import names
from hybridrep.tracking.entries import Entry, Placeholder, one_of

_OBJECTIVES = ("transformability", "diffusibility")

PLACEHOLDERS: dict[str, Placeholder] = {
    "DIR": one_of(DIRECTIONS, "direction of the autoencoder, input first: "),
    "B": Placeholder(r"b\d+", "size of the bottleneck: `b32`, `b64`, ..."),
    "PAIR": one_of(PAIRS, "which two representations are correlated: "),
    "KEY": Placeholder(
        r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*", "a measure's key: `cka`, `mutual_knn.k10`, ..."
    ),
    "TWO": one_of((*PAIRS, *REVERSED_PAIRS), "which two, the first predicts the second: "),
    "REP": one_of(TRANSFER, "what the classifier of the new task is given: "),
    "METHOD": one_of(COMPARED, "how both are fused; the paper's bottlenecks beside them: "),
    "OBJECTIVE": one_of(_OBJECTIVES, "what a sweep maximises: "),
    "N": Placeholder(r"\d+", "a number"),
    "NAME": Placeholder(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", "a name"),
}


def _measures(prefix: str, table: str, step: str, leave_out: Iterable[str]) -> list[Entry]:
    """Return the metrics that a table's measures become, meanings included."""
    columns = SCHEMAS[table].columns.items()
    return [
        Entry(
            prefix + name,
            column.meaning,
            ("seed", "stage"),
            always=not name.endswith(f"_{SHARED}"),
            step=step,
        )
        for name, column in columns
        if name not in leave_out
    ]


_KEYS = ("seed", "direction", "bottleneck", "representation", "epoch")
_EPOCH = "epoch, from 1"
_OF_TRIAL = "epoch; the last is the trial's value"
_RSA_ON = {
    "rsa": "on the paper's tweets: the autoencoder's test tweets, on which the LSTM was trained",
    "rsa_unseen": "on validation tweets that neither model was trained on",
    "rsa_seen": "on training tweets of both models",
    "rsa_shared": "on tweets that are the same for every seed and that neither model was trained "
    "on; not there where the corpus says not what it trains on, or is too small",
    "selection": "on validation tweets without the shared ones, for choices between models",
}

_FUSED_ON = {
    "fusion": _RSA_ON["rsa"], "fusion_unseen": _RSA_ON["rsa_unseen"],
    "fusion_seen": _RSA_ON["rsa_seen"], "fusion_selection": _RSA_ON["selection"],
}  # fmt: skip
_FUSION_EPOCH = "epoch, from 0 = before training; 0 alone where nothing is trained"

METRICS: tuple[Entry, ...] = (
    *_measures("lstm/", "lstm", _EPOCH, _KEYS),
    *_measures("autoencoder/DIR/B/", "autoencoder", _EPOCH, _KEYS),
    *_measures("linear_baseline/DIR/", "linear_baseline", "", _KEYS),
    *(
        Entry(
            f"{prefix}/DIR/B/PAIR",
            f"r of two representations' similarity matrices {tweets}; higher = more alike",
            ("seed", "stage"), always=prefix != "rsa_shared",
            step="epoch, from 0 = before training",
        )
        for prefix, tweets in _RSA_ON.items()
    ),
    Entry(
        "measure/KEY/DIR/B/TWO",
        "what a measure says of two representations, on tweets that all seeds share, or else on "
        "those that no model saw; its record says how to read it",
        ("seed", "stage"), always=False, step="epoch, from 0 = before training",
    ),
    Entry(
        "measure/KEY/DIR/B/TWO/chance", "the mean of the same under random pairing of the tweets",
        ("seed", "stage"), always=False, step="epoch, from 0 = before training",
    ),
    *_measures("transfer/REP/", "transfer", _EPOCH, _KEYS),
    *(
        Entry(
            f"transfer/REP/B/{name}", "the same, of each further bottleneck size",
            ("seed", "stage"), always=False, step=_EPOCH,
        )
        for name in SCHEMAS["transfer"].columns
        if name not in _KEYS
    ),
    *(
        Entry(
            f"{prefix}/METHOD/{place}{name}", f"{SCHEMAS['fusion'].columns[name].meaning}; {where}",
            ("seed", "stage"), always=False, step=_FUSION_EPOCH,
        )
        for prefix, where in _FUSED_ON.items()
        for place in ("B/", "")
        for name in MEASURES
    ),
    *(
        Entry(
            f"transfer/fused_METHOD/{place}{name}", f"the new task on a fusion: {column.meaning}",
            ("seed", "stage"), always=False, step=_EPOCH,
        )
        for place in ("", "B/")
        for name, column in SCHEMAS["fused_transfer"].columns.items()
        if name not in _KEYS
    ),
    Entry("best/DIR/OBJECTIVE", "the best complete trial's value; higher is better", ("sweep",)),
    Entry("best/fused/diffusibility", "the best trial's", ("fuse_sweep",)),
    Entry("best/fused/transfer", "minus the best trial's loss; higher is better", ("fuse_sweep",)),
    Entry("transfer", "minus the loss on held-out training tweets of the new task; higher is "
          "better", ("trial",), always=False, step=_OF_TRIAL),
    Entry("transfer_sd", "its SD over the seeds", ("trial",), always=False, step=_OF_TRIAL),
    Entry("transfer/seed_N", "one seed's value", ("trial",), always=False, step=_OF_TRIAL),
    Entry("sweep/trials", "how many trials there are", ("sweep", "fuse_sweep")),
    Entry("sweep/seconds", "how long this invocation took", ("sweep", "fuse_sweep")),
    Entry("sweep/optuna_seconds", "Optuna's part of it", ("sweep", "fuse_sweep")),
    Entry("sweep/mlflow_seconds", "MLflow's part of it", ("sweep", "fuse_sweep")),
    Entry(
        "OBJECTIVE", "mean over the trial's seeds on tweets that no model saw; higher is better",
        ("trial",), always=False, step=_OF_TRIAL,
    ),
    Entry("OBJECTIVE_sd", "its SD over the seeds", ("trial",), always=False, step=_OF_TRIAL),
    Entry("OBJECTIVE/seed_N", "one seed's value", ("trial",), always=False, step=_OF_TRIAL),
)  # fmt: skip
"""The metrics of every kind of run."""

_SWEEPS = ("sweep", "fuse_sweep")
_MAIN = ("study", "stage", "report", *_SWEEPS, "register", "compare")
_REPORTS = ("study", "report", "compare")
_STUDY_REPORTS = ("study", "report")

ARTIFACTS: tuple[Entry, ...] = (
    Entry(
        "rsa/DIR/B/similarity_matrices.npz",
        "arrays `global`, `task_specific`, `diffused`, `transformed` [items, items] of cosine "
        "similarities, `labels` (classes) and `items` (rows of the emotion corpus)",
        ("seed",),
    ),
    Entry("rsa/DIR/B/similarity_matrices.png", "the same as a picture", ("seed",)),
    Entry(
        "autoencoder/DIR/B/half.safetensors",
        "weights at half of the epochs: the model that RSA and transfer use", ("seed",),
    ),
    Entry("autoencoder/DIR/B/final.safetensors", "weights of the last epoch", ("seed",)),
    Entry("tables/transfer.json", "MLflow table: the new task, last epoch", ("seed",)),
    Entry("tables/rsa.json", "MLflow table: correlations at half of the epochs", ("seed",)),
    Entry("tables/NAME.json", "MLflow table: the stage's results, all seeds", ("stage",), False),
    Entry("config.json", "the resolved parameters", _MAIN),
    Entry("environment.json", "versions of all packages, the platform", _MAIN),
    Entry("seeds.json", "MLflow table: one row a seed and representation", _STUDY_REPORTS),
    Entry("study/meta.json", "what the study is and stands on", ("study",)),
    Entry("study/NAME.parquet", "the study's tables, see below", ("study",)),
    Entry("study/example.npz", "the seed that figures show: matrices and t-SNE", ("study",), False),
    Entry("study/example.json", "the same seed's classes, and tweets if shared", ("study",), False),
    Entry("study/NAME", "the same as in study runs; not with `source=NAME`", ("report",), False),
    Entry("report/report.html", "the report: one page that needs nothing else", _REPORTS),
    Entry("report/report.md", "the same in brief, for pasting", _REPORTS),
    Entry("report/methods.txt", "methods for a paper: paragraphs with numbers, versions and "
          "citations, and the references", _REPORTS),
    Entry("report/table_1.md", "Table 1 as Markdown", _STUDY_REPORTS),
    Entry("report/NAME.csv", "the report's tables, see below", _REPORTS),
    Entry("report/figures/NAME.png", "the report's figures in print quality", _REPORTS),
    Entry("sweep/summary.md", "what the sweep found, in words", _SWEEPS),
    Entry("sweep/trials.json", "MLflow table: one row a trial", _SWEEPS),
    Entry("sweep/best.json", "the best trial of each direction and objective", _SWEEPS),
    Entry("sweep/pareto.json", "the trials that no other beats in both objectives", _SWEEPS),
    Entry("sweep/importance.json", "how much each parameter mattered (fANOVA)", _SWEEPS),
    Entry("sweep/by_size.json", "each size at its best epoch, every seed", ("sweep",)),
    Entry("sweep/size_effects.json", "what the size changed and what it did not", ("sweep",)),
    Entry("figures/NAME.png", "the sweep's figures", _SWEEPS),
    Entry("study/NAME.parquet", "the sweep's tables at full precision", _SWEEPS),
    Entry("study/meta.json", "what the sweep is", _SWEEPS),
    Entry("registered.json", "MLflow table: what became of each model", ("register",)),
    Entry("candidates.json", "MLflow table: what was chosen from", ("register",)),
)  # fmt: skip
"""The artifacts of every kind of run."""

PARAMS: tuple[Entry, ...] = (
    Entry("config/NAME", "the resolved value of the parameter NAME", ("seed", *_MAIN)),
    Entry("seed", "the simulation's number", ("seed",)),
    Entry("trial", "the trial's number within its direction", ("trial",)),
    Entry("state", "`COMPLETE`, `PRUNED`, `VOID` or `FAIL`", ("trial",)),
    Entry("direction", "the autoencoder's; `fused` of a fusion", ("trial",)),
    Entry("bottleneck", "of an autoencoder: its size", ("trial",), always=False),
    Entry("method", "of a fusion: which", ("trial",), always=False),
    Entry("size", "of a fusion: its size", ("trial",), always=False),
    Entry("weight", "of a fusion: that of the task-specific side", ("trial",), always=False),
    Entry("epochs", "how many it was trained", ("trial",)),
    Entry("learning_rate", "of an autoencoder: Adam's", ("trial",), always=False),
    Entry("activation", "of an autoencoder: between its layers", ("trial",), always=False),
    Entry(
        "kind", "of an autoencoder: `convolutional` or `fully_connected`", ("trial",), always=False
    ),
    Entry("seeds", "what the trial was averaged over", ("trial",)),
    Entry("sampler", "`tpe` or `grid`", ("trial",)),
    Entry("objective", "what was maximised", ("trial",)),
)
"""The parameters that runs carry; `mlflow run` logs what was typed under the bare names too."""

VERSION_TAGS: tuple[Entry, ...] = (
    Entry("seed", "which simulation it is from", ()), Entry("bottleneck", "its size", ()),
    Entry("epoch", "how many epochs it was trained", ()),
    Entry("direction", "`bert_to_lstm`, `lstm_to_bert` or `fused`", ()),
    Entry("method", "how it was fused", (), always=False),
    Entry("source", "`study` or `sweep`: what it was chosen from", ()),
    Entry("study_key", "the study's or sweep's key", ()),
    Entry(names.SELECTED_BY, "the criterion, on tweets that no model saw", ()),
    Entry("score", "its value of the criterion; higher is better", ()),
    Entry(names.DATA_FINGERPRINT, "of the data that the score was measured on", ()),
    Entry(names.MODEL_DIGEST, "of the weights", ()),
    Entry("synthetic_data", "whether it was trained on the synthetic corpus", ()),
    Entry(
        names.MODEL_SHARES_TEXT,
        "whether the input example is made of tweets; a text model's never is", (), always=False,
    ),
)  # fmt: skip
"""The tags of a registered version."""

_VECTORS, _TEXTS = "input vectors, one row each", "raw tweets"
MODELS: tuple[tuple[str, str, str], ...] = (
    ("hybridrep-bert-to-lstm", _VECTORS, "`bottleneck`, `reconstructed`"),
    ("hybridrep-lstm-to-bert", _VECTORS, "`bottleneck`, `reconstructed`"),
    (
        "hybridrep-fused",
        "vectors of both sides, `global` and `task_specific`; of a fusion that reads one, that one",
        "`fused`",
    ),
    ("hybridrep-bert-to-lstm-text", _TEXTS,
     "`global`, `task_specific`, `diffused`, `transformed`"),
    ("hybridrep-lstm-to-bert-text", _TEXTS,
     "`global`, `task_specific`, `diffused`, `transformed`"),
    ("hybridrep-fused-text", _TEXTS, "`global`, `task_specific`, `fused`"),
)  # fmt: skip
"""Registered model, what it takes, what it gives."""

REPORT_TABLES = {"a study": STUDY_TABLES, "a comparison": COMPARISON_TABLES}
"""The tables of a report, by what it is of."""
