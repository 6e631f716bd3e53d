"""One small study recomputed from the raw text, slowly and plainly; a check on everything else.

Nothing of the package is used: only the paper's recipe, docs/randomness.md, and the libraries
that a reader of the paper would take. Every model is trained alone through its own module, all in
float64 but for the initial parameters, which are drawn in float32.

    python study.py PARAMETERS.json FOLDER

writes one CSV table a stage into FOLDER. PARAMETERS names the files (`emotion`, a folder of
`text;label` lines; `hate`, a CSV; `vectors`, GloVe text; `encoder`, a folder) and holds `seeds`,
`bottlenecks`, `lstm_epochs`, `autoencoder_epochs`, `transfer_epochs` and `items_per_emotion`.
Settled: padding in front, duplicates dropped, the baseline's mean over all time steps.
"""

import json
import sys
from pathlib import Path

import measures
import networks
import numpy as np
import pandas as pd
import texts
import torch

DIRECTIONS = ("bert_to_lstm", "lstm_to_bert")


def load(given):
    """Read and embed both corpora, which all seeds share."""
    words, labels, splits = texts.read_emotion(given["emotion"])
    tweets, classes = texts.read_hate(given["hate"])
    steps = max(len(texts.words_of(text)) for text in words)
    corpora = {}
    for name, raw in (("emotion", words), ("hate", tweets)):
        ids, vocabulary = texts.word_ids(raw, steps)
        table = texts.word_table(given["vectors"], vocabulary)
        corpora[name] = {
            "texts": raw,
            "ids": ids,
            "table": table,
            "vectors": torch.tensor(table[ids], dtype=torch.float64),
            "bert": texts.cls_vectors(given["encoder"], raw),
        }
    corpora["emotion"] |= {"labels": labels, "splits": splits}
    corpora["hate"] |= {"labels": classes}
    return corpora


def simulate(corpora, given, seed):
    """One seed from the texts to the tested classifiers; return rows by table."""
    emotion, hate = corpora["emotion"], corpora["hate"]
    rows, items = texts.emotion_rows(
        emotion["texts"], emotion["labels"], emotion["splits"], seed, given["items_per_emotion"]
    )
    names = ("lstm", "autoencoder", "linear_baseline", "rsa", "measures", "transfer")
    found = {name: [] for name in names}

    curves, model = networks.train_lstm(
        emotion["vectors"], emotion["labels"], rows, seed, given["lstm_epochs"]
    )
    found["lstm"] += [(seed, *row) for row in curves]
    sides = [
        (part["bert"], networks.last_hidden(model, part["vectors"])) for part in (emotion, hate)
    ]

    train, test = texts.transfer_rows(hate["texts"], hate["labels"], seed)
    chosen = np.concatenate([train, test])
    representations = [
        ("baseline", 0, hate["ids"]),
        ("lstm", 0, sides[1][1]),
        ("bert", 0, sides[1][0]),
    ]
    for direction in DIRECTIONS:
        step = 1 if direction == "bert_to_lstm" else -1
        inputs, targets = sides[0][::step]
        ridge = measures.linear_baseline(inputs, targets, rows, items)
        found["linear_baseline"].append((seed, direction, *ridge.values()))
        for b in given["bottlenecks"]:
            curves, by_epoch, half = networks.train_autoencoder(
                inputs, targets, rows, seed, direction, b, given["autoencoder_epochs"]
            )
            found["autoencoder"] += [(seed, direction, b, *row) for row in curves]
            for epoch, (middle, end) in enumerate(by_epoch):
                for name, own in items.items():
                    pairs = measures.six_pairs(inputs[own], targets[own], middle[own], end[own])
                    found["rsa"] += [
                        (seed, name, direction, b, epoch, pair, r) for pair, r in pairs.items()
                    ]
                own = items["shared"]
                pairs = measures.six_pairs(
                    inputs[own], targets[own], middle[own], end[own], measures.debiased_cka
                )
                found["measures"] += [
                    (seed, "shared", direction, b, epoch, pair, "cka", value)
                    for pair, value in pairs.items()
                ]
            middle, end = half(sides[1][::step][0])
            representations += [
                (f"{direction}_bottleneck", b, middle),
                (f"{direction}_reconstructed", b, end),
            ]

    for name, b, vectors in representations:
        curves = networks.train_classifier(
            vectors[chosen], hate["labels"][chosen], len(train), seed, name, b,
            given["transfer_epochs"], hate["table"] if name == "baseline" else None,
        )  # fmt: skip
        found["transfer"] += [(seed, name, b, *row) for row in curves]
    return found


COLUMNS = {
    "lstm": "seed epoch train_loss validation_loss validation_accuracy test_accuracy",
    "autoencoder": "seed direction bottleneck epoch train_loss test_loss",
    "linear_baseline": "seed direction penalty test_loss mean_loss reconstructed_vs_target_test "
    "reconstructed_vs_target_unseen reconstructed_vs_target_seen reconstructed_vs_target_shared "
    "reconstructed_vs_target_selection",
    "rsa": "seed item_set direction bottleneck epoch pair value",
    "measures": "seed item_set direction bottleneck epoch pair measure value",
    "transfer": "seed representation bottleneck epoch train_loss test_loss test_accuracy",
    "table_1": "measure representation mean sd student_t student_p",
}


def run(given):
    """Return the tables of a study by name."""
    corpora = load(given)
    rows = {name: [] for name in COLUMNS}
    for seed in given["seeds"]:
        for name, more in simulate(corpora, given, seed).items():
            rows[name] += more
    tables = {
        name: pd.DataFrame(rows[name], columns=columns.split()) for name, columns in COLUMNS.items()
    }
    if len(given["seeds"]) > 1:
        rows = measures.against_baseline(tables["transfer"], given["bottlenecks"][0])
        tables["table_1"] = pd.DataFrame(rows, columns=COLUMNS["table_1"].split())
    return tables


if __name__ == "__main__":
    for name, table in run(json.loads(Path(sys.argv[1]).read_text())).items():
        table.to_csv(Path(sys.argv[2]) / f"{name}.csv", index=False)
