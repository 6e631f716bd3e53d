"""Train the autoencoders in both directions, with their linear baseline."""

from entrypoints._command import main
from hybridrep.studies.hybrid.config import Config


def run(config: Config) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid import study

    study.autoencode(config)


if __name__ == "__main__":
    main("autoencode", __doc__ or "", run)
