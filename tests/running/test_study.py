"""What the platform keeps of a checked study."""

from types import SimpleNamespace

from hybridrep.execution.store import Store
from hybridrep.running.study import Prepared, declared_once


def test_a_study_declares_a_result_once_and_another_study_anew(tmp_path):
    asked = []

    @declared_once
    def node(study, number, *, name=""):
        asked.append((study.config, number, name))
        return f"{study.config} {number} {name}"

    one, same, other = (
        Prepared(SimpleNamespace(config=config), Store(tmp_path))
        for config in ("one", "one", "other")
    )
    assert node(one, 1) == node(one, 1) == "one 1 "
    assert asked == [("one", 1, "")]
    assert (node(one, 2), node(one, 1, name="x")) == ("one 2 ", "one 1 x")
    assert node(other, 1) == "other 1 "
    assert len(asked) == 4
    node(same, 1)
    assert len(asked) == 5, "a study that is prepared again is declared again"
