"""`make audit`: known vulnerabilities of what is installed, and its licences.

Fails on a vulnerability that is not accepted below and on a licence that is not settled in
`tools.licences`; never because the services that know vulnerabilities cannot be reached, which
it says instead.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tools.licences import licences

ACCEPTED: Mapping[str, str] = {}
"""Vulnerability's id -> why it does no harm here."""

SERVICES = ("pypi", "osv")
"""Asked in turn until one knows any of the packages."""

TIMEOUT = 120
"""Seconds for a service to answer about all packages."""


@dataclass(frozen=True)
class Vulnerabilities:
    """What a service said.

    Attributes:
        audited: how many packages it knew.
        skipped: how many it did not know, or could not be asked about.
        found: one line each.
        trouble: why it could not be asked, or "".
    """

    audited: int = 0
    skipped: int = 0
    found: tuple[str, ...] = ()
    trouble: str = ""


def main() -> int:
    """Print both lists; return 1 when something must be done, else 0."""
    return max(report_licences(), report_vulnerabilities())


def report_licences() -> int:
    """Print the licences in use; return 1 if one of them is not settled."""
    found = licences()
    counts = Counter(each.stated for each in found if each.allowed)
    for stated, count in counts.most_common():
        print(f"{count:4} {stated}")
    for each in (each for each in found if not each.allowed):
        state = f"used because: {each.reason}" if each.reason else "NOT ALLOWED: give a reason"
        print(f"   - {each.package} {each.version}, {each.stated or 'no licence'!r}; {state}")
    unsettled = sum(not each.is_settled for each in found)
    print(f"licences: {len(found)} run-time packages, {unsettled} not settled")
    return int(unsettled > 0)


def report_vulnerabilities() -> int:
    """Print the known vulnerabilities; return 1 if there are any that are not accepted."""
    for service in SERVICES:
        answer = ask(service)
        if answer.audited or answer.found:
            break
        why = answer.trouble or f"it knows none of the {answer.skipped} packages"
        print(f"vulnerabilities: {service} could not be asked: {why}")
    else:
        print("vulnerabilities: NOT AUDITED, no service could be reached; this is no failure")
        return 0
    for line in answer.found:
        print(f"   - {line}")
    print(
        f"vulnerabilities: {answer.audited} packages audited by {service}, {answer.skipped} "
        f"unknown to it, {len(answer.found)} vulnerabilities"
    )
    return int(bool(answer.found))


def ask(service: str) -> Vulnerabilities:
    """Ask one service about everything that is installed, with pip-audit."""
    command = [
        sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--format", "json",
        "--progress-spinner", "off", "--timeout", "10", "--vulnerability-service", service,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return Vulnerabilities(trouble=f"no answer within {TIMEOUT} s")
    return read(done.stdout, done.stderr)


def read(output: str, errors: str, accepted: Mapping[str, str] = ACCEPTED) -> Vulnerabilities:
    """Return what pip-audit's JSON says; without any, its last words are the trouble."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = errors.strip().splitlines() or ["no answer"]
        return Vulnerabilities(trouble=lines[-1][:300])
    known = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {each['id']}, "
        f"fixed in {', '.join(each['fix_versions']) or 'no version yet'}"
        for package in known
        for each in package["vulns"]
        if not {each["id"], *each.get("aliases", ())} & accepted.keys()
    ]
    return Vulnerabilities(len(known), len(packages) - len(known), tuple(found))


if __name__ == "__main__":
    sys.exit(main())
