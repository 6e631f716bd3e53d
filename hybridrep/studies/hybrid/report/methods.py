"""The methods of a study as paragraphs for a paper, with its numbers, versions and citations.

Only what the study has recorded is said: what an older record lacks is left out, not made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hybridrep.reporting.facts import config_number, config_value, meta_record
from hybridrep.reporting.formatting import counted, listed, seeds_text
from hybridrep.studies.hybrid.names import HIDDEN_SIZE
from hybridrep.studies.hybrid.results.facts import (
    CorpusFacts,
    corpora_of,
    encoder_name,
    encoder_vector,
    is_given,
    task_specific_name,
    task_specific_size,
    vectors_name,
)
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables

REFERENCES = {
    "Devlin et al., 2019": "Devlin, J., Chang, M.-W., Lee, K., & Toutanova, K. (2019). BERT: "
    "Pre-training of deep bidirectional transformers for language understanding. NAACL.",
    "Hochreiter & Schmidhuber, 1997": "Hochreiter, S., & Schmidhuber, J. (1997). Long short-term "
    "memory. Neural Computation, 9(8).",
    "Hoerl & Kennard, 1970": "Hoerl, A. E., & Kennard, R. W. (1970). Ridge regression: Biased "
    "estimation for nonorthogonal problems. Technometrics, 12(1).",
    "Holm, 1979": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. "
    "Scandinavian Journal of Statistics, 6(2).",
    "Jiang, Dale & Lu": "Jiang, Dale, & Lu. Transformability, generalizability, but limited "
    "diffusibility: Comparing global vs. task-specific language representations in deep neural "
    "networks.",
    "Kingma & Ba, 2015": "Kingma, D. P., & Ba, J. (2015). Adam: A method for stochastic "
    "optimization. ICLR.",
    "Kriegeskorte et al., 2008": "Kriegeskorte, N., Mur, M., & Bandettini, P. (2008). "
    "Representational similarity analysis. Frontiers in Systems Neuroscience, 2:4.",
    "Nili et al., 2014": "Nili, H., et al. (2014). A toolbox for representational similarity "
    "analysis. PLoS Computational Biology, 10(4), e1003553.",
    "Paszke et al., 2019": "Paszke, A., et al. (2019). PyTorch: An imperative style, "
    "high-performance deep learning library. NeurIPS.",
    "Pedregosa et al., 2011": "Pedregosa, F., et al. (2011). Scikit-learn: Machine learning in "
    "Python. Journal of Machine Learning Research, 12.",
    "Pennington et al., 2014": "Pennington, J., Socher, R., & Manning, C. D. (2014). GloVe: Global "
    "vectors for word representation. EMNLP.",
    "Reimers & Gurevych, 2019": "Reimers, N., & Gurevych, I. (2019). Sentence-BERT: Sentence "
    "embeddings using Siamese BERT-networks. EMNLP.",
    "Saravia et al., 2018": "Saravia, E., et al. (2018). CARER: Contextualized affect "
    "representations for emotion recognition. EMNLP.",
    "Sharma, 2018": "Sharma, R. (2018). Tweets hate speech detection. Hugging Face.",
    "Virtanen et al., 2020": "Virtanen, P., et al. (2020). SciPy 1.0: Fundamental algorithms for "
    "scientific computing in Python. Nature Methods, 17.",
    "Wang et al., 2020": "Wang, W., et al. (2020). MiniLM: Deep self-attention distillation for "
    "task-agnostic compression of pre-trained transformers. NeurIPS.",
    "Welch, 1947": "Welch, B. L. (1947). The generalization of “Student’s” problem when several "
    "different population variances are involved. Biometrika, 34.",
    "Wolf et al., 2020": "Wolf, T., et al. (2020). Transformers: State-of-the-art natural language "
    "processing. EMNLP: System Demonstrations.",
}
"""Citation in the text -> entry of the list of references."""

_SOURCES = {
    "dair-ai/emotion": "Saravia et al., 2018",
    "tweets-hate-speech-detection": "Sharma, 2018",
    "glove": "Pennington et al., 2014",
    "minilm": "Wang et al., 2020; Reimers & Gurevych, 2019",
    "bert-base": "Devlin et al., 2019",
    "bert-large": "Devlin et al., 2019",
}
"""What stands in the name of a corpus, encoder or file -> whom to cite for it."""

_SOFTWARE = {
    "python": ("Python", ""), "torch": ("PyTorch", "Paszke et al., 2019"),
    "transformers": ("transformers", "Wolf et al., 2020"),
    "scikit-learn": ("scikit-learn", "Pedregosa et al., 2011"),
    "scipy": ("SciPy", "Virtanen et al., 2020"), "numpy": ("NumPy", ""), "mlflow": ("MLflow", ""),
}  # fmt: skip

_POOLING = {
    "padded_mean": "averaged over all padded positions", "token_mean": "averaged over its words",
    "flatten": "laid side by side",
}  # fmt: skip


@dataclass(frozen=True)
class Methods:
    """Paragraphs, and the references that they cite, in the order of their names."""

    paragraphs: tuple[str, ...]
    references: tuple[str, ...]

    def as_text(self) -> str:
        """Return all of it as plain text, for pasting."""
        listed_references = "\n".join(f"- {reference}" for reference in self.references)
        return "\n\n".join([*self.paragraphs, "References", listed_references]) + "\n"


def methods_of(results: Results) -> Methods:
    """Return the methods of a study."""
    tables = results.tables
    paragraphs = tuple(
        " ".join(filter(None, sentences))
        for sentences in (
            [_simulation(results), _corpora(tables)],
            [_global(tables), _task_specific(tables), _transformation(results)],
            [_similarity(tables), _new_task(tables), _statistics(results)],
            [_software(tables)],
        )
    )
    said = " ".join(paragraphs)
    cited = [entry for name, entry in sorted(REFERENCES.items()) if name in said]
    return Methods(tuple(filter(None, paragraphs)), tuple(cited))


def _cite(source: str) -> str:
    """Return whom to cite for a corpus, an encoder or word vectors: "; X, 2018", or nothing."""
    return next((f"; {c}" for part, c in _SOURCES.items() if part in source.lower()), "")


def _simulation(results: Results) -> str:
    tables, seeds = results.tables, results.seeds("complete")
    version = meta_record(tables.meta, "versions").get("hybridrep", "")
    commit = str(tables.meta.get("commit") or "")[:12]
    program = " ".join(filter(None, ["hybridrep", str(version), commit and f"(commit {commit})"]))
    lacking = len(tables.seeds_wanted) - len(seeds)
    return (
        f"We ran {counted(len(seeds), 'independent simulation')} ({seeds_text(seeds)}) of the "
        f"model of Jiang, Dale & Lu with {program}; a seed determines the splits of the data, the "
        "initial weights and the order of training."
        + (f" Of {len(tables.seeds_wanted)} seeds, {lacking} did not finish." if lacking else "")
    )


def _corpora(tables: StudyTables) -> str:
    found = corpora_of(tables)
    parts = [_corpus(corpus) for corpus in found]
    if not parts:
        return ""
    choice = config_value(tables.meta, "duplicates", "")
    repeated = {
        "drop": " Tweets of the new task that repeat another were dropped.",
        "keep": " Tweets of the new task that repeat another were kept.",
    }.get(str(choice), "")
    return f"They stand on {listed(parts)}.{repeated}"


def _corpus(corpus: CorpusFacts) -> str:
    kind = "the emotion corpus" if corpus.name == "emotion" else "the corpus of the new task"
    size = f"{corpus.items:,} tweets of {corpus.classes} classes" if corpus.items else "tweets"
    if corpus.synthetic:
        return f"{kind} ({size}, synthetic: written by a seeded generator, not by people)"
    return f"{kind} ({size}; {corpus.source}{_cite(corpus.source)})"


def _global(tables: StudyTables) -> str:
    size = meta_record(tables.meta, "encoder").get("hidden_size")
    name = encoder_name(tables)
    width = f"{size}-dimensional " if size else ""
    if is_given(name):
        return f"The global representation of a tweet is a {width}vector made elsewhere ({name})."
    pooled, _, place = encoder_vector(tables).partition(" of ")
    vector = "[CLS] vector" if pooled == "[CLS]" else "mean of the tokens’ vectors"
    return (
        f"The global representation of a tweet is the {width}{vector} in {place} of a "
        f"frozen encoder ({name}{_cite(name)})."
    )


def _task_specific(tables: StudyTables) -> str:
    meta, name = tables.meta, vectors_name(tables)
    if given := task_specific_name(tables):
        return (
            f"The task-specific representation is a {task_specific_size(tables)}-dimensional "
            f"vector made elsewhere ({given})."
        )
    size = meta_record(meta, "vectors").get("size")
    width = f"{size}-dimensional " if size else ""
    steps, epochs = meta.get("time_steps"), config_number(meta, "lstm_epochs")
    padded = f" of tweets padded to {steps} words" if steps else ""
    trained = f" for {counted(epochs, 'epoch')}" if epochs else ""
    return (
        f"The task-specific representation is the last hidden state ({HIDDEN_SIZE} units) of an "
        f"LSTM (Hochreiter & Schmidhuber, 1997) that was trained{trained} with Adam (Kingma & Ba, "
        f"2015) to classify emotions from the {width}word vectors ({name}{_cite(name)}){padded}."
    )


def _transformation(results: Results) -> str:
    tables = results.tables
    epochs = config_number(tables.meta, "autoencoder_epochs")
    sizes = listed([str(size) for size in results.sizes])
    length = f" over {counted(epochs, 'epoch')}" if epochs else ""
    return (
        "Autoencoders that reconstruct one representation from the other were trained in both "
        f"directions{length}{f', with bottlenecks of {sizes} units' if sizes else ''}; those after "
        f"epoch {tables.half_epoch} were used. Their bottleneck is the diffused representation, "
        "their output the transformed one; ridge regression (Hoerl & Kennard, 1970) is the linear "
        "baseline of the same map."
    )


def _similarity(tables: StudyTables) -> str:
    items = config_number(tables.meta, "items_per_emotion")
    which = f" of {items} tweets per emotion" if items else ""
    return (
        "Representations were compared by representational similarity analysis (Kriegeskorte et "
        f"al., 2008): Pearson’s r of the upper triangles of two cosine similarity matrices{which}, "
        "with percentile bootstrap intervals over tweets, over seeds and over both, two-sided "
        "permutation tests, and the agreement between seeds as noise ceiling (Nili et al., 2014)."
    )


def _new_task(tables: StudyTables) -> str:
    if tables.meta.get("left_out"):
        return ""
    epochs = config_number(tables.meta, "transfer_epochs")
    pooling = _POOLING.get(str(config_value(tables.meta, "baseline_pooling", "")), "")
    trained = f", trained for {counted(epochs, 'epoch')}" if epochs else ""
    return (
        "On the new task, each representation was the frozen input of a classifier of two "
        f"layers{trained}; the baseline learns word embeddings of its own"
        + (f", {pooling}." if pooling else ".")
    )


def _statistics(results: Results) -> str:
    seeds = len(results.seeds("complete"))
    if seeds < 2:
        return "With a single simulation no test over seeds was done."
    return (
        f"Each representation was tested against the baseline by an independent t-test over n = "
        f"{seeds} seeds a side; Welch’s test (Welch, 1947), the test paired by seed and p after "
        "Holm’s correction (Holm, 1979) are reported beside it."
    )


def _software(tables: StudyTables) -> str:
    versions = meta_record(tables.meta, "versions")
    used = [
        f"{label} {versions[name]}{f' ({citation})' if citation else ''}"
        for name, (label, citation) in _SOFTWARE.items()
        if versions.get(name) not in (None, "missing")
    ]
    return f"Computed with {listed(used)}." if used else ""


def methods_text(found: Iterable[Results]) -> str:
    """Return the methods of one study or, under their names, of several."""
    every = [(str(each.tables.meta["study"]), methods_of(each).as_text()) for each in found]
    if len(every) == 1:
        return every[0][1]
    return "\n".join(f"Study {name}\n\n{text}" for name, text in every)
