"""Search bottleneck sizes, epochs and further choices of the autoencoders with Optuna."""

from entrypoints._command import main
from hybridrep.studies.hybrid.sweep.config import SweepConfig


def run(config: SweepConfig) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid.sweep.sweep import run as stage

    stage(config)


if __name__ == "__main__":
    main("sweep", __doc__ or "", run, SweepConfig)
