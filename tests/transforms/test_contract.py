"""Every transform keeps the contract: pairs in, rows out, kept in one file, bad input refused."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from hybridrep.errors import ParameterError
from hybridrep.transforms.methods import TRANSFORMS, load_transform
from hybridrep.transforms.transform import Transform

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.parametrize("method", TRANSFORMS),
]


def pairs(seed: int = 0, items: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(items, 40))
    return first, first[:, :6] + 0.1 * rng.normal(size=(items, 6))


def fitted(method: str, seed: int = 0) -> Transform:
    return TRANSFORMS[method].fit(*pairs(), np.random.default_rng(seed))


def test_it_is_listed_by_its_name_and_gives_what_its_sizes_say(method: str) -> None:
    transform = fitted(method)
    assert transform.method == method
    sizes = transform.sizes
    assert sizes.first in (40, None)
    assert sizes.second in (6, None)
    assert (sizes.first, sizes.second) != (None, None)
    output = transform.apply(*pairs(seed=1, items=9))
    assert output.shape == (9, sizes.output)
    assert np.issubdtype(output.dtype, np.floating)
    assert np.isfinite(output).all()


def test_a_side_that_is_not_read_has_no_effect_and_one_that_is_must_be_there(method: str) -> None:
    transform = fitted(method)
    given = dict(zip(("first", "second"), pairs(seed=1), strict=True))
    read = [name for name in given if getattr(transform.sizes, name) is not None]
    expected = transform.apply(**given)
    only = {name: given[name] for name in read}
    np.testing.assert_array_equal(transform.apply(**only), expected)
    for name in read:
        with pytest.raises(ValueError, match=f"{method} reads the {name} side, which is missing"):
            transform.apply(**{other: given[other] for other in given if other != name})


def test_the_same_generator_gives_the_same_and_no_array_is_changed(method: str) -> None:
    given = [*pairs(), *pairs(seed=1)]
    copies = [each.copy() for each in given]
    for each in given:
        each.flags.writeable = False
    outputs = []
    for _ in range(2):
        transform = TRANSFORMS[method].fit(given[0], given[1], np.random.default_rng(3))
        outputs.append(transform.apply(given[2], given[3]))
    np.testing.assert_array_equal(*outputs)
    for each, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(each, copy)


def test_what_is_saved_comes_back_and_gives_the_same(method: str, tmp_path: Path) -> None:
    transform, given = fitted(method), pairs(seed=1)
    transform.save(tmp_path / "kept.safetensors")
    for again in (
        load_transform(tmp_path / "kept.safetensors"),
        TRANSFORMS[method].load(tmp_path / "kept.safetensors"),
    ):
        assert type(again) is type(transform)
        assert again.sizes == transform.sizes
        np.testing.assert_array_equal(again.apply(*given), transform.apply(*given))
        again.save(tmp_path / "again.safetensors")
    files = [(tmp_path / f"{name}.safetensors").read_bytes() for name in ("kept", "again")]
    assert files[0] == files[1]


def test_files_of_something_else_are_refused(method: str, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "x.safetensors"
    path.write_bytes(b"no such file")
    with pytest.raises(ValueError, match="no safetensors file"):
        load_transform(path)
    save_file({"weights": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="no transform that this version can read"):
        TRANSFORMS[method].load(path)

    def write(named: str) -> None:
        about = json.dumps({"layout": 1, "method": named, "settings": {}})
        save_file({"weights": np.zeros(3)}, path, {"transform": about})

    write(method)
    with pytest.raises(ValueError, match="is no whole transform"):
        load_transform(path)
    write("magic")
    with pytest.raises(ValueError, match="there is no transform 'magic', only ridge"):
        load_transform(path)
    with pytest.raises(ValueError, match=f"holds the transform 'magic', not '{method}'"):
        TRANSFORMS[method].load(path)


def test_rows_that_do_not_pair_are_refused(method: str) -> None:
    (first, second), rng, fit = pairs(), np.random.default_rng(0), TRANSFORMS[method].fit
    with pytest.raises(ValueError, match=f"{method}: 80 rows cannot pair with 79"):
        fit(first, second[1:], rng)
    with pytest.raises(ValueError, match=rf"{method}: the second side must be items x size"):
        fit(first, second[:, 0], rng)
    with pytest.raises(ValueError, match=f"{method}: the first side has values that are not fin"):
        fit(np.where(first > 2, np.nan, first), second, rng)
    with pytest.raises(ValueError, match=f"{method}: at least two rows are needed, got 1"):
        fit(first[:1], second[:1], rng)
    if "held_out" in signature(fit).parameters:
        with pytest.raises(ParameterError, match=f"{method}: held_out must be between 0 and 1, g"):
            fit(first, second, rng, held_out=1)


def test_rows_of_another_width_are_refused(method: str) -> None:
    transform = fitted(method)
    first, second = pairs()
    with pytest.raises(ValueError, match=r"must be items x \d+, got \(80, \d+\)"):
        transform.apply(first[:, 1:], second[:, 1:])
