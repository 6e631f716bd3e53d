"""What the study is given, loaded and checked in the parent alone, before any long work."""

from __future__ import annotations

from hybridrep.errors import ParameterError
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.sources.encoders.image import resolve_image_encoder
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.inputs import Background, Inputs, Objects, Stimuli
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.stimuli import shapes
from hybridrep.studies.nback.stimuli.frames import FRAME
from hybridrep.studies.nback.stimuli.objects import CATEGORIES

SHAPES = "shapes"


def prepare(config: Config, store: Store) -> Inputs:
    """Find and check the stimuli, the background and the vision model."""
    _check_device(config)
    stimuli = rendered_stimuli(config)
    background = Background(config.background, config.stimulus_seed)
    backbone = resolve_image_encoder(config.backbone, FRAME)
    return Inputs(config, stimuli, background, backbone)


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


def _check_device(config: Config) -> None:
    """Refuse a device that this machine does not have; a cluster's workers may have others."""
    if config.device == "cpu" or config.cluster:
        return
    import torch

    kind, _, number = config.device.partition(":")
    found = torch.cuda.device_count() if kind == "cuda" else int(torch.backends.mps.is_available())
    if int(number or 0) >= found:
        raise ParameterError(
            f"parameter device={config.device}: PyTorch finds no such device on this machine; "
            "give `cpu`, or install a build of PyTorch for it"
        )
