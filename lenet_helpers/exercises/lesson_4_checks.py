"""What checks the exercises of lesson 4, on training."""

import functools
import math
from typing import NamedTuple

from lenet_helpers.datasets import load_data
from lenet_helpers.early_stopping import EarlyStopping
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.lenet import LeNet
from lenet_helpers.runs import recorded_run
from lenet_helpers.train_lenet import compile_update, lenet_trainer
from lenet_helpers.training import TrainingDiverged

import numpy

# Who rounds to two decimals has understood as well.
ROUNDING = 0.006
# The images of the first exercise's minibatches.
N_COUNTED = 50
# What a network says of three images, and what they show: the table in the lesson.
PROBABILITIES = ((0.5, 0.3, 0.2), (0.1, 0.1, 0.8), (0.5, 0.2, 0.3))
LABELS = (0, 2, 1)
# Of a Theano function, too, which may compute in float32.
EPOCH_TOLERANCE = 1e-4
# What is to be beaten, a fraction, and with what.
ERROR_TO_BEAT, EPOCHS_TO_BEAT, SECONDS_TO_BEAT = 0.03, 3, 30
# A training on few images, and the epochs after which it is looked at.
N_FEW, FEW_RATE, FEW_BATCH = 50, 0.2, 10
FEW_EPOCHS = (1, 6, 12, 20, 28, 36)


@functools.lru_cache(maxsize=1)
def _compiled():
    """A network of the exercises' own: a learner's stays as it is."""
    datasets, network = load_data("digits"), LeNet()
    return datasets, network, compile_update(network, datasets.train), network.get_values()


def digits_trainer(learning_rate, batch_size, n_epochs, n_images=None):
    """Return an untrained network, the course's digits, and a trainer for them."""
    datasets, network, update, initial_values = _compiled()
    network.set_values(initial_values)
    train = type(datasets.train)(*(part[:n_images] for part in datasets.train))
    datasets = datasets._replace(train=train)
    trainer = lenet_trainer(network, datasets, learning_rate, batch_size, n_epochs, update)
    return network, datasets, trainer


def _compare(function, right, cases, mistakes, tolerance=1e-6):
    """Compare as `running.compare` does; a known mistake gets its sentence, too."""
    cases = list(cases)
    found = [running.call(function, *arguments) for arguments in cases]

    def again(named):
        rest = iter(found)

        @functools.wraps(named)
        def next_found(*_):
            return next(rest)

        return next_found

    try:
        running.compare(again(function), right, cases, tolerance)
    except Wrong as wrong:
        for sentence, mistaken in mistakes.items():
            try:
                running.compare(again(function), mistaken, cases, tolerance)
            except Wrong:
                continue
            raise Wrong(f"{wrong} {sentence}") from None
        raise


def count_updates(my_counts):
    """Check (updates an epoch, images left over, epochs for the patience)."""
    n_images = len(load_data("digits").train.images)
    patience = EarlyStopping().initial_patience
    updates, left_over = divmod(n_images, N_COUNTED)
    epochs = math.ceil(patience / updates)
    found = answers.whole_numbers(my_counts, 3)
    if found[0] == updates + 1:
        raise Wrong(
            f"{found[0]} minibatches of {N_COUNTED} hold {found[0] * N_COUNTED:,} images, more "
            f"than there are: only whole minibatches are trained on."
        )
    if found[0] != updates:
        raise Wrong(
            f"{found[0]:,} updates an epoch look at {found[0] * N_COUNTED:,} images, but there "
            f"are {n_images:,}; only the last, less than a minibatch, may be left out."
        )
    if found[1] != left_over:
        raise Wrong(
            f"{updates} minibatches take {updates * N_COUNTED:,} of {n_images:,} images; "
            f"{found[1]:,} is not what is left."
        )
    if found[2] == math.ceil(patience / n_images):
        raise Wrong(
            f"{found[2]} epochs show {found[2] * n_images:,} images to the network. The patience "
            "counts minibatches, not images, though the classic comment says so."
        )
    if found[2] != epochs:
        raise Wrong(
            f"{found[2]:,} epochs of {updates} updates make {found[2] * updates:,}; look for the "
            f"first epoch with which {patience:,} are reached."
        )
    return (
        f"{epochs} epochs make {epochs * updates:,} updates. The patience is long for few images."
    )


def cost_by_hand(my_cost):
    """Check the cost of the lesson's table of probabilities."""
    found = answers.number(my_cost)
    of_right = numpy.array([row[label] for row, label in zip(PROBABILITIES, LABELS, strict=True)])
    logs = -numpy.log(of_right)
    largest = -numpy.log(numpy.max(PROBABILITIES, axis=1)).mean()
    mistakes = {
        -logs.mean(): "a logarithm of a probability is negative, a cost is not: mind the sign.",
        logs.sum(): f"that is the sum over the images, {found:.4g}; the cost is their mean.",
        logs.mean() / math.log(10): "that is with logarithms to base 10; log is the natural one.",
        logs.mean() / math.log(2): "that is with logarithms to base 2; log is the natural one.",
        largest: "you took each row's largest probability; what counts is the right digit's.",
        -math.log(of_right.mean()): "you took the logarithm of the mean; take the mean of logs.",
        of_right.mean(): "that is the mean probability; take the logarithm of each one first.",
    }
    if abs(found - logs.mean()) > ROUNDING:
        for value, sentence in mistakes.items():
            if abs(found - value) <= ROUNDING:
                raise Wrong(sentence)
        raise Wrong(
            f"{found:.4g} is not the mean of three numbers -log(p), where p is what the network "
            "gives to the right digit."
        )
    share = logs[-1] / logs.sum()
    return f"{share:.0%} of the cost comes from the third image, which the network reads wrongly."


def _epoch(W, inputs, labels, learning_rate, batch_size, mistake=None):
    """One epoch of a softmax layer, as it should be or with a mistake."""
    n_batches = len(inputs) // batch_size
    starts = [i * batch_size for i in range(n_batches + (mistake == "left over"))]
    first = W
    for start in starts[: 1 if mistake == "one step" else None]:
        x, y = inputs[start : start + batch_size], labels[start : start + batch_size]
        exps = numpy.exp(x @ (first if mistake == "old weights" else W))
        probabilities = exps / exps.sum(axis=0 if mistake == "axis" else 1, keepdims=True)
        probabilities[range(len(y)), y] -= 1
        n = 1 if mistake == "sum" else max(len(y), 1)
        step = learning_rate * x.T @ probabilities / n
        W = W + step if mistake == "uphill" else W - step
    return W


def write_epoch(my_epoch):
    """Check an epoch of minibatch gradient descent for a softmax layer."""

    def cases():
        # The first one appears in the message: a single update of small whole numbers.
        yield numpy.zeros((1, 2)), numpy.ones((2, 1)), numpy.array([1, 1]), 1.0, 2
        rng = numpy.random.RandomState(4)
        for n_images, batch_size, n_in, n_out in ((6, 2, 3, 2), (7, 3, 2, 4), (11, 4, 5, 3)):
            # Few digits: some of them appear in a message.
            W, inputs = rng.randn(n_in, n_out).round(1), rng.randn(n_images, n_in).round(1)
            yield W, inputs, rng.randint(n_out, size=n_images), 0.5, batch_size

    mistakes = {
        "Your step goes uphill: it must be taken away from the weights.": "uphill",
        "It looks as if the slopes of a minibatch were added up: divide by its images.": "sum",
        "It looks as if only the first minibatch was trained on.": "one step",
        "It looks as if each slope were taken at the weights of the beginning.": "old weights",
        "Images that fill no whole minibatch must be left out.": "left over",
        "Divide by the sum of each image's own row (axis=1), so that its probabilities add up "
        "to 1.": "axis",
    }
    mistaken = {
        text: functools.partial(_epoch, mistake=mistake) for text, mistake in mistakes.items()
    }
    _compare(my_epoch, _epoch, cases(), mistaken, EPOCH_TOLERANCE)
    return "this loop is all there is to training; Theano only finds the slopes of more layers."


def _stop(errors, patience, patience_increase, improvement_threshold):
    """What the rule that ends the course's trainings makes of errors."""
    rule, best = EarlyStopping(patience, patience_increase, improvement_threshold), 0
    for i, error in enumerate(errors):
        if rule.update(i + 1, error):
            best = i
        if rule.is_over(i + 1):
            break
    return i, best


def _stop_mistaken(mistake, errors, patience, increase, threshold):
    best, best_i = math.inf, 0
    for i, error in enumerate(errors):
        is_real = error < best * (1 if mistake == "no threshold" else threshold)
        if is_real:
            raised = (patience if mistake == "times patience" else i) * increase
            patience = raised if mistake == "shrinks" else max(patience, raised)
        if is_real if mistake == "real only" else error < best:
            best, best_i = error, i
        waited = i - best_i if mistake == "since the best" else i
        is_over = patience <= waited + (mistake == "one early")
        if patience < waited if mistake == "one late" else is_over:
            break
    if mistake == "exchanged":
        return best_i, i
    return (i + 1, best_i + 1) if mistake == "from one" else (i, best_i)


def write_early_stopping(my_early_stopping):
    """Check a rule of early stopping on recorded and random errors."""

    def cases():
        # Six errors are written out in the message.
        yield [0.1, 0.06, 0.05, 0.05, 0.05, 0.05], 3, 2, 0.995
        yield [0.5, 0.4, 0.4, 0.39, 0.3], 2, 1.5, 0.9
        yield [0.5, 0.4, 0.3, 0.2], 10, 1.0, 0.995
        for name in ("digits", "mnist"):
            errors = [row[1] for row in recorded_run(name)["validations"]]
            for rule in ((100, 2, 0.995), (20, 1.2, 0.995), (5, 1.2, 0.9), (5, 3, 0.98)):
                yield errors, *rule
        rng = numpy.random.RandomState(3)
        for _ in range(60):
            errors = (rng.randint(1, 30, size=rng.randint(1, 40)) / 100).tolist()
            errors = sorted(errors, reverse=True) if rng.randint(2) else errors
            yield errors, int(rng.randint(2, 12)), float(rng.choice([1, 1.3, 2, 3])), 0.9

    mistakes = {
        "It looks as if small improvements raised the patience, too.": "no threshold",
        "Every lower error is the best so far, also when it is not below the threshold.": (
            "real only"
        ),
        "An early improvement must not make the patience smaller than it was.": "shrinks",
        "The patience is raised to the iteration times the increase, not multiplied by it.": (
            "times patience"
        ),
        "You count from the best error on, which is another rule; this patience counts from the "
        "beginning.": "since the best",
        "It looks as if the training went on for one iteration too many.": "one late",
        "It looks as if the training ended one iteration too early.": "one early",
        "These are the right two the other way round: where it ends comes first.": "exchanged",
        "You count from 1; the first error has the number 0.": "from one",
    }
    mistaken = {
        text: functools.partial(_stop_mistaken, mistake) for text, mistake in mistakes.items()
    }
    _compare(my_early_stopping, _stop, cases(), mistaken)
    return "it ends both recorded trainings, and 60 made-up ones, as the course's own rule does."


@functools.lru_cache(maxsize=1)
def _few_digits():
    """Return {epoch: (training cost, validation cost)} of a training on few images."""
    network, datasets, trainer = digits_trainer(FEW_RATE, FEW_BATCH, FEW_EPOCHS[-1], N_FEW)
    rows = {}
    for _ in trainer:
        epoch, rest = divmod(trainer.iteration, trainer.n_train_batches)
        if rest == 0 and epoch in FEW_EPOCHS:
            rows[epoch] = tuple(float(network.mean_cost(*part)) for part in datasets[:2])
    return rows


def train_on_few_digits():
    """Train on the first few digits (a second or two), and print the costs on the way."""
    print(f"{N_FEW} training images, learning rate {FEW_RATE}, minibatches of {FEW_BATCH}")
    for epoch, (training, validation) in _few_digits().items():
        print(f"epoch {epoch:2}: training cost {training:.3f}, validation cost {validation:.2f}")


def spot_overfitting(my_epoch):
    """Check the epoch after which the training on few digits overfits."""
    found, rows = answers.whole_number(my_epoch), _few_digits()
    if found not in rows:
        raise Wrong(
            f"epoch {found:,} has no line above; choose among {', '.join(map(str, rows))}."
        )
    best = min(rows, key=lambda epoch: rows[epoch][1])
    training, validation = rows[found]
    if found == max(rows):
        raise Wrong(
            f"after epoch {found} the training cost is the lowest, {training:.3f}, but the "
            f"validation cost, {validation:.2f}, was lower before."
        )
    if found != best:
        lower = "was lower at an earlier epoch" if found > best else "falls further after that"
        raise Wrong(f"after epoch {found} the validation cost is {validation:.2f}; it {lower}.")
    return (
        f"after epoch {found} the training cost falls on, from {training:.3f} to "
        f"{rows[max(rows)][0]:.3f}, but the validation cost rises from {validation:.2f} to "
        f"{rows[max(rows)][1]:.2f}: the network learns its {N_FEW} images by heart."
    )


class _Race(NamedTuple):
    """How far settings came; the trainer itself would keep copies of all weights."""

    iteration: int
    n_iterations: int
    errors: list
    last_cost: float
    seconds: float


@functools.lru_cache(maxsize=64)
def _race(learning_rate, batch_size):
    trainer = digits_trainer(learning_rate, batch_size, EPOCHS_TO_BEAT)[-1]
    for _ in trainer:
        if trainer.seconds > SECONDS_TO_BEAT:
            break
    return _Race(
        trainer.iteration,
        trainer.n_iterations,
        [error for _, error, _ in trainer.validations],
        float(numpy.mean(trainer.costs[-trainer.n_train_batches :])),
        trainer.seconds,
    )


def choose_settings(my_learning_rate, my_batch_size):
    """Check settings by training with them; a training is made once for each."""
    rate, batch_size = answers.number(my_learning_rate), answers.whole_number(my_batch_size)
    n_images = len(load_data("digits").train.images)
    if rate <= 0:
        raise Wrong(f"with a learning rate of {rate:g} no step goes downhill; it is above 0.")
    if not 1 <= batch_size <= n_images:
        raise Wrong(f"a minibatch can't hold {batch_size:,} images; it holds 1 to {n_images:,}.")
    tried = f"learning rate {rate:g}, minibatches of {batch_size:,}"
    try:
        race = _race(rate, batch_size)
    except TrainingDiverged:
        raise Wrong(f"{tried}: the cost is no number any more. The steps are too large.") from None
    if race.iteration < race.n_iterations:
        raise Wrong(
            f"{tried}: in {SECONDS_TO_BEAT} s this machine made {race.iteration:,} of "
            f"{race.n_iterations:,} updates. Larger minibatches make fewer."
        )
    error, cost = min(race.errors), race.last_cost
    n_validation = len(load_data("digits").validation.labels)
    reached = (
        f"{tried}: {race.n_iterations:,} updates reach a validation error of "
        f"{100 * error:.2f} %, {round(error * n_validation)} of {n_validation} digits"
    )
    if error < ERROR_TO_BEAT:
        return f"{reached}, in {race.seconds:.1f} s of training."
    if cost > math.log(10):
        raise Wrong(
            f"{reached}. The mean cost of the last epoch is {cost:.3g}, above that of guessing, "
            f"{math.log(10):.4f}: the steps are too large."
        )
    if sorted(race.errors, reverse=True) != race.errors:
        advice = "The error went up on the way, so the steps may be too large."
    else:
        advice = (
            "The error never rose: smaller minibatches make more updates, a higher learning rate "
            "makes larger ones, and one of them may help."
        )
    raise Wrong(f"{reached}; it must be below {100 * ERROR_TO_BEAT:g} %. {advice}")
