"""RSA, the linear baseline and the tests over seeds, by SciPy and scikit-learn."""

import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, ttest_ind
from sklearn.linear_model import Ridge


def rsa(first, second):
    """Return Pearson r of the cosine similarities of all pairs of items."""
    return pearsonr(1 - pdist(first, "cosine"), 1 - pdist(second, "cosine"))[0]


def debiased_cka(first, second):
    """Return the cosine of both sides' U-centred products of items (Szekely & Rizzo 2014)."""
    sides = []
    for x in (first, second):
        gram = x @ x.T
        np.fill_diagonal(gram, 0)
        n = len(gram)
        margins = gram.sum(0) / (n - 2)
        centred = gram - margins - margins[:, None] + gram.sum() / ((n - 1) * (n - 2))
        np.fill_diagonal(centred, 0)
        sides.append(centred)
    (a, b) = sides
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


def six_pairs(inputs, targets, bottleneck, reconstructed, rsa=rsa):
    """Return r, or another measure, of all pairs of an autoencoder's representations, by name."""
    return {
        "input_vs_target": rsa(inputs, targets),
        "bottleneck_vs_input": rsa(bottleneck, inputs),
        "bottleneck_vs_target": rsa(bottleneck, targets),
        "reconstructed_vs_input": rsa(reconstructed, inputs),
        "reconstructed_vs_target": rsa(reconstructed, targets),
        "bottleneck_vs_reconstructed": rsa(bottleneck, reconstructed),
    }


def error(predicted, target):
    """Squared error summed over dimensions, mean over items."""
    return ((predicted - target) ** 2).sum(1).mean()


def linear_baseline(inputs, targets, rows, items):
    """Fit ridge regression with 41 penalties, choose by validation, measure on the test rows."""
    train, validation, test = (
        rows[name] for name in ("autoencoder_train", "validation", "autoencoder_test")
    )
    centred = inputs[train] - inputs[train].mean(0)
    scale = np.linalg.eigvalsh(centred.T @ centred).mean()
    fits = []
    for penalty in np.logspace(-6, 4, 41) * scale:
        model = Ridge(alpha=penalty, solver="cholesky").fit(inputs[train], targets[train])
        loss = error(model.predict(inputs[validation]), targets[validation])
        fits.append((loss, -penalty, model))
    _, negative, best = min(fits, key=lambda fit: fit[:2])
    return {
        "penalty": -negative,
        "test_loss": error(best.predict(inputs[test]), targets[test]),
        "mean_loss": error(targets[train].mean(0), targets[test]),
        **{
            f"reconstructed_vs_target_{name}": rsa(best.predict(inputs[chosen]), targets[chosen])
            for name, chosen in items.items()
        },
    }


def against_baseline(transfer, bottleneck):
    """Return Table 1's numbers: mean, SD, t and p of each representation and measure."""
    last = transfer[transfer["epoch"] == transfer["epoch"].max()]
    last = last[last["bottleneck"].isin([0, bottleneck])]
    found = []
    for measure in ("train_loss", "test_loss", "test_accuracy"):
        values = {name: part[measure].to_numpy() for name, part in last.groupby("representation")}
        for name, own in values.items():
            if name != "baseline":
                t, p = ttest_ind(own, values["baseline"], equal_var=True)
                found.append((measure, name, own.mean(), own.std(ddof=1), t, p))
    return found
