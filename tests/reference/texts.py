"""From raw files to labelled tweets, their splits, word ids, word vectors and [CLS] vectors."""

import csv
import re
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from streams import numbers
from torchtext.data.utils import get_tokenizer
from transformers import AutoModel, AutoTokenizer

words_of = get_tokenizer("basic_english")


def read_emotion(folder):
    """Read `text;label` lines of three files; return texts, labels (alphabetical), splits."""
    texts, names, splits = [], [], []
    for split in ("train", "validation", "test"):
        for line in (Path(folder) / f"{split}.txt").read_text(encoding="utf-8").split("\n"):
            if line:
                text, name = line.rsplit(";", 1)
                texts.append(text)
                names.append(name)
                splits.append(split)
    classes = sorted(set(names))
    return texts, np.array([classes.index(name) for name in names]), np.array(splits)


def read_hate(file):
    """Read a CSV of labels 0 and 1; return the cleaned texts that are not empty, and labels."""
    with Path(file).open(encoding="utf-8", newline="") as lines:
        rows = [(clean(row["tweet"]), int(row["label"])) for row in csv.DictReader(lines)]
    rows = [(text, label) for text, label in rows if text]
    return [text for text, _ in rows], np.array([label for _, label in rows])


def clean(text):
    """Take out links, HTML entities, mentions, hashtags and all but printable ASCII."""
    for marks in (r"(https?://|www\.)\S*", r"&#?\w+;", r"@\w+", r"#\w+", r"[^ -~]"):
        text = re.sub(marks, " ", text)
    return re.sub(" +", " ", text).strip()


def hold_out(labels, one_in, generator):
    """Split positions in two, stratified; the second part is one in `one_in`."""
    held = max(round(len(labels) / one_in), len(set(labels.tolist())))
    first, second = train_test_split(
        np.arange(len(labels)),
        test_size=held,
        stratify=labels,
        random_state=int(generator.integers(2**32)),
    )
    return np.sort(first), np.sort(second)


def sample(labels, per_class, generator, candidates):
    """Draw equally many candidates of each class, classes in order."""
    drawn = []
    for label in range(labels.max() + 1):
        members = [c for c in candidates if labels[c] == label]
        drawn += sorted(generator.choice(members, per_class, replace=False))
    return np.array(drawn)


def emotion_rows(texts, labels, splits, seed, per_class):
    """Return the rows of the LSTM's and the autoencoders' splits, and the items of RSA."""
    train, rest = np.flatnonzero(splits == "train"), np.flatnonzero(splits != "train")
    validation, test = hold_out(labels[rest], 5, numbers(seed, "split", "emotion"))
    inner, outer = hold_out(labels[train], 10, numbers(seed, "split", "autoencoder"))
    known = {texts[row] for row in train}
    rows = {
        "train": train,
        "validation": rest[validation],
        "test": rest[test],
        "autoencoder_train": train[inner],
        "autoencoder_test": train[outer],
    }
    candidates = {
        "test": rows["autoencoder_test"],
        "unseen": [row for row in rows["validation"] if texts[row] not in known],
        "seen": rows["autoencoder_train"],
    }
    items = {
        name: sample(labels, per_class, numbers(seed, "items", name), candidates[name])
        for name in ("test", "unseen", "seen")
    }
    once = {texts[row]: row for row in rest[::-1] if texts[row] not in known}
    shared = sample(labels, per_class, numbers(0, "items", "shared"), sorted(once.values()))
    apart = [row for row in candidates["unseen"] if texts[row] not in {texts[r] for r in shared}]
    generator = numbers(seed, "items", "selection")
    items |= {"shared": shared, "selection": sample(labels, per_class, generator, apart)}
    return rows, items


def transfer_rows(texts, labels, seed, most=2200):
    """Sample both classes equally from the first occurrences of each text; hold out a fifth."""
    first = [row for row, text in enumerate(texts) if text not in texts[:row]]
    per_class = min(most, *np.bincount(labels[first]))
    generator = numbers(seed, "split", "transfer")
    sampled = sample(labels, per_class, generator, first)
    train, test = hold_out(labels[sampled], 5, generator)
    return np.sort(sampled[train]), np.sort(sampled[test])


def word_ids(texts, steps):
    """Return ids with the padding in front, and the vocabulary: 0 pads, 1 is unknown."""
    vocabulary = sorted({word for text in texts for word in words_of(text)})
    ids = []
    for text in texts:
        known = [2 + vocabulary.index(word) for word in words_of(text)[:steps]]
        ids.append([0] * (steps - len(known)) + known)
    return np.array(ids), vocabulary


def word_table(file, vocabulary):
    """Return one vector per id from GloVe text; words without a vector are zeros."""
    vectors = {}
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        word, *values = line.split(" ")
        vectors[word] = np.array(values, dtype=np.float32)
    nothing = np.zeros(len(next(iter(vectors.values()))), dtype=np.float32)
    return np.stack([nothing, nothing, *(vectors.get(word, nothing) for word in vocabulary)])


def cls_vectors(folder, texts):
    """Return the last layer's vector of [CLS], in padded batches of 32."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).double().eval()
    found = []
    for start in range(0, len(texts), 32):
        batch = tokenizer(texts[start : start + 32], padding=True, return_tensors="pt")
        with torch.no_grad():
            states = model(batch["input_ids"], attention_mask=batch["attention_mask"])
        found.append(states.last_hidden_state[:, 0])
    return torch.cat(found).numpy()
