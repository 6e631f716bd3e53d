"""The whole simulation over all seeds, with its report."""

from entrypoints._command import main
from hybridrep.studies.hybrid.config import Config


def run(config: Config) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid.study import run as stage

    stage(config)


if __name__ == "__main__":
    main("full", __doc__ or "", run)
