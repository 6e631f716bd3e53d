"""Put two or more finished studies side by side in one report."""

from entrypoints._command import main
from hybridrep.studies.hybrid.report.config import CompareConfig


def run(config: CompareConfig) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid.finished import compare as stage

    stage(config)


if __name__ == "__main__":
    main("compare", __doc__ or "", run, CompareConfig)
