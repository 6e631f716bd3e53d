"""States recorded elsewhere: read, refused where something is wrong, decoded with controls."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from safetensors.numpy import save_file

from hybridrep.errors import ParameterError
from hybridrep.parameters import resolve
from hybridrep.studies.nback.decoding.config import DecodeConfig
from hybridrep.studies.nback.decoding.recorded import read_recorded
from hybridrep.studies.nback.decoding.recordings import read_recording
from hybridrep.studies.nback.decoding.run import run
from hybridrep.testing.databases import set_store

TRIALS = 320


def write(folder, change=None, drop=None, extra=None, ending="npz", **arrays):
    """Two tasks, two stimuli; the states hold what is shown now, and turn it in the task `far`."""
    pairs = np.array(list(itertools.product(range(4), repeat=2)) * (TRIALS // 16))
    task = np.where(np.arange(TRIALS) // 16 % 2 == 0, "near", "far")
    table = pd.DataFrame({"task": task, "shape_1": pairs[:, 0], "shape_2": pairs[:, 1]})
    table["kind_1"], table["kind_2"] = table["shape_1"] // 2, table["shape_2"] // 2
    codes = np.eye(4) - 0.25
    states = np.zeros((TRIALS, 3, 8))
    states[:, :2, :4] = codes[pairs]
    turned = states.copy()
    turned[..., 4:] = states[..., :4]
    turned[..., :4] = 0
    states = np.where((task == "far")[:, None, None], turned + 1, states)
    for column, value in (extra or {}).items():
        table[column] = value
    if change:
        table = change(table)
    table.drop(columns=drop or []).to_csv(folder / "states.csv", index=False)
    found = {"states": states.astype(np.float32), **arrays}
    path = folder / f"states.{ending}"
    if ending == "npz":
        np.savez(path, **found)
    else:
        save_file(found, path)
    return str(path)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_recorded_states_are_decoded_with_their_controls(tmp_path, ending):
    recording = read_recording(write(tmp_path, ending=ending))
    assert recording.tasks == ("far", "near")
    assert recording.values == {"shape": ("0", "1", "2", "3"), "kind": ("0", "1")}
    name, groups = recording.groups("shape")
    assert (name, groups.tolist()) == ("kind", [0, 0, 1, 1])
    assert recording.groups("kind") is None
    found = read_recorded(recording)
    mean = found.decoding.set_index(["task", "decoded", "measure", "stimulus", "time"])["score"]
    assert mean["near", "shape", "balanced", 1, 1] == 1.0
    assert mean["near", "shape", "within_group", 1, 1] == 1.0
    assert mean["far", "shape", "current", 1, 2] == 1.0
    assert mean["far", "shape", "balanced", 1, 3] == pytest.approx(0.5, abs=0.02)
    agreement = mean["far", "shape", "agreement", 1, 2]
    assert agreement == pytest.approx(0.25, abs=0.1)
    expected = 0.5 + (agreement - (1 - agreement) / 3) / 2
    assert mean["far", "shape", "predicted", 1, 2] == pytest.approx(expected)
    assert mean["far", "shape", "across", 1, 2] == pytest.approx(expected, abs=0.05)
    assert abs(mean["near", "shape", "permuted", 1, 1] - 0.5) < 0.25
    cross = found.cross_task[found.cross_task["decoded"] == "shape"]
    cross = cross.set_index(["fitted", "tested", "centring"])["score"]
    assert cross["near", "near", "own"] == 1.0
    assert cross["near", "far", "own"] < 0.7
    assert found.decoders["shape_normals"].shape == (2, 2, 3, 4, 8)


def test_labels_that_agree_predict_what_a_reader_of_the_present_seems_to_remember(tmp_path):
    def repeat(table):
        same = np.arange(TRIALS) % 2 == 0
        table["shape_2"] = np.where(same, table["shape_1"], table["shape_2"])
        return table

    path = write(tmp_path, repeat)
    recording = read_recording(path)
    codes = np.eye(4) - 0.25
    recording.states[:, :2, :4] = codes[recording.labels["shape"]]
    recording.states[:, :2, 4:] = 0
    found = read_recorded(recording, (0.01, 1.0), "zscore").decoding
    mean = (
        found[found["decoded"] == "shape"].groupby(["measure", "stimulus", "time"])["score"].mean()
    )
    assert mean["agreement", 1, 2] > 0.5
    assert mean["across", 1, 2] > 0.6
    assert mean["across", 1, 2] == pytest.approx(mean["predicted", 1, 2], abs=0.05)


def test_onsets_and_parts_are_taken_as_given(tmp_path):
    part = np.where(np.arange(TRIALS) % 4 == 0, "test", "fit")
    path = write(tmp_path, extra={"part": part}, onsets=np.array([1, 3]))
    recording = read_recording(path, str(tmp_path / "states.csv"))
    assert recording.onsets == (0, 2)
    assert recording.tested.sum() == TRIALS // 4
    grouped = read_recording(write(tmp_path, extra={"group": np.arange(TRIALS) // 20}))
    assert grouped.tested.sum() == TRIALS // 2
    assert not set(np.flatnonzero(grouped.tested) // 20) & set(
        np.flatnonzero(~grouped.tested) // 20
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"drop": ["shape_1", "shape_2", "kind_1", "kind_2"]}, "no column such as location_1"),
        ({"drop": ["shape_1"]}, "has no column shape_1"),
        ({"change": lambda t: t.iloc[:-1]}, "has 319 rows, but .* 320 trials"),
        ({"change": lambda t: t.assign(shape_2=1)}, None),
        ({"change": lambda t: t.assign(shape_1=2, shape_2=2)}, "shape has one value alone"),
        ({"change": lambda t: t.assign(shape_1=range(TRIALS))}, "too few of each"),
        ({"change": lambda t: t.assign(task=[None, *["a"] * (TRIALS - 1)])}, "row 1 has no task"),
        ({"extra": {"part": ["fit", "tset", *["test"] * (TRIALS - 2)]}}, "row 2: part is fit or "),
        ({"extra": {"part": "fit"}}, "trials to fit or to test alone"),
        ({"extra": {"group": "one"}}, "all trials are of one group"),
        ({"onsets": np.array([2, 9])}, "as many times from 1 to 3, rising, not .2, 9."),
        ({"states": np.zeros((TRIALS, 8))}, "should be numbers .trials, times, units."),
        ({"states": np.full((TRIALS, 3, 8), np.nan)}, "trial 1, time 1, unit 1 is nan"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path, given, message):
    path = write(tmp_path, **given)
    if message is None:
        assert read_recording(path).labels["shape"].shape == (TRIALS, 2)
        return
    with pytest.raises(ParameterError, match=message):
        read_recording(path)


def test_files_that_are_not_there_or_not_what_they_should_be_are_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"states=.*no such file"):
        read_recording(str(tmp_path / "none.npz"))
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    (tmp_path / "bad.safetensors").write_bytes(b"nothing at all")
    (tmp_path / "bad.txt").write_bytes(b"")
    np.savez(tmp_path / "other.npz", h=np.zeros(3))
    np.savez(tmp_path / "alone.npz", states=np.zeros((2, 2, 2)))
    for name, message in (
        ("bad.npz", "cannot be read"), ("bad.safetensors", "cannot be read"),
        ("bad.txt", "give an .npz"), ("other.npz", "no array `states`; it has: h"),
        ("alone.npz", "no table of labels beside"),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=message):
            read_recording(str(tmp_path / name))


def test_the_example_of_the_documentation_runs(tmp_path, tmp_path_factory, monkeypatch, capsys):
    """Its states are made as printed, and decoded by the command's function into a run."""
    page = Path(__file__).parents[4] / "docs" / "nback.md"
    example = page.read_text().partition("## States recorded elsewhere")[2]
    set_store(monkeypatch, tmp_path_factory, tmp_path)
    exec(example.partition("```python\n")[2].partition("```")[0], {})
    given = {"states": "recorded.npz", "labels": "recorded.csv", "study": "recorded"}
    found = run(resolve(given, DecodeConfig))
    assert {*found} == {"decoding", "cross_task"}
    decoding = found["decoding"]
    own = decoding[decoding["stimulus"] == decoding["time"]].groupby("measure")["score"].mean()
    assert own["balanced"] > 0.9  # what is shown now; nothing of before
    assert abs(own["permuted"] - 0.5) < 0.2
    assert "permuted" in capsys.readouterr().out
    client = MlflowClient()
    experiment = client.get_experiment_by_name("hybridrep")
    (made,) = client.search_runs([experiment.experiment_id])
    assert made.info.status == "FINISHED"
    assert made.data.tags["hybridrep.kind"] == "stage"
    folders = ("tables", "recorded")
    held = [e.path for f in folders for e in client.list_artifacts(made.info.run_id, f)]
    assert {*held} == {
        "tables/recorded_decoding.json", "tables/recorded_cross_task.json",
        "recorded/decoders.npz",
    }  # fmt: skip
    with pytest.raises(ParameterError, match="goes with recorded states"):
        run(resolve({"labels": "recorded.csv"}, DecodeConfig))
