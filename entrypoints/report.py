"""Report a study: tables, tests and figures."""

from entrypoints._command import main
from hybridrep.config import Config


def run(config: Config) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.stages.full import run_study

    run_study(config, "stage")


if __name__ == "__main__":
    main("report", __doc__ or "", run)
