"""Test seven representations on the new task."""

from entrypoints._command import main
from hybridrep.studies.hybrid.config import Config


def run(config: Config) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid import study

    study.transfer(config)


if __name__ == "__main__":
    main("transfer", __doc__ or "", run)
