"""The audit: licences in use are settled; what services say, or do not, is understood."""

import json
from email.message import Message

import pytest

from tools import audit
from tools.licences import REASONS, is_allowed, licences, stated_licence


def test_every_run_time_package_has_an_allowed_licence_or_a_reason():
    found = licences()
    assert len(found) > 80
    assert {"torch", "mlflow", "numpy", "psycopg2-binary"} <= {each.package for each in found}
    unsettled = [(each.package, each.stated) for each in found if not each.is_settled]
    assert unsettled == []


def test_no_reason_outlives_its_need():
    needed = {each.package for each in licences() if not each.allowed}
    assert needed == set(REASONS)


def test_without_reasons_the_same_packages_are_refused():
    refused = {each.package for each in licences({}) if not each.is_settled}
    assert "psycopg2-binary" in refused
    assert refused == set(REASONS)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0", False),
        ("AGPL-3.0-or-later", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(MIT OR GPL-2.0) AND GPL-2.0", False),
        ("", False),
        ("Proprietary", False),
    ],
)
def test_expressions_are_allowed_when_allowed_licences_can_meet_them(expression, allowed):
    assert is_allowed(expression) == allowed


@pytest.mark.parametrize(
    ("fields", "stated"),
    [
        ({"License-Expression": "MIT", "License": "GPL"}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, "BSD"),
        ({"Classifier": "License :: OSI Approved", "License": ""}, "OSI Approved"),
        ({"Classifier": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"},
         "GNU General Public License v3 (GPLv3)"),
        ({"License": "Apache 2.0 License"}, "Apache-2.0"),
        ({"License": "3-Clause BSD License"}, "BSD-3-Clause"),
        ({"License": "GPL-3.0"}, "GPL-3.0"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_licence_is_read_from_what_a_package_says(fields, stated):
    about = Message()
    for name, value in fields.items():
        about[name] = value
    assert stated_licence(about) == stated


def answer(*packages: dict) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


SAFE = {"name": "a", "version": "1", "vulns": []}
UNSAFE = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-7"], "fix_versions": ["3"], "description": ""}],
}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


def test_a_vulnerability_fails_unless_it_is_accepted():
    found = audit.read(answer(SAFE, UNSAFE, UNKNOWN), "")
    assert (found.audited, found.skipped) == (2, 1)
    assert found.found == ("b 2: PYSEC-1, fixed in 3",)
    assert audit.read(answer(UNSAFE), "", {"CVE-7": "only on another platform"}).found == ()


@pytest.mark.parametrize(
    ("output", "errors", "code", "said"),
    [
        (answer(SAFE), "", 0, "1 packages audited by pypi"),
        (answer(SAFE, UNSAFE), "", 1, "b 2: PYSEC-1"),
        (answer(UNKNOWN), "No known vulnerabilities found", 0, "NOT AUDITED"),
        ("", "ConnectionError: no route to host", 0, "no route to host"),
        ("", "", 0, "NOT AUDITED"),
    ],
)
def test_findings_fail_and_a_silent_service_does_not(
    monkeypatch, capsys, output, errors, code, said
):
    monkeypatch.setattr(audit, "ask", lambda service: audit.read(output, errors))
    assert audit.report_vulnerabilities() == code
    assert said in capsys.readouterr().out


def test_a_service_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(audit, "TIMEOUT", 0.01)
    assert "no answer within" in audit.ask("pypi").trouble
