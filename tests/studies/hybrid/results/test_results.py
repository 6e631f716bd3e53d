"""A report computes every result once, whatever says it."""

import io
import sys
from collections import Counter
from functools import wraps

import pytest
from rich.console import Console

from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.results.agreement import ACROSS_TABLES
from hybridrep.studies.hybrid.results.claims import claims
from hybridrep.studies.hybrid.results.result_tables import linear_summary
from hybridrep.studies.hybrid.results.results import STUDY_TABLES, Results
from hybridrep.studies.hybrid.results.table_1 import (
    against_baseline,
    table_1,
    table_1_markdown,
    table_1_rich,
    uncorrected_tests,
)
from hybridrep.testing.reporting_fixtures import study_tables
from hybridrep.testing.undrawn import all_blank

ONCE = (claims, linear_summary)
ONCE_PER_SIZE = (table_1, against_baseline, uncorrected_tests)


@pytest.fixture
def calls(monkeypatch):
    """Count the calls of what is to be computed once, by whatever name a module calls it."""
    counts = Counter()
    for function in (*ONCE, *ONCE_PER_SIZE):

        @wraps(function)
        def counted(*args, _function=function, **more):
            counts[_function.__name__] += 1
            return _function(*args, **more)

        for name, module in list(sys.modules.items()):
            if name.startswith("hybridrep.") and vars(module).get(function.__name__) is function:
                monkeypatch.setattr(module, function.__name__, counted)
    return counts


def test_page_markdown_summary_and_terminal_share_what_is_computed_once(calls):
    results = Results.of(study_tables(seeds=3, bottlenecks=(32, 64), epochs=4))
    report = build_report([results], draw_plans=all_blank)
    first = results.table_1[results.size]
    Console(file=io.StringIO()).print(table_1_rich(first, results.size))
    assert table_1_markdown(first).splitlines()[2] in report.markdown
    assert "Table 1" in report.html
    assert results.standing in report.markdown
    assert calls == {f.__name__: 1 for f in ONCE} | {f.__name__: 2 for f in ONCE_PER_SIZE}


def test_a_comparison_shares_the_results_of_studies_of_the_same_sizes(calls):
    studies = [study_tables(seeds=3, epochs=4, study=name) for name in ("one", "two")]
    build_report(studies, draw_plans=all_blank)
    assert calls == {f.__name__: 2 for f in (*ONCE, *ONCE_PER_SIZE)}


def test_results_are_kept_and_computed_only_when_asked_for(calls):
    results = Results.of(study_tables(seeds=2, epochs=2))
    assert Results.of(results) is results
    assert not calls
    assert results.table_1 is results.table_1
    assert calls == {"table_1": 1, "uncorrected_tests": 1}


def test_every_declared_table_is_made_but_those_that_compare_what_the_store_holds():
    results = Results.of(study_tables(seeds=2, bottlenecks=(32, 64), epochs=2))
    names = {table.name.replace("_bN", "_b64") for table in STUDY_TABLES}
    assert names - set(results.frames) == {"inference", *ACROSS_TABLES}
    assert set(results.frames) < names
