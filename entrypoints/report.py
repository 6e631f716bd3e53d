"""Report a study: tables, tests and figures."""

from entrypoints._command import main
from hybridrep.studies.hybrid.report.config import ReportConfig


def run(config: ReportConfig) -> None:
    """Run the stage; its imports wait until the parameters are known to be good."""
    from hybridrep.studies.hybrid.finished import report

    report(config)


if __name__ == "__main__":
    main("report", __doc__ or "", run, ReportConfig)
