"""The model card of a registered model: what it is, what it saw, its numbers, its limits."""

from __future__ import annotations

from hybridrep.reporting.formatting import number
from hybridrep.reporting.markup import code
from hybridrep.running.register import Source
from hybridrep.sources.encoders.reading import USUAL
from hybridrep.studies.hybrid.names import PAIRS, pair_in, readable
from hybridrep.studies.hybrid.register.chosen import ChosenModel
from hybridrep.studies.hybrid.transformation.stage import Variant

_PAPER = (
    "Jiang, Dale & Lu, *Transformability, generalizability, but limited diffusibility: Comparing "
    "global vs. task-specific language representations in deep neural networks*"
)


def model_card(model: ChosenModel, source: Source[Variant], by: str, *, text: bool) -> str:
    """Return the card of a model, of the one that takes raw tweets or of vectors, as Markdown."""
    choice, inputs = model.choice, model.inputs
    title = f"{readable(model.direction)}, bottleneck {choice.trained.bottleneck}"
    kind = "from tweets to vectors" if text else "autoencoder"
    criterion = "diffusibility (the smaller r of the bottleneck with input and target)"
    if by != "diffusibility":
        criterion = f"r of {pair_in(model.direction, by)}"
    parts = [
        f"# {title}: {kind}",
        "**Trained on synthetic tweets.**" if inputs.emotion.synthetic else "",
        _what(model, text),
        _made_from(model, source),
        _numbers(model),
        f"**How it was chosen.** Highest {criterion} ({number(choice.value)}) of {choice.rivals} "
        f"trained autoencoders of this direction in a {source.kind}, on validation tweets that "
        "neither the LSTM nor the autoencoder was trained on; test tweets had no say. The highest "
        "of many is so partly by luck: expect a little less on new tweets.",
        _limits(model, text),
        f"Method: {_PAPER}.",
    ]
    return "\n\n".join(filter(None, parts))


def _what(model: ChosenModel, text: bool) -> str:
    size = model.choice.trained.bottleneck
    inputs, outputs = model.inputs.size_of(model.direction)
    origin, goal = readable(model.direction).split(" → ")
    if text:
        return (
            "**What it does.** Takes tweets (one string a row) and returns, a row each, `global` "
            f"({model.inputs.encoder.hidden_size} numbers, the frozen encoder's {_vector(model)}), "
            "`task_specific` (300, the LSTM's last hidden state), `diffused` "
            f"({size}, the bottleneck) and `transformed` ({outputs}, {origin} turned into {goal}). "
            "Nothing is fetched from anywhere. The parameter `clean` removes mentions, hashtags, "
            "links and emojis first."
        )
    return (
        f"**What it does.** Takes {inputs}-d {origin} vectors (one row each) and returns "
        f"`bottleneck` ({size} numbers) and `reconstructed` ({outputs} numbers, its estimate of "
        f"the {goal} vectors of the same tweets). Rows are {inputs} numbers; longer and shorter "
        'ones are refused. A server is asked with `{"inputs": [[...], ...]}`.'
    )


def _made_from(model: ChosenModel, source: Source[Variant]) -> str:
    choice, inputs = model.choice, model.inputs
    variant, config = choice.trained, inputs.config
    return (
        "**Made from**\n\n"
        f"- {source.kind} `{config.study}`, key `{source.key[:16]}`, seed {choice.seed}\n"
        f"- {variant.kind.replace('_', ' ')} autoencoder, {variant.activation}, Adam "
        f"{variant.learning_rate:g}, the model after epoch {choice.epoch}\n"
        f"- tweets: {code(inputs.emotion.source)}, {inputs.emotion.items} with "
        f"{inputs.classes} emotions, fingerprint `{inputs.emotion.fingerprint[:16]}`\n"
        f"- BERT: {code(inputs.encoder.description)}, {inputs.reading.words}\n"
        f"- LSTM: {_lstm(model)}"
    )


def _vector(model: ChosenModel) -> str:
    reading = model.inputs.reading
    return "[CLS] vector" if reading == USUAL else reading.words


def _lstm(model: ChosenModel) -> str:
    config, given = model.inputs.config, model.inputs.given_of(model.choice.seed)
    if given is not None:
        return code(given.description)
    return f"{code(config.vectors)} word vectors, {config.lstm_epochs} epochs"


def _numbers(model: ChosenModel) -> str:
    known = model.correlations.set_index(["item_set", "pair"])["value"]
    linear, sets = model.linear, ("unseen", "test")
    rows = {
        pair_in(model.direction, pair): [known[items, pair] for items in sets] for pair in PAIRS
    }
    rows["ridge regression: reconstructed – target"] = [
        linear[f"reconstructed_vs_target_{items}"] for items in sets
    ]
    cells = {pair: " | ".join(number(float(r)) for r in both) for pair, both in rows.items()}
    lines = [f"| {pair} | {both} |\n" for pair, both in cells.items()]
    return (
        "**Numbers** (Pearson r of cosine similarities, "
        f"{model.inputs.config.items_per_emotion} tweets an emotion)\n\n"
        "| pair | unseen tweets | test tweets |\n| --- | --- | --- |\n"
        f"{''.join(lines)}\nTest loss {model.test_loss:.3g}; ridge regression "
        f"{linear['test_loss']:.3g}, predicting the mean {linear['mean_loss']:.3g}."
    )


def _limits(model: ChosenModel, text: bool) -> str:
    origin = readable(model.direction).split(" → ")[0]
    if text:
        first = "Made for short English messages like its training tweets; others are untested."
    elif not model.reads_texts:
        first = (
            "Its inputs must be made as the vectors were that it was trained on, which nothing "
            "here does: there is no `-text` model of it."
        )
    elif origin == "LSTM":
        first = (
            f"Its inputs must come from the LSTM of seed {model.choice.seed} of this study: "
            "another LSTM's vectors mean something else. The `-text` model has it inside."
        )
    else:
        first = (
            f"Its inputs must be vectors ({model.inputs.reading.words}) of the same encoder; the "
            "`-text` model has it."
        )
    return (
        f"**Limits.** {first} It shows what two representations share; it is no classifier, and "
        "no basis for decisions about people. A linear map (ridge) may reconstruct as well: "
        "compare the numbers above. It inherits the biases of its tweets, encoder and word vectors."
    )
