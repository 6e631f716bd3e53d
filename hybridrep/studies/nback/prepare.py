"""What the study is given, loaded and checked in the parent alone, before any long work."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
import numpy as np

from hybridrep.errors import ParameterError, StimuliError
from hybridrep.execution.code_version import code_version
from hybridrep.execution.devices import check_device
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import shown, user_path, where_looked
from hybridrep.sources.digest import sha256_parts
from hybridrep.sources.encoders.image import resolve_image_encoder
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.inputs import Background, Inputs, Objects, Stimuli
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.stimuli import shapes
from hybridrep.studies.nback.stimuli.backgrounds import PLAIN, TEXTURE
from hybridrep.studies.nback.stimuli.folder import read_folder
from hybridrep.studies.nback.stimuli.frames import FRAME
from hybridrep.studies.nback.stimuli.objects import CATEGORIES
from hybridrep.studies.nback.stimuli.pictures import ENDINGS, read_texture
from hybridrep.studies.nback.stimuli.textures import BLOCK

SHAPES = "shapes"
MOST_TEXTURE = 256
"""Pixels along the shorter side of an image that is quilted; larger ones are made smaller."""


def prepare(config: Config, store: Store) -> Inputs:
    """Find and check the stimuli, the background and the vision model."""
    for line in check_device(config.device, config.cluster, config.workers):
        click.echo(line)
    folder = user_path(config.stimuli)
    stimuli = (
        rendered_stimuli(config) if config.stimuli == SHAPES else _given(config, store, folder)
    )
    background = _background(config, store)
    backbone = resolve_image_encoder(config.backbone, FRAME)
    return Inputs(config, stimuli, background, backbone)


def _given(config: Config, store: Store, folder: Path) -> Stimuli:
    """Read a user's folder, and keep its patches in the store for the stages."""
    sets, digest = read_folder(folder, config.categories, config.identities)
    keys = []
    for split, each in zip(SPLITS, sets, strict=True):
        key = content_key({"stage": "nback_patches", "digest": digest, "split": split})
        store.write(
            key, stage="nback_patches", inputs={"digest": digest, "split": split},
            arrays={"patches": {"rgba": each.patches}}, seconds=0.0,
        )  # fmt: skip
        keys.append(key)
    count = sum(len(each.patches) for each in sets)
    return Stimuli(str(folder.absolute()), f"{count} images of {config.categories} categories",
                   digest, tuple(each.objects for each in sets), tuple(keys))  # fmt: skip


def _background(config: Config, store: Store) -> Background:
    """Find what is behind the objects; images to be quilted go into the store."""
    if config.background in (PLAIN, TEXTURE):
        seed = config.stimulus_seed if config.background == TEXTURE else 0
        return Background(config.background, seed)
    folder = user_path(config.background)
    if not folder.is_dir():
        raise ParameterError(
            f"parameter background={shown(config.background)}: it is none of `{PLAIN}` and "
            f"`{TEXTURE}`, and there is no such folder.{where_looked(folder)}"
        )
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() in ENDINGS)
    if not files:
        raise StimuliError(f"The folder of backgrounds {folder} holds no PNG or JPEG image.")
    images = [read_texture(each, BLOCK, MOST_TEXTURE) for each in files]
    digest = sha256_parts({
        f"{number:06}": hashlib.sha256(repr(each.shape).encode() + each.tobytes()).hexdigest()
        for number, each in enumerate(images)
    })  # fmt: skip
    key = content_key({"stage": "nback_textures", "digest": digest})
    arrays = {f"{number:06}": np.ascontiguousarray(each) for number, each in enumerate(images)}
    store.write(key, stage="nback_textures", inputs={"digest": digest},
                arrays={"images": arrays}, seconds=0.0)  # fmt: skip
    return Background(str(folder.absolute()), config.stimulus_seed, digest, key)


def rendered_stimuli(config: Config) -> Stimuli:
    """Describe the default set."""
    if config.categories > len(CATEGORIES):
        names = ", ".join(kind.name for kind in CATEGORIES)
        raise ParameterError(
            f"parameter categories={config.categories}: the set `{SHAPES}` has {len(CATEGORIES)} "
            f"categories ({names}); give that many at most, or a folder of images (stimuli=FOLDER)"
        )
    sets = [shapes.shapes_set(config.categories, config.identities, split) for split in SPLITS]
    objects = tuple(
        Objects(each.categories, each.identities, tuple(each.category_of.tolist()),
                tuple(some.size for some in each.shown))
        for each in sets
    )  # fmt: skip
    digest = content_key({
        "code": code_version(shapes.__name__), "seed": config.stimulus_seed,
        "objects": [list(each.identities) for each in objects],
    })  # fmt: skip
    return Stimuli(SHAPES, f"{len(objects[0].identities)} rendered objects to train on, of "
                   f"{config.categories} categories", digest, objects)  # fmt: skip
