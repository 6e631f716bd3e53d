"""What the code never does: load pickles, run foreign code, listen to the world, fetch freely."""

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from hybridrep.execution.store import Store
from hybridrep.running.stage import Reader
from hybridrep.sources.encoders import _hub as encoders
from hybridrep.sources.texts import hub
from hybridrep.sources.words import _glove_download
from hybridrep.studies.hybrid.similarity import pictures
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.tweets.loading import PINS
from hybridrep.testing.pickle_bombs import npz_bomb, pickle_bomb

ROOT = Path(__file__).parents[1]
TESTING = ROOT / "hybridrep" / "testing"
SOURCES = sorted(
    path
    for top in ("hybridrep", "entrypoints", "tools")
    for path in (ROOT / top).rglob("*.py")
    if TESTING not in path.parents  # it makes the pickles that are to be refused
)
PAGES = [ROOT / "Makefile", ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
UNSAFE_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "skops"}
UNSAFE_CALLS = {
    "torch.jit.load", "pd.read_pickle", "pandas.read_pickle", "yaml.load",
    "os.system", "os.popen", "eval", "exec", "__import__", "mlflow.pytorch.load_model",
    "mlflow.sklearn.load_model",
}  # fmt: skip


def calls(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}


def test_there_is_code_to_look_at():
    assert len(SOURCES) > 150


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_loads_pickles_or_runs_text(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not {name.partition(".")[0] for name in names} & UNSAFE_MODULES
    for function, options in calls(path):
        assert function not in UNSAFE_CALLS
        if function in ("np.load", "numpy.load", "np.savez"):
            assert options.get("allow_pickle") == "False", function
        if function == "torch.load":  # tensors and nothing else, of a file whose checksum fits
            assert options.get("weights_only") == "True"
        assert options.get("trust_remote_code", "False") == "False"
        assert options.get("shell", "False") == "False"
        if re.fullmatch(r"Auto\w+\.from_pretrained", function):
            assert "trust_remote_code" in options or None in options  # None: **options


def test_every_download_names_a_revision():
    """Which is a commit where the hub's own is known, and recorded as one in any case."""
    for path in SOURCES:
        for function, options in calls(path):
            if function.endswith(("snapshot_download", "hf_hub_download", "model_info",
                                  "dataset_info", "repo_info")):  # fmt: skip
                assert "revision" in options, (path, function)
    commit = re.compile(r"[0-9a-f]{40}")
    assert all(map(commit.fullmatch, encoders.PINNED_REVISIONS.values()))
    for pin in PINS.values():
        assert commit.fullmatch(pin.revision) or sum(pin.counts.values()) > 30_000
    assert _glove_download.URL.startswith("https://")
    assert re.fullmatch(r"[0-9a-f]{64}", _glove_download.SHA256)
    assert "hash_prefix=SHA256" in inspect.getsource(_glove_download)
    fetched = (*encoders.PATTERNS, *hub._patterns(""), *hub._patterns("split"))
    assert not [name for name in fetched if name.endswith((".py", ".bin", ".pt", ".pkl", "*"))]


def test_a_pickle_in_the_store_is_not_loaded(tmp_path):
    trace = tmp_path / "it-ran"
    store = Store(tmp_path / "store")
    content = npz_bomb(trace, "global", "task_specific", "diffused", "transformed", "labels")
    store.write("a" * 64, stage="rsa", inputs={}, seconds=0.0,
                files={"similarity_matrices.npz": content})  # fmt: skip
    read = Reader(store, {"matrices": ("a" * 64,)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        pictures.make(read, Variant("bert_to_lstm", 8, 2), 0)
    assert not trace.exists()
    with np.load(store.open("a" * 64).file("similarity_matrices.npz"), allow_pickle=True) as bomb:
        bomb["labels"]
    assert trace.exists()  # it was one


@pytest.mark.parametrize("name", ["result.pkl", "result.pickle", "result.pt", "result.bin"])
def test_the_store_takes_no_pickles(tmp_path, name):
    from hybridrep.errors import StoreError

    with pytest.raises(StoreError, match="is not stored; allowed are"):
        Store(tmp_path).write(
            "a" * 64, stage="x", inputs={}, files={name: pickle_bomb(tmp_path)}, seconds=0.0
        )


def commands(page: Path) -> list[str]:
    """The lines of a page, those that a backslash continues joined."""
    return page.read_text("utf-8").replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_servers_listen_on_this_machine_unless_encrypted(page):
    for line in commands(page):
        if re.search(r"\bmlflow (ui|server)\s+(-|\\)", line):
            assert "--host 127.0.0.1" in line, line
        if re.search(r"^\s+dask scheduler", line):
            assert "--host 127.0.0.1" in line or "--host tls://" in line, line
        assert not re.search(r"(?<![\d.])0\.0\.0\.0", line), line


def test_a_served_model_listens_on_this_machine_by_default():
    """The documented `mlflow models serve` names no host."""
    from mlflow.models.cli import commands as models

    (host,) = [o for o in models.commands["serve"].params if o.name == "host"]
    assert host.default == "127.0.0.1"


def test_the_cluster_page_says_whom_its_transport_trusts():
    text = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    assert "pickle" in text
    assert "can run programs as you" in text
    assert "REQUIRE_ENCRYPTION=True" in text
