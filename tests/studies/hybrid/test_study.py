"""The whole simulation on about 60 items: runs, names, reuse, and numbers that stay the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from hybridrep.analysis.record import CORE
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running import stage as stages
from hybridrep.running import work
from hybridrep.running.stage import tasks_of
from hybridrep.running.study import Invocation, Prepared
from hybridrep.sources.words.vectors import vectors_fingerprint
from hybridrep.studies.hybrid import finished as finished_studies
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.fusion import new_task as fused_transfer
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.names import FOLLOWED
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.report import example_stage as example
from hybridrep.studies.hybrid.report import stage as report
from hybridrep.studies.hybrid.report.config import ReportConfig
from hybridrep.studies.hybrid.report.kept_example import ARRAYS_FILE, RECORD_FILE, read_example
from hybridrep.studies.hybrid.results.gather import study_tables
from hybridrep.studies.hybrid.results.representative import representative_seed
from hybridrep.studies.hybrid.similarity import across
from hybridrep.studies.hybrid.study import HYBRID, run
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.transfer import stage as transfer
from hybridrep.studies.hybrid.transformation import baseline as linear_baseline
from hybridrep.studies.hybrid.transformation import stage as autoencode
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.documented_runs import check_run
from hybridrep.testing.reporting_fixtures import text_of

PAIRS = (
    "input_vs_target", "bottleneck_vs_input", "bottleneck_vs_target",
    "reconstructed_vs_input", "reconstructed_vs_target", "bottleneck_vs_reconstructed",
)  # fmt: skip


MEASURES = ("vs_global", "vs_task_specific", "diffusibility", "ceiling", "share_of_ceiling")
SIZED_FUSIONS = ("truncated_svd", "joint_autoencoder", "similarity_matched", "pca_global")


def study_of(given: dict[str, str], store: Store) -> Prepared:
    return Prepared(prepare(resolve(given, Config), store), store)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return small_study.finished(tmp_path_factory)


@pytest.fixture(scope="module")
def finished(given: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    """The study run once; the client of its tracking store."""
    place = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, place)
        run(resolve(given, Config))
        yield MlflowClient(f"sqlite:///{place}/mlflow.db")


def runs(client: MlflowClient, kind: str) -> list:
    experiment = client.get_experiment_by_name("hybridrep")
    return client.search_runs([experiment.experiment_id], f"tags.`hybridrep.kind` = '{kind}'")


def test_one_study_run_and_a_flat_run_per_seed_all_finished(finished):
    (study,) = runs(finished, "study")
    seeds = runs(finished, "seed")
    assert sorted(seed.data.params["seed"] for seed in seeds) == ["0", "1"]
    assert {each.info.status for each in (study, *seeds)} == {"FINISHED"}
    key = study.data.tags["hybridrep.study_key"]
    assert all(seed.data.tags["hybridrep.study_key"] == key for seed in seeds)
    assert all("mlflow.parentRunId" not in seed.data.tags for seed in seeds)
    assert all(seed.data.tags["mlflow.note.content"] for seed in seeds)
    assert len({seed.data.tags["cache_key"] for seed in seeds}) == 2


def test_the_studys_note_links_views_of_its_seeds_by_metrics_that_they_have(finished):
    (study,) = runs(finished, "study")
    note = study.data.tags["mlflow.note.content"]
    tags = finished.get_experiment(study.info.experiment_id).tags
    views = re.findall(r"viewStateShareKey=([0-9a-f]+-(?:table|charts))", note)
    state = json.loads(tags[f"mlflow.sharedViewState.{views[0]}"])
    for seed in runs(finished, "seed"):
        assert seed.info.run_id in note
        metrics = {f"metrics.`{name}`" for name in seed.data.metrics}
        assert set(state["selectedColumns"]) <= metrics
    assert len(state["selectedColumns"]) == 8
    assert len(views) == 3


def test_a_seed_run_has_every_promised_metric_at_every_epoch(finished):
    seed = runs(finished, "seed")[0]
    expected = {
        "lstm/train_loss": 2, "lstm/validation_loss": 2,
        "lstm/validation_accuracy": 2, "lstm/test_accuracy": 2,
    }  # fmt: skip
    directions = ("bert_to_lstm", "lstm_to_bert")
    for direction in directions:
        for size in ("b8", "b4"):
            expected |= {f"autoencoder/{direction}/{size}/{m}_loss": 4 for m in ("train", "test")}
            for prefix in ("rsa", "rsa_unseen", "rsa_seen", "rsa_shared", "selection"):
                expected |= {f"{prefix}/{direction}/{size}/{pair}": 5 for pair in PAIRS}
            for prefix in ("fusion", "fusion_unseen", "fusion_seen", "fusion_selection"):
                carried = {f"{direction}/{size}": 3}  # up to half of the epochs
                carried |= {"concatenated": 1, f"truncated_svd/{size}": 1}
                carried |= {f"pca_global/{size}": 1, f"joint_autoencoder/{size}": 3}
                carried |= {f"similarity_matched/{size}": 3}
                for name, points in carried.items():
                    expected |= {f"{prefix}/{name}/{measure}": points for measure in MEASURES}
            for key in CORE:
                points = 5 if key in FOLLOWED else 1 if key == "ridge_r2" else 3
                expected |= {f"measure/{key}/{direction}/{size}/{pair}": points for pair in PAIRS}
            expected[f"measure/procrustes/{direction}/{size}/{PAIRS[0]}/chance"] = 3
            expected[f"measure/ridge_r2/{direction}/{size}/target_vs_input"] = 1
    layers = [f"{d}_{layer}" for d in directions for layer in ("bottleneck", "reconstructed")]
    layers += [f"fused_{name}" for name in SIZED_FUSIONS]
    names = ["baseline", "lstm", "bert", *layers, *(f"{layer}/b4" for layer in layers)]
    names.append("fused_concatenated")
    for name in names:
        for measure in ("train_loss", "test_loss", "test_accuracy"):
            expected[f"transfer/{name}/{measure}"] = 2
    found = {
        key: len(finished.get_metric_history(seed.info.run_id, key)) for key in seed.data.metrics
    }
    assert expected.items() <= found.items()
    assert {key.split("/")[0] for key in found.keys() - expected.keys()} == {
        "linear_baseline",
        "measure",
    }


@pytest.mark.parametrize("kind", ["seed", "study"])
def test_a_run_holds_what_the_reference_says_and_nothing_else(finished, kind):
    for each in runs(finished, kind):
        check_run(finished, each, kind)


def test_a_seed_run_carries_matrices_weights_tables_and_data(finished):
    seed = runs(finished, "seed")[0]
    place = Path(finished.download_artifacts(seed.info.run_id, ""))
    with np.load(place / "rsa/bert_to_lstm/b8/similarity_matrices.npz") as matrices:
        assert set(matrices) == {
            "global", "task_specific", "diffused", "transformed", "labels", "items",
        }  # fmt: skip
        assert matrices["diffused"].shape == (60, 60)
        np.testing.assert_allclose(np.diag(matrices["transformed"]), 1, atol=1e-6)
    assert (place / "rsa/lstm_to_bert/b4/similarity_matrices.png").read_bytes()[1:4] == b"PNG"
    assert (place / "autoencoder/bert_to_lstm/b8/half.safetensors").exists()
    table = json.loads((place / "tables/transfer.json").read_text())
    assert len(table["data"]) == 3 + 4 * 2
    assert table["columns"][:2] == ["representation", "test_accuracy"]
    correlations = json.loads((place / "tables/rsa.json").read_text())
    assert correlations["columns"][:2] == ["metric", "value"]
    for row in (dict(zip(correlations["columns"], r, strict=True)) for r in correlations["data"]):
        logged = finished.get_metric_history(seed.info.run_id, row["metric"])
        assert {m.step: m.value for m in logged}[row["epoch"]] == pytest.approx(row["value"])
    names = {each.dataset.name for each in seed.inputs.dataset_inputs}
    assert names == {"emotion", "hate"}


def test_the_study_run_carries_seeds_and_table_1(finished):
    (study,) = runs(finished, "study")
    place = Path(finished.download_artifacts(study.info.run_id, ""))
    table = json.loads((place / "seeds.json").read_text())
    assert len(table["data"]) == 2 * (3 + 4 * 2)
    assert len(pd.read_csv(place / "report/table_1.csv")) == 7
    assert "| Baseline" in (place / "report/table_1.md").read_text()


def test_the_report_names_what_all_data_were(given, finished):
    inputs = prepare(resolve(given, Config), Store(Path(given["store"])))
    (study,) = runs(finished, "study")
    place = Path(finished.download_artifacts(study.info.run_id, ""))
    text = text_of((place / "report/report.html").read_text("utf-8"))
    prints = (
        inputs.emotion.fingerprint, inputs.hate.fingerprint,
        inputs.encoder.fingerprint, vectors_fingerprint(inputs.config.vectors),
    )  # fmt: skip
    assert all(len(each) == 64 and each in text for each in prints)


def test_the_example_seed_is_kept_with_the_study(finished):
    (study,) = runs(finished, "study")
    place = Path(finished.download_artifacts(study.info.run_id, ""))
    kept = read_example((place / ARRAYS_FILE).read_bytes(), (place / RECORD_FILE).read_bytes())
    path = "rsa/lstm_to_bert/b4/similarity_matrices.npz"
    (seed,) = (r for r in runs(finished, "seed") if r.data.params["seed"] == str(kept.seed))
    with np.load(finished.download_artifacts(seed.info.run_id, path)) as matrices:
        found = kept.emotion_matrices[-1].matrices["diffused"]
        np.testing.assert_array_equal(found, matrices["diffused"].astype(np.float16))
    assert len(kept.hate_projections) == 2 + 2 * 4


def must_not_run(*_: object) -> None:
    raise AssertionError("a finished result was computed again")


def test_run_again_everything_is_reused(given, finished, monkeypatch):
    before = Store(Path(given["store"])).entries()["key"].tolist()

    for module, names in ((lstm, ("train", "extract")), (autoencode, ("train",)),
                          (linear_baseline, ("make",)), (transfer, ("train",)),
                          (fusing, ("fit", "train")), (fused_transfer, ("train",))):  # fmt: skip
        for name in names:
            monkeypatch.setattr(module, name, must_not_run)
    run(resolve(given, Config))
    assert sorted(Store(Path(given["store"])).entries()["key"]) == sorted(before)
    assert len(runs(finished, "seed")) == 2
    assert len(runs(finished, "study")) == 2


def test_the_report_alone_holds_what_the_reference_says(given, finished):
    finished_studies.report(resolve(given, ReportConfig))
    (made,) = [each for each in runs(finished, "stage") if each.info.run_name.endswith("report")]
    assert made.info.status == "FINISHED"
    check_run(finished, made, "report")


def test_a_plan_of_a_finished_study_has_nothing_left(given, finished, capsys):
    run(resolve({**given, "plan": "true"}, Config))
    shown = " ".join(capsys.readouterr().out.split())
    assert "example 0 projections 20" in shown
    assert "All of it is finished" in shown


def test_a_report_is_drawn_again_for_another_page_and_not_for_another_place(
    given, finished, monkeypatch
):
    def key(**change: str) -> str:
        prepared = study_of({**given, **change}, store)
        tables = study_tables(prepared, prepared.config.seeds, {})
        nodes = example.nodes(prepared, representative_seed(tables).seed)
        nodes += across.nodes(prepared, prepared.config.seeds)
        return report._key(Invocation(HYBRID, prepared, None, None, None, None), tables, nodes)

    store = Store(Path(given["store"]))
    first = key()
    assert store.has(first)
    assert key(workers="2", plan="true") == first
    assert key(share_text="false") != first
    monkeypatch.setattr(report, "page_files", lambda *_: {"report.css": "p { color: red; }"})
    assert key() != first


def test_every_result_names_the_code_in_its_key(given, finished):
    store = Store(Path(given["store"]))
    entries = store.entries()
    assert not entries["outdated"].any()
    codeless = [not store.open(key).code for key in entries["key"]]
    assert set(entries.loc[codeless, "stage"]) == {"corpus"}


@pytest.mark.parametrize("stage", [lstm, autoencode, transfer])
def test_results_of_changed_code_are_never_reused(given, finished, monkeypatch, stage):
    store = Store(Path(given["store"]))
    study = study_of(given, store)
    before = HYBRID.complete(study, 0)
    real = stages.code_version
    monkeypatch.setattr(
        stages, "code_version",
        lambda name: f"changed {name}" if name == stage.__name__ else real(name),
    )  # fmt: skip
    after = HYBRID.complete(study_of(given, store), 0)  # what is declared is kept with a study
    apart = {"lstm", "task_specific", "linear_baseline", "transfer/b0"}
    fused = {n for n in before if n.startswith(("fuse/", "fused_")) and "_to_" not in n}
    kept = {lstm: set(), autoencode: apart | fused}
    kept[transfer] = {n for n in before if not n.startswith("transfer")}
    assert {n for n in before if before[n] == after[n]} == kept[stage]
    assert not any(store.has(key) for n, key in after.items() if n not in kept[stage])


def test_a_stack_is_split_where_little_memory_is_free(given, finished, monkeypatch):
    store = Store(Path(given["store"]))
    study = study_of(given, store)
    variant = autoencode.variants(study)[0]
    (task,) = tasks_of([autoencode.node(study, variant, seed) for seed in (0, 1)])
    widths, written = [], {}
    monkeypatch.setattr(autoencode, "stack_memory", lambda _: 0)
    record = autoencode.Trajectories.record
    monkeypatch.setattr(
        autoencode.Trajectories, "record",
        lambda self, epoch, view: widths.append(len(view.models)) or record(self, epoch, view),
    )  # fmt: skip
    monkeypatch.setattr(Store, "write", lambda _, key, **content: written.update({key: content}))
    task.function(store, task.payload, task.produces)
    assert set(widths) == {1}
    assert set(written) == set(task.produces)
    for key, content in written.items():
        for name, arrays in content["arrays"].items():
            for part, values in store.open(key).arrays(name).items():
                np.testing.assert_array_equal(values, arrays[part])


def computed(config: Config) -> Prepared:
    store = Store(Path(config.store))
    study = Prepared(prepare(config, store), store)
    outcome = work.compute(config, store, work.study_tasks(HYBRID, study))
    assert not outcome.failures
    return study


@pytest.mark.parametrize("change", [{"seeds": "1,"}, {"seeds": "3,1"}, {"workers": "2"}])
def test_a_seed_gives_the_same_numbers_alone_beside_others_and_on_workers(given, tmp_path, change):
    study = computed(resolve(given, Config))
    other = computed(resolve({**given, **change, "store": str(tmp_path / "other")}, Config))
    mine = HYBRID.complete(study, 1)
    assert mine == HYBRID.complete(other, 1)
    for name, key in mine.items():
        first, second = study.store.open(key), other.store.open(key)
        assert first.files.keys() == second.files.keys()
        for file in first.files:
            assert first.file(file).read_bytes() == second.file(file).read_bytes(), (name, file)
