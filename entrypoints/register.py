"""Register the best autoencoder of each direction as models that can be served."""

from entrypoints._command import main
from hybridrep.studies.hybrid.sweep.config import RegisterConfig


def run(config: RegisterConfig) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid.register.register import run as stage

    stage(config)


if __name__ == "__main__":
    main("register", __doc__ or "", run, RegisterConfig)
