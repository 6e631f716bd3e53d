import importlib
import itertools
import sys
import textwrap

import pytest

from hybridrep.execution import code_version as subject
from hybridrep.execution.code_version import code_version, fix_code_versions


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function: files of a package `study` -> version of its module `stage`."""
    numbers = itertools.count()

    def version(files, exclude=(), module="stage"):
        folder = tmp_path / str(next(numbers))
        for path, source in {"__init__.py": "", **files}.items():
            file = folder / "study" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(source))
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(folder))
            _forget()
            answer = code_version(f"study.{module}", tuple(f"study.{e}" for e in exclude))
        assert "study" not in sys.modules, "nothing may be imported to find out"
        return answer

    yield version
    _forget()


def _forget() -> None:
    for function in (
        subject._spec, subject._source, subject._read, subject._library_version, code_version,
    ):  # fmt: skip
        function.cache_clear()


STAGE = """
    from study.models import lstm

    def run(x):
        return lstm.train(x) + 1
"""
LSTM = """
    def train(x):
        return 2 * x
"""
BASE = {"stage.py": STAGE, "models/__init__.py": "", "models/lstm.py": LSTM}


def test_looks_do_not_count(package):
    dressed = '''
    """A docstring."""
    # a comment
    from study.models import lstm

    LIMIT: int
    """An attribute's docstring."""


    def run(x):
        """Another."""
        return (lstm.train(x)
                + 1)
    '''
    bare = dressed.replace('"""A docstring."""', "").replace('"""Another."""', "")
    bare = bare.replace("# a comment", "").replace('"""An attribute\'s docstring."""', "")
    bare = bare.replace("(lstm.train(x)\n                + 1)", "lstm.train(x) + 1")
    assert bare.count('"""') == 0
    assert package({**BASE, "stage.py": dressed}) == package({**BASE, "stage.py": bare})


def test_blocks_for_the_type_checker_do_not_count(package):
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import study.other\nx = 1\n"
    plain = "from typing import TYPE_CHECKING\nx = 1\n"
    files = {"other.py": "y = 1"}
    assert package({**files, "stage.py": typed}) == package({**files, "stage.py": plain})


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("stage.py", "+ 1", "+ 2"),
        ("models/lstm.py", "2 * x", "3 * x"),
        ("models/lstm.py", "2 * x", "2.0 * x"),
    ],
)
def test_code_counts(package, path, old, new):
    changed = {**BASE, path: BASE[path].replace(old, new)}
    assert package(changed) != package(BASE)


def test_same_code_has_same_version(package):
    assert package(BASE) == package(BASE)


@pytest.mark.parametrize(
    "statement",
    [
        "from study.deep import inner",
        "import study.deep.inner",
        "import study.deep.inner as other",
        "from study.deep.inner import function",
        "from .deep import inner",
        "from . import deep",  # deep/__init__ imports inner
        "from .deep.inner import *",
        "from study.deep import again",  # a name of deep/__init__
        "def run():\n    from study.deep import inner",
        "try:\n    pass\nexcept ValueError:\n    import study.deep.inner",
        "import importlib\nm = importlib.import_module('study.deep.inner')",
        "class A:\n    def f(self):\n        with open('x'):\n            import study.deep.inner",
        "match 1:\n    case 1:\n        import study.deep.inner",
        "from study.between import x",
    ],
)
def test_imports_are_followed(package, statement):
    files = {
        "stage.py": statement,
        "between.py": "def f():\n    from .deep.inner import function\nx = 1",
        "deep/__init__.py": "from .inner import function as again",
    }
    one = package({**files, "deep/inner.py": "def function(): return 1"})
    two = package({**files, "deep/inner.py": "def function(): return 2"})
    assert one != two


def test_circles_end(package):
    package({"stage.py": "import study.other", "other.py": "import study.stage"})


def test_excluded_parts_do_not_count(package):
    files = {"stage.py": "from study.execution import store", "execution/__init__.py": ""}
    one = {**files, "execution/store.py": "x = 1"}
    two = {**files, "execution/store.py": "x = 2"}
    assert package(one, ("execution",)) == package(two, ("execution",))
    assert package(one) != package(two)


def test_release_number_does_not_count(package):
    one = {"stage.py": "from study import __version__", "__init__.py": "__version__ = '1'"}
    two = {**one, "__init__.py": "__version__ = '2'"}
    assert package(one) == package(two)


def test_versions_of_imported_numeric_libraries_count(package, monkeypatch):
    files = {"stage.py": "import study.other", "other.py": "def f():\n    import scipy.stats"}
    before = package(files)
    without = package({"stage.py": "x = 1"})
    monkeypatch.setattr(subject.importlib.metadata, "version", lambda name: f"{name} 99")
    assert package(files) != before
    assert package({"stage.py": "x = 1"}) == without


def test_the_tokenizers_of_transformers_count(package, monkeypatch):
    files = {"stage.py": "from transformers import AutoTokenizer"}
    before = package(files)
    real = subject.importlib.metadata.version
    monkeypatch.setattr(
        subject.importlib.metadata, "version", lambda n: "99" if n == "tokenizers" else real(n)
    )
    assert package(files) != before


def test_an_edit_after_the_versions_are_fixed_does_not_count(tmp_path, monkeypatch):
    folder = tmp_path / "edited"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name in ("early", "late"):
        (folder / f"{name}.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("edited", "edited.early"):
        monkeypatch.setitem(sys.modules, name, importlib.import_module(name))
    fix_code_versions("edited")
    (folder / "early.py").write_text("x = 2")
    (folder / "late.py").write_text("x = 2")
    assert code_version("edited.early") != code_version("edited.late")
    fixed = code_version("edited.early")
    for function in (subject._read, code_version):
        function.cache_clear()
    assert code_version("edited.early") != fixed


def test_a_missing_module_is_an_error(package):
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        package(BASE, module="nowhere")


def test_the_real_package_is_found():
    version = code_version("hybridrep.randomness")
    assert len(version) == 64
    assert version == code_version("hybridrep.randomness")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Readings are kept in a file of the test's own; gives it, and forgets all when called."""
    file = tmp_path / "kept" / "readings.json"
    monkeypatch.setattr(subject, "_readings_file", lambda: file)
    monkeypatch.setattr(subject, "_new_readings", {})
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def forget():
        subject._new_readings.clear()
        for function in (subject._read, subject._readings, code_version):
            function.cache_clear()
        return file

    forget()
    yield forget
    forget()


MINE = "hybridrep.execution.fingerprint"


def test_what_was_read_of_a_source_is_kept_and_read_again_only_when_it_changes(kept, monkeypatch):
    fresh = code_version(MINE, ())
    subject._keep_readings()
    file = kept()
    assert file.is_file()
    with monkeypatch.context() as patch:
        patch.setattr(subject, "_read_source", lambda *_: pytest.fail("read anew"))
        assert code_version(MINE, ()) == fresh
    kept()
    with monkeypatch.context() as patch:
        patch.setattr(subject.Path, "read_bytes", lambda path: b"x = 1  # " + path.name.encode())
        assert code_version(MINE, ()) != fresh


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": [1]}', "\x00"])
def test_kept_readings_that_are_damaged_count_as_none(kept, content):
    fresh = code_version(MINE, ())
    file = kept()
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)
    assert code_version(MINE, ()) == fresh
    subject._keep_readings()
    kept()
    assert len(subject._readings()) > 0


def test_where_python_keeps_nothing_no_readings_are_kept(kept, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    code_version(MINE, ())
    subject._keep_readings()
    assert not kept().exists()
