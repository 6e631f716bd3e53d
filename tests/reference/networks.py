"""The paper's networks as plain PyTorch modules, each trained alone in a plain loop, in float64."""

import math

import numpy as np
import torch
from streams import draw, numbers, weights
from torch import nn

BATCH = 32


class EmotionReader(nn.Module):
    """Word vectors -> BatchNorm over the time steps -> LSTM -> last step -> class scores."""

    def __init__(self, dim, steps, classes, generator, hidden=300):
        super().__init__()
        self.normalise = nn.BatchNorm1d(steps)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)
        for parameter in [*self.lstm.parameters(), *self.head.parameters()]:
            draw(parameter, 1 / math.sqrt(hidden), generator)
        self.double()

    def hidden(self, vectors):
        """Return the hidden state after the last time step."""
        return self.lstm(self.normalise(vectors))[0][:, -1]

    def forward(self, vectors):
        """Return class scores."""
        return self.head(self.hidden(vectors))


def autoencoder(dims, b, generator):
    """Return encoder and decoder: kernel 3, stride 2, padding 1; sequences of length 1."""
    sizes = [dims[0], 4 * b, 2 * b, b, 2 * b, 4 * b, dims[1]]
    layers = []
    for number in range(6):
        kind = nn.Conv1d if number < 3 else nn.ConvTranspose1d
        layer = kind(sizes[number], sizes[number + 1], kernel_size=3, stride=2, padding=1)
        bound = 1 / math.sqrt(layer.weight.shape[1] * 3)  # PyTorch's fan-in
        draw(layer.weight, bound, generator)
        draw(layer.bias, bound, generator)
        layers.append(layer)
    relu = nn.ReLU()
    encoder = nn.Sequential(layers[0], relu, layers[1], relu, layers[2])
    decoder = nn.Sequential(layers[3], relu, layers[4], relu, layers[5])
    return encoder.double(), decoder.double()


class Classifier(nn.Module):
    """Two layers, 32 hidden units; with `table`, on the mean of trainable word embeddings."""

    def __init__(self, size, generator, table=None, hidden=32):
        super().__init__()
        self.words = None
        if table is not None:
            start = torch.tensor(table, dtype=torch.float64)
            self.words = nn.Embedding.from_pretrained(start, freeze=False, padding_idx=0)
        self.hidden, self.output = nn.Linear(size, hidden), nn.Linear(hidden, 2)
        for layer in (self.hidden, self.output):
            draw(layer.weight, 1 / math.sqrt(layer.in_features), generator)
            draw(layer.bias, 1 / math.sqrt(layer.in_features), generator)
        self.double()

    def forward(self, inputs):
        """Return class scores; the mean is over all time steps, padding included."""
        pooled = inputs if self.words is None else self.words(inputs).mean(1)
        return self.output(torch.relu(self.hidden(pooled)))


def train_epoch(parameters, optimizer, loss_of, rows, generator):
    """Pass once over the rows in a new order; return the mean loss as it was met."""
    order = rows[generator.permutation(len(rows))]
    total = 0.0
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(order)


def adam(*modules):
    """Adam at 1e-3 over all parameters of some modules."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    return parameters, torch.optim.Adam(parameters, lr=1e-3)


def train_lstm(vectors, labels, rows, seed, epochs):
    """Train on emotions; return the curves and the model."""
    model = EmotionReader(
        vectors.shape[2], vectors.shape[1], len(set(labels.tolist())), weights(seed, "lstm", "init")
    )
    classes, order = torch.tensor(labels), numbers(seed, "lstm", "order")
    parameters, optimizer = adam(model)
    curves = []
    for epoch in range(1, epochs + 1):
        model.train()
        train_loss = train_epoch(
            parameters, optimizer,
            lambda b: nn.functional.cross_entropy(model(vectors[b]), classes[b]),
            rows["train"], order,
        )  # fmt: skip
        model.eval()
        with torch.no_grad():
            held = {name: model(vectors[rows[name]]) for name in ("validation", "test")}
        loss = nn.functional.cross_entropy(held["validation"], classes[rows["validation"]])
        hits = {
            name: (scores.argmax(1) == classes[rows[name]]).double().mean().item()
            for name, scores in held.items()
        }
        curves.append((epoch, train_loss, loss.item(), hits["validation"], hits["test"]))
    return curves, model


def last_hidden(model, vectors):
    """Return the task-specific representation, in eval mode."""
    model.eval()
    with torch.no_grad():
        return model.hidden(vectors).numpy()


def train_autoencoder(inputs, targets, rows, seed, direction, b, epochs):
    """Train one autoencoder; return the curves and, for each epoch from 0, what it makes of all.

    The second part is a list of (bottleneck, reconstruction) functions' results on all inputs,
    and the last the half epoch's encoder and decoder.
    """
    stream = ("autoencode", direction, b)
    encoder, decoder = autoencoder(
        (inputs.shape[1], targets.shape[1]), b, weights(seed, *stream, "init")
    )
    order = numbers(seed, *stream, "order")
    x, y = torch.tensor(inputs).unsqueeze(2), torch.tensor(targets)
    parameters, optimizer = adam(encoder, decoder)

    def loss_of(batch):
        return ((decoder(encoder(x[batch])).squeeze(2) - y[batch]) ** 2).sum(1).mean()

    def outputs(given):
        with torch.no_grad():
            middle = encoder(torch.tensor(given).unsqueeze(2))
            return middle.squeeze(2).numpy(), decoder(middle).squeeze(2).numpy()

    curves, by_epoch = [], [outputs(inputs)]
    half = {}
    for epoch in range(1, epochs + 1):
        train_loss = train_epoch(parameters, optimizer, loss_of, rows["autoencoder_train"], order)
        with torch.no_grad():
            test_loss = loss_of(rows["autoencoder_test"]).item()
        curves.append((epoch, train_loss, test_loss))
        by_epoch.append(outputs(inputs))
        if epoch == max(1, epochs // 2):
            half = [p.detach().clone() for p in parameters]

    def half_outputs(given):
        with torch.no_grad():
            for parameter, kept in zip(parameters, half, strict=True):
                parameter.copy_(kept)
        return outputs(given)

    return curves, by_epoch, half_outputs


def train_classifier(inputs, labels, train, seed, name, b, epochs, table=None):
    """Train on the first `train` items and test on the others; return the curves."""
    stream = ("transfer", name, b)
    size = inputs.shape[1] if table is None else table.shape[1]
    model = Classifier(size, weights(seed, *stream, "init"), table)
    x, classes = torch.tensor(inputs), torch.tensor(labels)
    order, rows = numbers(seed, *stream, "order"), np.arange(train)
    parameters, optimizer = adam(model)
    curves = []
    for epoch in range(1, epochs + 1):
        train_loss = train_epoch(
            parameters, optimizer,
            lambda b: nn.functional.cross_entropy(model(x[b]), classes[b]), rows, order,
        )  # fmt: skip
        with torch.no_grad():
            scores = model(x[train:])
        loss = nn.functional.cross_entropy(scores, classes[train:]).item()
        accuracy = (scores.argmax(1) == classes[train:]).double().mean().item()
        curves.append((epoch, train_loss, loss, accuracy))
    return curves
