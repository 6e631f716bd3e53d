"""The job of docs/slurm.md, handed in to stand-ins of SLURM's commands on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hybridrep.studies.catalogue import load_study
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "slurm.md"

STAND_INS = {
    "sbatch": """#!/bin/bash
set -eu
tasks=$(sed -n 's/^#SBATCH --ntasks=//p' "$1")
SLURM_SUBMIT_DIR=$PWD SLURM_JOB_ID=17 SLURM_NTASKS=${TASKS:-$tasks} exec bash "$@"
""",
    "srun": """#!/bin/bash
set -eu
tasks=1
while [[ $1 == --* ]]; do
    case $1 in --ntasks=*) tasks=${1#*=} ;; --exclusive) ;; *) exit 64 ;; esac
    shift
done
trap 'kill $(jobs -p)' TERM
for _ in $(seq "$tasks"); do "$@" & done
wait
""",
    "hybridrep": f"""#!/bin/bash
exec {sys.executable} -c 'from hybridrep.command import installed; installed()' "$@"
""",
    "dask": f"""#!/bin/bash
exec {sys.executable} -m dask "$@"
""",
    "python": f"""#!/bin/bash
exec {sys.executable} "$@"
""",
}


def script() -> str:
    (text,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return text


def test_the_job_is_one_that_bash_can_read(tmp_path):
    job = tmp_path / "study.sbatch"
    job.write_text(script())
    subprocess.run(["/bin/bash", "-n", job], check=True)
    first, *rest = script().splitlines()
    assert first == "#!/bin/bash"
    settings = [line for line in rest if line.startswith("#SBATCH")]
    assert rest[: len(settings)] == settings  # SLURM reads none behind the first command
    assert all(line in script() for line in ("--scheduler-file", "OMP_NUM_THREADS=1"))


@pytest.mark.long
def test_a_job_of_one_scheduler_and_two_workers_runs_a_study(
    tmp_path, tmp_path_factory, monkeypatch
):
    pytest.importorskip("distributed")
    address = set_store(monkeypatch, tmp_path_factory, tmp_path)
    given = {**small_study.parameters(tmp_path / "data"), "seeds": "1", "bottlenecks": "4"}
    given = {name: value for name, value in given.items() if name not in ("workers", "store")}
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, text in STAND_INS.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (tmp_path / ".venv").symlink_to(tmp_path)  # its bin/ is the stand-ins'
    (tmp_path / "study.sbatch").write_text(script())
    environment = {
        **os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "TASKS": "3",
        "INTERFACE": "lo", "MLFLOW_TRACKING_URI": address, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    pairs = [part for name, value in given.items() for part in ("-P", f"{name}={value}")]
    done = subprocess.run(
        ["sbatch", "study.sbatch", *pairs], cwd=tmp_path, env=environment, capture_output=True,
        text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    monkeypatch.chdir(tmp_path)
    assert load_study("hybridrep").seeds_wanted == (0,)
    assert list(tmp_path.glob(".scheduler-*.json")) == []
