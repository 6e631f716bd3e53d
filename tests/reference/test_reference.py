"""The whole simulation against a plain recomputation that shares no line of code with it.

`tests/reference` computes in float64, the platform in float32 (all but RSA and the ridge
baseline); initial parameters are drawn in float32 by both. So the two differ by rounding alone,
as it grows over the training steps.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running import work
from hybridrep.running.study import Prepared
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.results.gather import study_tables
from hybridrep.studies.hybrid.results.schema import SCHEMAS
from hybridrep.studies.hybrid.results.table_1 import against_baseline
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.testing import small_study

REFERENCE = Path(__file__).parent
SEEDS = (0, 4, 7)
NUMBERS = ("bottlenecks", "lstm_epochs", "autoencoder_epochs", "transfer_epochs")
KEYS = {**{n: list(s.key) for n, s in SCHEMAS.items()}, "table_1": ["measure", "representation"]}

RUN = """
import runpy, sys
sys.modules["hybridrep"] = None  # any import of it fails
given, out, *folders = sys.argv[1:]
for folder in folders:
    for module in ("streams", "texts", "networks", "measures"):
        sys.modules.pop(module, None)
    sys.path.insert(0, folder)
    sys.argv = ["study.py", given, out + "/" + folder.rpartition("/")[2]]
    runpy.run_path(folder + "/study.py", run_name="__main__")
    sys.path.remove(folder)
"""


def start(given: dict, out: Path, *sources: Path) -> subprocess.Popen:
    """Start references in a process of their own; the tables of each go to OUT/NAME OF SOURCES."""
    for folder in sources:
        (out / folder.name).mkdir(parents=True)
    (out / "given.json").write_text(json.dumps(given))
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(out / "given.json"), str(out), *map(str, sources)],
        cwd=out, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen) -> None:
    """Wait for references."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def tables_of(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables that a reference has written."""
    tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
    return {name: table.set_index(KEYS[name]).sort_index() for name, table in tables.items()}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Parameters of the small study, with word vectors as GloVe text.

    The tweets of the new task hold links, mentions, emojis and the like; one is left empty by
    cleaning, and some are repeated. The encoder's weights are large, so that its vectors differ:
    correlations of similarities that are all but constant would show nothing but rounding.
    """
    folder = tmp_path_factory.mktemp("raw")
    given = small_study.parameters(folder)
    tweets = pd.read_csv(given["hate"], index_col="id")
    texts = [*tweets["tweet"], *load_corpus("emotion", "sample").texts]
    small_study.write_encoder(Path(given["encoder"]), tuple(texts), spread=0.5)
    empty = pd.DataFrame({"label": [0], "tweet": ["@user #tag \U0001f600"]})
    tweets = pd.concat([tweets.iloc[:40], empty, tweets.iloc[40:], tweets.iloc[:5]])
    tweets.reset_index(drop=True).to_csv(given["hate"], index_label="id")
    words = sorted({word for text in texts for word in text.lower().split()})
    vectors = write_vectors(folder / "glove.txt", words)
    return {**given, "vectors": vectors, "seeds": ",".join(map(str, SEEDS))}


def write_vectors(file: Path, words: list[str]) -> str:
    """Write made-up vectors of nine in ten words as GloVe text."""
    rng = np.random.default_rng(0)
    rows = [f"{word} {' '.join(f'{x:.5f}' for x in rng.normal(0, 0.4, 50))}" for word in words]
    file.write_text("\n".join(row for place, row in enumerate(rows) if place % 10))
    return str(file)


def for_reference(raw: dict[str, str], seeds: tuple[int, ...] = SEEDS) -> dict:
    """Return the parameters as the reference reads them."""
    numbers = {n: [int(x) for x in raw[n].split(",")] for n in NUMBERS}
    return {
        **{name: raw[name] for name in ("emotion", "hate", "vectors", "encoder")},
        **{name: found if name == "bottlenecks" else found[0] for name, found in numbers.items()},
        "items_per_emotion": int(raw["items_per_emotion"]),
        "seeds": list(seeds),
    }


@pytest.fixture(scope="module")
def both(raw, tmp_path_factory) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The platform's tables and the reference's, made at the same time."""
    out = tmp_path_factory.mktemp("out")
    process = start(for_reference(raw), out, REFERENCE)
    config = resolve(raw, Config)
    store = Store(Path(config.store))
    study = Prepared(prepare(config, store), store)
    work.compute(config, store, work.study_tasks(HYBRID, study))
    results = study_tables(study, SEEDS, {})
    tables = {name: getattr(results, name) for name in SCHEMAS}
    tables["measures"] = results.measures[results.measures["measure"] == "cka"]
    tables["table_1"] = against_baseline(results)
    indexed = {name: table.set_index(KEYS[name]).sort_index() for name, table in tables.items()}
    finish(process)
    return indexed, tables_of(out / REFERENCE.name)


TOLERANCE = {
    "lstm": 1e-5,
    "autoencoder": 1e-5,
    "linear_baseline": 1e-5,
    "rsa": 5e-4,
    "measures": 5e-4,
    "transfer": 1e-5,
    "table_1": 1e-4,
}
"""Largest difference allowed, as a share of a value's size (of 1 where it is smaller).

About twenty times what float32 (6e-8 a number) was found to come to, or more: 1e-7 after the LSTM's
38 steps, 6e-7 after the autoencoders' 68, 3e-7 in the ridge baseline, 3e-8 in the classifiers'
losses. RSA has 3e-5: the LSTM's vectors of so short a training are all but the same, so what their
similarities differ in is small beside 1; t, a ratio of small differences, has 5e-6. Accuracies are
equal. Every slip of `SLIPS` comes to more than ten times the tolerance.
"""


def difference(platform: pd.DataFrame, reference: pd.DataFrame) -> float:
    """Return the largest difference between two tables of the same rows."""
    assert platform.index.equals(reference.index)
    found, wanted = platform[reference.columns].to_numpy(), reference.to_numpy()
    return float((np.abs(found - wanted) / np.maximum(np.abs(wanted), 1)).max())


@pytest.mark.parametrize("table", TOLERANCE)
def test_every_number_of_a_study_is_that_of_the_plain_recomputation(both, table):
    platform, reference = (tables[table] for tables in both)
    assert set(reference.index.get_level_values(0)) >= {*SEEDS} or table == "table_1"
    assert np.isfinite(reference.to_numpy()).all()
    assert difference(platform, reference) < TOLERANCE[table]


def test_the_reference_shares_nothing_with_the_platform():
    allowed = {"numpy", "pandas", "scipy", "sklearn", "torch", "torchtext", "transformers"}
    files = sorted({*REFERENCE.glob("*.py")} - {Path(__file__)})
    assert "study.py" in {file.name for file in files}
    allowed |= {file.stem for file in files} | set(sys.stdlib_module_names) - {"importlib"}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert not node.level
                names = [node.module]
            assert {name.split(".")[0] for name in names} <= allowed, (file.name, names)
            assert not isinstance(node, ast.Name) or node.id not in {"__import__", "exec", "eval"}


class Slip(NamedTuple):
    """Something that can go wrong: in a module, what stands in place of a text, and who notices."""

    module: str
    text: str
    instead: str
    table: str
    rows: str = ""


SLIPS = {
    "padding behind": [
        Slip(
            "texts.py",
            "[0] * (steps - len(known)) + known",
            "known + [0] * (steps - len(known))",
            "lstm",
        )
    ],
    "corpus order": [
        Slip("networks.py", "rows[generator.permutation(len(rows))]", "rows", table)
        for table in ("lstm", "autoencoder", "transfer")
    ],
    "no attention mask": [
        Slip(
            "texts.py",
            'attention_mask=batch["attention_mask"]',
            'attention_mask=torch.ones_like(batch["input_ids"])',
            "rsa",
            "pair == 'input_vs_target'",
        )
    ],
    "tap, cleaning, intercept": [
        Slip(
            "networks.py",
            "draw(layer.weight, bound, generator)\n",
            "draw(layer.weight, bound, generator)\n"
            "        layer.weight.data = layer.weight.data.roll(1, 2)\n",
            "autoencoder",
        ),
        Slip("texts.py", "(clean(row[", "(str(row[", "transfer", "representation == 'bert'"),
        Slip(
            "measures.py",
            'solver="cholesky")',
            'solver="cholesky", fit_intercept=False)',
            "linear_baseline",
        ),
    ],
    "ranks, last epoch": [
        Slip("measures.py", "import pearsonr,", "import spearmanr as pearsonr,", "rsa"),
        Slip(
            "networks.py",
            "if epoch == max(1, epochs // 2):",
            "if epoch == epochs:",
            "transfer",
            "bottleneck > 0",
        ),
    ],
}
"""Slips by the run that makes them; those of one run show in different rows."""


@pytest.mark.slow
@pytest.mark.long
def test_a_slip_on_either_side_would_be_noticed(raw, both, tmp_path):
    given = {**for_reference(raw, SEEDS[:1]), "bottlenecks": [8]}
    folders = [tmp_path / "sources" / name for name in SLIPS]
    for sources, slips in zip(folders, SLIPS.values(), strict=True):
        shutil.copytree(REFERENCE, sources, ignore=shutil.ignore_patterns("__pycache__"))
        for file, text, instead in {slip[:3] for slip in slips}:
            assert (sources / file).read_text().count(text) == 1, text
            (sources / file).write_text((sources / file).read_text().replace(text, instead))
    running = [start(given, tmp_path / f"out-{n}", *folders[n::2]) for n in range(2)]
    for process in running:
        finish(process)
    for place, (name, slips) in enumerate(SLIPS.items()):
        doctored = tables_of(tmp_path / f"out-{place % 2}" / name)
        for slip in slips:
            wrong = doctored[slip.table]
            wrong = wrong.query(slip.rows) if slip.rows else wrong
            far = difference(both[0][slip.table].reindex(wrong.index), wrong)
            assert far > 10 * TOLERANCE[slip.table], (name, slip.table, far)


def test_welchs_test_in_place_of_students_would_be_noticed(both):
    """Equally many seeds on both sides give the same t, but not the same p."""
    platform, reference = (tables["table_1"] for tables in both)
    transfer = both[1]["transfer"].reset_index()
    final = transfer[transfer["epoch"] == 2].query("bottleneck in (0, 8)")
    last = {name: part["test_loss"] for name, part in final.groupby("representation")}
    p = {
        name: ttest_ind(own, last["baseline"], equal_var=False).pvalue for name, own in last.items()
    }
    mine = platform.loc["test_loss", "student_p"]
    wrong = pd.Series(p).reindex(mine.index)
    assert difference(mine.to_frame("p"), wrong.to_frame("p")) > TOLERANCE["table_1"]
    assert difference(platform, reference) < TOLERANCE["table_1"]
