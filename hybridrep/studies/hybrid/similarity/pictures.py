"""Each seed's similarity matrices as a picture (the paper's Fig. 4), filed apart from the numbers.

A result of its own, so that another style of figures makes no number stale.
"""

from __future__ import annotations

from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid, read_corpus
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.transformation.stage import Variant

STAGE = Stage("pictures", module=__name__, noun="pictures", entry="rsa")
FILE = "similarity_matrices.png"


@declared_once
def node(study: Hybrid, variant: Variant, seed: int) -> Node:
    """Declare the picture of a seed's similarity matrices for an autoencoder."""
    return STAGE.node(
        make, variant, seed, matrices=similarity.node(study, variant, seed),
        reads={"corpus": study.inputs.emotion.key}, name=variant.place, seed=seed, seconds=0.4,
    )  # fmt: skip


def make(read: Reader, variant: Variant, seed: int) -> Made:
    """Draw the stored matrices of one autoencoder."""
    from hybridrep.studies.hybrid.similarity.figure import similarity_matrices_picture

    matrices, labels = similarity.read_matrices(read["matrices"])
    names = read_corpus(read.store, read.key("corpus")).label_names
    picture = similarity_matrices_picture(
        matrices, labels, names, variant.direction, variant.bottleneck, seed
    )
    return Made(files={FILE: picture})
