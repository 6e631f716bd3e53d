"""What runs and models hold, by name and with what it means: the reference is printed from here."""

from __future__ import annotations

from hybridrep.reporting.tables import declared
from hybridrep.studies.nback.compare import compare_performance, differences_in_making
from hybridrep.studies.nback.names import ARCHITECTURES, CHECKED, FEATURES, RESPONSES
from hybridrep.studies.nback.results.across_studies import compare_representations
from hybridrep.studies.nback.results.compared import statistics_table
from hybridrep.studies.nback.results.decoding_summary import decoding_methods, decoding_summary
from hybridrep.studies.nback.results.geometry import geometry_table
from hybridrep.studies.nback.results.perceptual import perceptual
from hybridrep.studies.nback.results.performance import performance, performance_by_task
from hybridrep.studies.nback.results.schema import SCHEMAS as SCHEMAS
from hybridrep.studies.nback.results.similarity import (
    between_table,
    identification_table,
    similarity_summary,
)
from hybridrep.studies.nback.results.tested import claims_table
from hybridrep.tracking import names
from hybridrep.tracking.entries import Entry, Placeholder, one_of

PLACEHOLDERS: dict[str, Placeholder] = {
    "A": Placeholder(
        rf"(?:{'|'.join(ARCHITECTURES)})(?:-\d+)?",
        "architecture: `rnn`, `gru` or `lstm`; of a further size `rnn-256`",
    ),
    "D": Placeholder(
        r"mtmf|untrained|stmf_\d+|stsf_\d+[LIC]",
        "diet: `mtmf`, `stmf_1`, `stsf_1L`, ..., or `untrained`",
    ),
    "SPLIT": one_of(CHECKED, "images of the trials: "),
    "SPACE": Placeholder(
        rf"perceptual|(?:{'|'.join(ARCHITECTURES)})(?:-\d+)?",
        "`perceptual`, or an architecture as for A",
    ),
    "FEATURE": one_of(FEATURES, "feature: "),
    "N": Placeholder(r"\d+", "a number"),
    "NAME": Placeholder(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", "a name"),
}

_ITERATION = "iteration, from 0 = before training"
_SEEDS = ("seed", "stage")

METRICS: tuple[Entry, ...] = (
    Entry(
        "nback/A/D/train_loss",
        "cross-entropy of all frames, mean over the batches since the point before; none of an "
        "untrained network",
        ("seed", "stage"), always=False, step="iteration",
    ),
    Entry(
        "nback/A/D/accuracy/SPLIT", "share of right frames, of all (chance 1/3)",
        ("seed", "stage"), step=_ITERATION,
    ),
    Entry(
        "nback/A/D/response_accuracy/SPLIT",
        "share of right frames, of those with a response (chance 1/2)", ("seed", "stage"),
        step=_ITERATION,
    ),
    Entry("nback/A/D/parameters/total", "parameters of the network", ("seed", "stage")),
    Entry("nback/A/D/parameters/recurrent", "of its recurrent layer alone", ("seed", "stage")),
    Entry("nback/A/D/iterations", "batches until it stopped", ("seed", "stage")),
    Entry(
        "perceptual/decode/FEATURE",
        "share of right answers of linear decoders on the vision model's maps of the training "
        "frames, in two random folds; the same for all seeds",
        ("seed", "stage"), always=False,
    ),
    Entry("perceptual/decode/FEATURE_grouped", "the same, folds grouped by view",
          ("seed", "stage"), always=False),
    Entry(
        "first_step/A/D/relevant",
        "balanced accuracy (chance 1/2) of decoders of the first frame at once, of what tasks ask "
        "about; tasks of the least n", _SEEDS, always=False,
    ),
    Entry("first_step/A/D/irrelevant", "the same, of what they do not ask about", _SEEDS,
          always=False),
    Entry(
        "first_step/A/D/irrelevant_crossed",
        "of these without categories in identity tasks and identities in category tasks, which "
        "nest", _SEEDS, always=False,
    ),
    Entry(
        "first_step/A/D/identity_within_category",
        "share of trials whose identity is found among those of its category, in tasks that ask "
        "for another feature", _SEEDS, always=False,
    ),
    *(
        Entry(f"cross_task/A/{name}{suffix}", f"{text}{how}", _SEEDS, always=False)
        for suffix, how in (
            ("", ""), ("_uncentred", "; the fitting task's mean taken out"),
            ("_cell", "; of an LSTM's cell"),
            ("_uncentred_cell", "; of an LSTM's cell, the fitting task's mean taken out"),
        )
        for name, text in (
            ("validation", "decoders of the first frame on the task that they were fitted on"),
            ("other_n", "on tasks of the same feature and another n"),
            ("other_feature", "on tasks that ask about another feature"),
            ("normalised", "share of validation above 1/2 that other_feature keeps"),
        )
    ),
    *(
        Entry(f"across_time/A/D/{cells}/{kind}", f"decoders of a stimulus' own frame, {when}{how}",
              _SEEDS, always=False)
        for cells, when in (
            ("executive", "when the network answers about it"),
            ("non_executive", "at the other later frames"),
            ("waiting", "before the network answers about it"),
            ("after", "after it has answered"),
        )
        for kind, how in (
            ("paper", "; matches as in the paper"),
            ("independent", "; labels of frames independent"),
            ("predicted", "; what the labels' agreement alone gives in the paper's trials"),
        )
    ),
    *(
        Entry(f"encoding_shared/A/D/{name}{loaded}", f"decoders of a frame, {text}{how}", _SEEDS,
              always=False)
        for loaded, how in (("", ""), ("_loaded", "; without the first frame"))
        for name, text in (
            ("validation", "on that frame"), ("generalisation", "on what other frames show"),
        )
    ),
    Entry("retained/A/D/relevant",
          "decoders fitted and tested at one time, of what tasks ask about", _SEEDS,
          always=False, step="age: frames since the stimulus"),
    Entry("retained/A/D/irrelevant", "of what they do not ask about", _SEEDS, always=False,
          step="age: frames since the stimulus"),
    *(
        Entry(f"{part}/NAME_zscored", "the same with each unit by its own SD before decoders, "
              "beside one factor a network; with `scaling=both`", _SEEDS, always=False, step=step)
        for part, step in (
            ("first_step/A/mtmf", ""), ("cross_task/A", ""), ("across_time/A/mtmf", ""),
            ("encoding_shared/A/mtmf", ""),
            ("retained/A/mtmf", "age: frames since the stimulus"), ("procrustes/A", ""),
            ("orthogonality/A/FEATURE", ""),
        )
    ),
    *(
        Entry(f"orthogonality/SPACE/FEATURE/{name}", text, _SEEDS, always=False)
        for name, text in (
            ("o", "orthogonalisation index between two fits (Eq. 1): 1 for right angles"),
            ("floor", "what noise alone leaves of it: 1 minus the cosine of two fits of a normal"),
            ("corrected", "the index without the noise of the fits"),
            ("pca", "the index in as many components as the network has units; of the perceptual "
             "space the mean over networks"),
        )
    ),
    *(
        Entry(f"procrustes/A/{name}", text, _SEEDS, always=False)
        for name, text in (
            ("fitted", "balanced accuracy of decoders at a later frame, fitted there"),
            ("reconstructed", "turned there from the frame before by the rotation of this step"),
            ("swap_stimulus", "by that of the next stimulus at the same age"),
            ("swap_time", "by that of the same stimulus a frame later"),
            ("permuted", "with values exchanged, by the rotation that fits these"),
            ("joint", "by one rotation for all steps of the other stimuli"),
            ("identity", "not turned"), ("random", "turned at random"),
            ("overlap", "of the spans of both frames: mean squared cosine of principal angles"),
            ("permutation_p", "of the fit, against exchanged values; mean over steps"),
        )
    ),
    *(
        Entry(f"causal/A/FEATURE/{response}{ending}",
              f"mean probability of {response}, the first state moved {how}", _SEEDS, always=False,
              step="100 alpha: how far, in hundredths of the gap between both values")
        for ending, how in (("", "along the decoder's normal"), ("_random", "at random"))
        for response in RESPONSES
    ),
    Entry("causal/A/FEATURE/interchange",
          "share answered with non_match, the feature's part of the state exchanged for another "
          "value's", _SEEDS, always=False),
    Entry("best/response_accuracy", "the best complete trial's value; higher is better",
          ("sweep",), always=False),
    Entry("sweep/trials", "how many trials there are", ("sweep",)),
    Entry("sweep/seconds", "how long this invocation took", ("sweep",)),
    Entry("sweep/optuna_seconds", "Optuna's part of it", ("sweep",)),
    Entry("sweep/mlflow_seconds", "MLflow's part of it", ("sweep",)),
    Entry(
        "response_accuracy", "mean over the trial's seeds on selection trials; higher is better",
        ("trial",), step="iterations at most",
    ),
    Entry("response_accuracy_sd", "its SD over the seeds", ("trial",), always=False,
          step="iterations at most"),
    Entry("response_accuracy/seed_N", "one seed's value", ("trial",), step="iterations at most"),
)  # fmt: skip
"""The metrics of every kind of run."""

_MAIN = ("study", "stage", "report", "sweep", "register", "compare")
_REPORTS = ("study", "report")

ARTIFACTS: tuple[Entry, ...] = (
    Entry("nback/A/D/weights.safetensors", "a network's parameters, named as torch.nn does",
          ("seed",)),
    Entry("nback/A/cross_task.npz",
          "of the network of all tasks: M [3, tasks, tasks], balanced accuracy by decoded feature, "
          "fitted and tested task; `M_uncentred`, `by_frame`, of an LSTM `M_cell`, with "
          "`scaling=both` `M_zscored`", ("seed",)),
    Entry("nback/A/across_time.npz",
          "of the network of all tasks, by task, stimulus and time: `across_SET`, `predicted`, "
          "`within_SET`, `current`", ("seed",)),
    Entry("nback/A/decoders.npz",
          "of the network of all tasks: `W_L`, `W_I`, `W_C` [tasks, stimulus, time, values, "
          "units], `b_L`, ...; a state h is read as W (h - mean[task, time]) / scale + b",
          ("seed",)),
    Entry("nback/A/causal.npz",
          "of the network of all tasks: `decoder`, `random`, `outside` [3 features, n, alpha, 3 "
          "responses], `interchange` [3, n, 3 exchanged features, 3]; mean probabilities",
          ("seed",)),
    Entry("tables/nback_performance.json", "MLflow table: what each network reached", ("seed",)),
    Entry("tables/nback_decode.json", "MLflow table: what was decoded from each network",
          ("seed",)),
    Entry("tables/nback_geometry.json",
          "MLflow table: angles, rotations and causal test of each network", ("seed",)),
    Entry("recorded/decoders.npz",
          "of recorded states: `FEATURE_normals` [tasks, stimuli, times, values, units], "
          "`FEATURE_biases`, `means`, `scale`", ("stage",), always=False),
    Entry("tables/NAME.json", "MLflow table: the stage's results, all seeds", ("stage",), False),
    Entry("config.json", "the resolved parameters", _MAIN),
    Entry("environment.json", "versions of all packages, the platform", _MAIN),
    Entry("seeds.json", "MLflow table: one row a seed and network", _REPORTS),
    Entry("study/meta.json", "what the study is and stands on", _REPORTS),
    Entry("study/NAME.parquet", "the study's tables, see below", _REPORTS),
    Entry("report/report.html", "the report: one page that needs nothing else",
          (*_REPORTS, "compare")),
    Entry("report/report.md", "the same in brief, for pasting", (*_REPORTS, "compare")),
    Entry("report/performance.md", "the table of performance as Markdown", _REPORTS),
    Entry("report/NAME.csv", "the report's tables, see below", (*_REPORTS, "compare")),
    Entry("report/figures/NAME.png", "the report's figures in print quality",
          (*_REPORTS, "compare")),
    Entry("sweep/summary.md", "what the sweep found, in words", ("sweep",)),
    Entry("sweep/trials.json", "MLflow table: one row a trial", ("sweep",)),
    Entry("sweep/best.json", "the best trial", ("sweep",)),
    Entry("sweep/importance.json", "how much each parameter mattered (fANOVA)", ("sweep",)),
    Entry("figures/NAME.png", "the sweep's figures", ("sweep",), False),
    Entry("study/NAME.parquet", "the sweep's tables at full precision", ("sweep",)),
    Entry("study/meta.json", "what the sweep is", ("sweep",)),
    Entry("registered.json", "MLflow table: what became of each model", ("register",)),
    Entry("candidates.json", "MLflow table: what was chosen from", ("register",)),
)  # fmt: skip
"""The artifacts of every kind of run."""

PARAMS: tuple[Entry, ...] = (
    Entry("config/NAME", "the resolved value of the parameter NAME", ("seed", *_MAIN)),
    Entry("seed", "the simulation's number", ("seed",)),
    Entry("trial", "the trial's number", ("trial",)),
    Entry("state", "`COMPLETE`, `PRUNED`, `VOID` or `FAIL`", ("trial",)),
    Entry("diet", "what the trial's networks are trained on: `mtmf`", ("trial",)),
    Entry("architecture", "of the trial's networks", ("trial",)),
    Entry("hidden", "their units", ("trial",)),
    Entry("learning_rate", "AdamW's", ("trial",)),
    Entry("epochs", "iterations at most", ("trial",)),
    Entry("seeds", "what the trial was averaged over", ("trial",)),
    Entry("sampler", "`tpe` or `grid`", ("trial",)),
)
"""The parameters that runs carry."""

VERSION_TAGS: tuple[Entry, ...] = (
    Entry("seed", "which simulation it is from", ()),
    Entry("architecture", "`rnn`, `gru` or `lstm`", ()), Entry("hidden", "its units", ()),
    Entry("source", "`study` or `sweep`: what it was chosen from", ()),
    Entry("study_key", "the study's or sweep's key", ()),
    Entry(names.SELECTED_BY, "the criterion, on data for choices alone", ()),
    Entry("score", "its value of the criterion; higher is better", ()),
    Entry(names.DATA_FINGERPRINT, "of the data that the score was measured on", ()),
    Entry(names.MODEL_DIGEST, "of the weights", ()),
)  # fmt: skip
"""The tags of a registered version."""

MODELS: tuple[tuple[str, str, str], ...] = tuple(
    (
        f"hybridrep-nback-{architecture}",
        "trials: `task` and `images` (base64) or `vectors`, one for each frame",
        ", ".join(f"`{name}`" for name in RESPONSES) + ": probabilities, one for each frame",
    )
    for architecture in ARCHITECTURES
)
"""Registered model, what it takes, what it gives."""

_MADE = (
    performance, performance_by_task, perceptual, claims_table, statistics_table,
    decoding_summary, decoding_methods, geometry_table, similarity_summary, identification_table,
    between_table,
)  # fmt: skip
REPORT_TABLES = {
    "an N-back study": declared(_MADE),
    "a comparison of N-back studies": declared(
        (differences_in_making, compare_performance, compare_representations)
    ),
}
"""The tables of a report, by what it is of."""
