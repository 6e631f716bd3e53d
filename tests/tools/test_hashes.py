"""The list of hashes names what constraints.txt pins, and no place that it comes from."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_project_files import ROOT, pins
from tools import hashes
from tools.install import HASHES, TORCH_FOR_GPUS, listed, without_torch


def versions(text: str) -> dict[str, str]:
    found = {name: re.match(r"[^ ]+==([^ ;]+)", each) for name, each in listed(text).items()}
    return {canonicalize_name(name): match.group(1) for name, match in found.items() if match}


def needs(distribution: str) -> set[str]:
    """Return what an installed distribution needs here, without extras; nothing if it is none."""
    try:
        wanted = [Requirement(each) for each in requires(distribution) or ()]
    except PackageNotFoundError:
        return set()
    here = [each for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    return {canonicalize_name(each.name) for each in here}


def test_all_that_is_installed_is_listed_as_pinned_with_the_hashes_of_its_files():
    text = HASHES.read_text()
    found, declared = (
        versions(text),
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"],
    )
    first = [*declared["dependencies"], *declared["optional-dependencies"]["dev"]]
    wanted = {canonicalize_name(Requirement(each).name) for each in first} - {"hybridrep"}
    wanted |= {need for name in found for need in needs(name)}
    assert wanted <= {*found}
    pinned = pins()
    assert {name: found[name] for name in pinned if name in found} == {
        name: version for name, version in pinned.items() if name in found
    }
    assert all(hashes.hashes(each) for each in listed(text).values())
    assert "://" not in text


def test_what_torch_needs_for_gpus_stands_apart():
    general, _, for_gpus = HASHES.read_text().partition(TORCH_FOR_GPUS)
    assert all(
        name.startswith(("nvidia-", "cuda-")) or name == "triton" for name in listed(for_gpus)
    )
    wanted = [Requirement(each) for each in requires("torch") or ()]
    always = {canonicalize_name(each.name) for each in wanted if "extra" not in str(each.marker)}
    assert always <= {*versions(general), *versions(for_gpus)}
    assert "torch" in listed(general)
    left = without_torch(HASHES.read_text())
    assert listed(left) == {k: v for k, v in listed(general).items() if k != "torch"}


def test_of_torch_both_the_published_and_the_found_build_are_listed():
    def line(digit: str) -> str:
        return f"--hash=sha256:{digit * 64}"

    published = {
        "numpy": f"numpy==2.0 \\\n    {line('a')}\n", "torch": f"torch==1.0 \\\n    {line('b')}\n",
        "triton": f"triton==3 ; sys_platform == 'linux' \\\n    {line('c')}\n",
    }  # fmt: skip
    text = hashes.merged(published, {"torch": f"torch==1.0+cpu \\\n    {line('d')}\n"})
    general, _, for_gpus = text.partition(TORCH_FOR_GPUS)
    assert hashes.hashes(listed(general)["torch"]) == [line("b"), line("d")]
    assert {*listed(general)} == {"numpy", "torch"}
    assert {*listed(for_gpus)} == {"triton"}
    again = hashes.merged(dict(published), {"torch": published["torch"]})
    assert hashes.hashes(listed(again)["torch"]).count(line("b")) == 1
