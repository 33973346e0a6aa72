"""Answers to lesson 4's exercises."""

import functools

from lenet_helpers.datasets import load_data
from lenet_helpers.lenet import LeNet

import numpy
import theano
from theano import tensor as T


def _counts(my_counts):
    updates, left, epochs = my_counts
    n_images = len(load_data("digits").train.labels)
    made = 0
    for _ in range(int(epochs)):
        was, made = made, made + updates
    return n_images - 50 < updates * 50 <= n_images == updates * 50 + left and was < 10000 <= made


def _is_cost(my_cost):
    my_cost = my_cost.eval() if hasattr(my_cost, "eval") else my_cost
    # exp(-cost) is the geometric mean of what the right digits got.
    return abs(numpy.exp(-my_cost) - (0.5 * 0.8 * 0.2) ** (1 / 3)) < 0.003


def _trains(my_epoch):
    """Compare with central differences of the cost, minibatch by minibatch."""
    rng = numpy.random.RandomState(5)
    for n_images, batch_size in ((4, 4), (5, 2), (9, 4), (3, 1), (7, 3), (2, 3)):
        n_in, n_out = rng.randint(2, 6, size=2)
        W, inputs = rng.randn(n_in, n_out), rng.randn(n_images, n_in)
        labels, rate = rng.randint(n_out, size=n_images), 0.3
        right = W.copy()
        for start in range(0, n_images - batch_size + 1, batch_size):
            x, y = inputs[start : start + batch_size], labels[start : start + batch_size]
            slopes = numpy.zeros_like(W)
            for cell in numpy.ndindex(*W.shape):
                costs = []
                for change in (-1e-5, 1e-5):
                    moved = right.copy()
                    moved[cell] += change
                    sums = x @ moved
                    logs = numpy.log(numpy.exp(sums).sum(axis=1)) - sums[range(len(y)), y]
                    costs.append(logs.mean())
                slopes[cell] = (costs[1] - costs[0]) / 2e-5
            right -= rate * slopes
        found = my_epoch(W.copy(), inputs.copy(), labels.copy(), rate, batch_size)
        if not numpy.allclose(found, right, atol=1e-5):
            return False
    return True


def _stops(my_early_stopping):
    """Compare with the classic loop, which ends when `done_looping` is set."""
    rng = numpy.random.RandomState(6)
    for _ in range(2000):
        errors = rng.uniform(0.01, 0.5, size=rng.randint(1, 40)).round(rng.randint(1, 4)).tolist()
        errors = sorted(errors, reverse=True) if rng.randint(2) else errors
        given = int(rng.randint(2, 15))
        increase, threshold = rng.choice([1, 1.2, 2, 4]), rng.choice([0.5, 0.9, 0.995, 1.0])
        patience, best_validation_loss, best_iter = given, numpy.inf, 0
        iteration, done_looping = -1, False
        while iteration + 1 < len(errors) and not done_looping:
            iteration += 1
            loss = errors[iteration]
            if loss < best_validation_loss:
                if loss < best_validation_loss * threshold:
                    patience = max(patience, iteration * increase)
                best_validation_loss, best_iter = loss, iteration
            done_looping = patience <= iteration
        found = my_early_stopping(list(errors), given, increase, threshold)
        if tuple(found) != (iteration, best_iter):
            return False
    return True


@functools.lru_cache(maxsize=1)
def _compiled():
    """A step and an error as the lesson writes them, without the course's trainer."""
    (images, labels), (others, their_labels), _ = load_data("digits")
    network, rate = LeNet(), T.scalar()
    grads = T.grad(network.cost, network.params)
    step = theano.function(
        [network.x, network.y, rate],
        network.cost,
        updates=[(p, p - rate * g) for p, g in zip(network.params, grads, strict=True)],
        allow_input_downcast=True,
    )
    return network, network.get_values(), step, (images, labels), (others, their_labels)


@functools.lru_cache(maxsize=64)
def _lowest_error(learning_rate, batch_size):
    network, initial, step, (images, labels), (others, their_labels) = _compiled()
    network.set_values(initial)
    errors = []
    for _ in range(3):
        for i in range(0, len(images) - batch_size + 1, batch_size):
            step(images[i : i + batch_size], labels[i : i + batch_size], learning_rate)
        errors.append(numpy.mean(network.predict(others) != their_labels))
    return min(errors)


def _beats(my_learning_rate, my_batch_size):
    return _lowest_error(float(my_learning_rate), int(my_batch_size)) < 0.03


def _overfits(my_epoch):
    """Train on the first 50 digits again; the validation cost must turn near this epoch."""
    network, initial, step, (images, labels), (others, their_labels) = _compiled()
    network.set_values(initial)
    costs = []
    for _ in range(36):
        for i in range(0, 50, 10):
            step(images[i : i + 10], labels[i : i + 10], 0.2)
        costs.append(network.mean_cost(others, their_labels))
    return abs(numpy.argmin(costs) + 1 - my_epoch) < 5


IS_RIGHT = {
    "count_updates": _counts,
    "cost_by_hand": _is_cost,
    "write_epoch": _trains,
    "write_early_stopping": _stops,
    "spot_overfitting": _overfits,
    "choose_settings": _beats,
}
LOOP = """\
def my_early_stopping(validation_errors, patience, patience_increase, improvement_threshold):
    best_error, best_i = numpy.inf, 0
    for i, error in enumerate(validation_errors):
        {body}
    return i, best_i"""
STOPPING = LOOP.format(
    body="if error < best_error:\n"
    "            if error < best_error * improvement_threshold:\n"
    "                patience = max(patience, i * patience_increase)\n"
    "            best_error, best_i = error, i\n"
    "        if patience <= i:\n            break"
).removesuffix("    return i, best_i")
EPOCH = """\
def my_epoch(W, inputs, labels, learning_rate, batch_size):
    for i in range(0, len(inputs), batch_size):
        x, y = inputs[i : i + batch_size], labels[i : i + batch_size]
        {body}
    return W"""
SLOPE = """exps = numpy.exp(x @ W)
        slope = x.T @ (exps / exps.sum(1)[:, None] - numpy.eye(W.shape[1])[y])"""
RIGHT = {
    "count_updates": [
        "my_counts = [23, 47, 435]",
        "my_counts = numpy.array([23.0, 47.0, 435.0])",
        "n = len(datasets.train.images)\n"
        "my_counts = n // 50, n % 50, numpy.ceil(10000 / (n // 50))",
    ],
    "cost_by_hand": [
        "my_cost = 0.84",
        "my_cost = numpy.array([0.8419])",
        "my_cost = -numpy.log([0.5, 0.8, 0.2]).mean()",
        "my_cost = -theano.tensor.log(theano.shared(numpy.array([0.5, 0.8, 0.2]))).mean()",
    ],
    "write_epoch": [
        EPOCH.format(
            body=f"if len(x) < batch_size:\n            break\n        {SLOPE}\n"
            "        W -= learning_rate * slope / batch_size"
        ),
        """\
def my_epoch(W, inputs, labels, learning_rate, batch_size):
    W = [[float(w) for w in row] for row in W]
    for b in range(len(inputs) // batch_size):
        change = [[0.0] * len(row) for row in W]
        for n in range(b * batch_size, b * batch_size + batch_size):
            sums = [sum(x * row[k] for x, row in zip(inputs[n], W)) for k in range(len(W[0]))]
            total = sum(numpy.exp(s) for s in sums)
            for k, s in enumerate(sums):
                off = numpy.exp(s) / total - (labels[n] == k)
                for j, x in enumerate(inputs[n]):
                    change[j][k] += x * off
        for j, row in enumerate(change):
            for k, c in enumerate(row):
                W[j][k] -= learning_rate * c / batch_size
    return W""",
    ],
    "write_early_stopping": [
        """\
def my_early_stopping(validation_errors, patience, patience_increase, improvement_threshold):
    rule, best_i = EarlyStopping(patience, patience_increase, improvement_threshold), 0
    for iteration, error in enumerate(validation_errors, start=1):
        best_i = iteration - 1 if rule.update(iteration, error) else best_i
        if rule.is_over(iteration):
            break
    return numpy.array([iteration - 1, best_i])""",
        """\
def my_early_stopping(validation_errors, patience, patience_increase, improvement_threshold):
    i = 0
    while True:
        before = min(validation_errors[:i], default=float("inf"))
        if validation_errors[i] < before * improvement_threshold:
            patience = max(patience, patience_increase * i)
        if i >= patience or i == len(validation_errors) - 1:
            return [i, validation_errors.index(min(validation_errors[: i + 1]))]
        i += 1""",
    ],
    "spot_overfitting": ["my_epoch = 12.0", "my_epoch = numpy.array(12)"],
    "choose_settings": [
        "my_learning_rate, my_batch_size = (0.1, 6)",
        "my_learning_rate = numpy.float32(0.15)\nmy_batch_size = 10.0",
        "my_learning_rate, my_batch_size = 18 / 100, numpy.int64(10)",
    ],
}
WRONG = {
    "count_updates": [
        ("my_counts = (24, 47, 435)", "24 minibatches of 50 hold 1,200"),
        ("my_counts = (23, 3, 435)", "3 is not what is left"),
        ("my_counts = (23, 47, 9)", "counts minibatches, not images"),
        ("my_counts = (23, 47, 434)", "make 9,982"),
        ("my_counts = (1197, 0, 9)", "1,197 updates"),
        ("my_counts = (23, 47)", "3"),
        ("my_counts = (23.94, 47, 435)", "23.94"),
        ('my_counts = ("23", 47, 435)', "can't be read"),
    ],
    "cost_by_hand": [
        ("my_cost = -0.8419", "sign"),
        ("my_cost = 2.5257", "sum"),
        ("my_cost = 0.366", "base 10"),
        ("my_cost = 1.2146", "base 2"),
        ("my_cost = 0.5365", "largest"),
        ("my_cost = 0.6931", "logarithm of the mean"),
        ("my_cost = 1.5 / 3", "mean probability"),
        ("my_cost = 2", "2 is not"),
        ("my_cost = numpy.log", "can't be read"),
        ("my_cost = [0.84, 0.84, 0.84]", "(3,)"),
    ],
    "write_epoch": [
        (EPOCH.format(body=f"{SLOPE}\n        W -= learning_rate * slope / len(x)"), "left out"),
        (EPOCH.format(body=f"{SLOPE}\n        W -= learning_rate * slope"), "would be right"),
        (
            EPOCH.format(body=f"{SLOPE}\n        return W - learning_rate * slope / batch_size"),
            "fir",
        ),
        (
            EPOCH.format(
                body=f"if len(x) < batch_size:\n            break\n        {SLOPE}\n"
                "        W += learning_rate * slope / batch_size"
            ),
            "uphill",
        ),
        (
            EPOCH.format(
                body=f"if len(x) < batch_size:\n            break\n        {SLOPE}\n"
                "        W -= learning_rate * slope"
            ),
            "added up",
        ),
        (
            """\
def my_epoch(W, inputs, labels, learning_rate, batch_size):
    first = W.copy()
    for i in range(len(inputs) // batch_size):
        x, y = (a[i * batch_size : (i + 1) * batch_size] for a in (inputs, labels))
        exps = numpy.exp(x @ first)
        off = exps / exps.sum(1, keepdims=True) - numpy.eye(W.shape[1])[y]
        W = W - learning_rate * x.T @ off / batch_size
    return W""",
            "weights of the beginning",
        ),
        (
            EPOCH.format(
                body="if len(x) < batch_size:\n            break\n"
                "        exps = numpy.exp(x @ W)\n"
                "        off = exps / exps.sum(axis=0) - numpy.eye(W.shape[1])[y]\n"
                "        W -= learning_rate * x.T @ off / batch_size"
            ),
            "own row",
        ),
        ("my_epoch = lambda W, *_: W", "would be right"),
        ("my_epoch = lambda W, *_: W[0]", "shape"),
        ("my_epoch = 0.1", "no function"),
        ("my_epoch = lambda *_: None", "returned nothing"),
        ("my_epoch = lambda W, x: W", "TypeError"),
    ],
    "write_early_stopping": [
        (
            LOOP.format(
                body="if error < best_error:\n            best_error, best_i = error, i\n"
                "            patience = max(patience, i * patience_increase)\n"
                "        if patience <= i:\n            break"
            ),
            "small improvements",
        ),
        (
            LOOP.format(
                body="if error < best_error * improvement_threshold:\n"
                "            best_error, best_i = error, i\n"
                "            patience = max(patience, i * patience_increase)\n"
                "        if patience <= i:\n            break"
            ),
            "Every lower error",
        ),
        (
            LOOP.format(
                body="if error < best_error:\n"
                "            if error < best_error * improvement_threshold:\n"
                "                patience = i * patience_increase\n"
                "            best_error, best_i = error, i\n"
                "        if patience <= i:\n            break"
            ),
            "smaller than it was",
        ),
        (
            LOOP.format(
                body="if error < best_error:\n"
                "            if error < best_error * improvement_threshold:\n"
                "                patience = max(patience, i * patience_increase)\n"
                "            best_error, best_i = error, i\n"
                "        if patience < i:\n            break"
            ),
            "would be right",
        ),
        (
            LOOP.format(
                body="if error < best_error:\n"
                "            if error < best_error * improvement_threshold:\n"
                "                patience = max(patience, i * patience_increase)\n"
                "            best_error, best_i = error, i\n"
                "        if patience <= i - best_i:\n            break"
            ),
            "another rule",
        ),
        (f"{STOPPING}    return best_i, i", "other way round"),
        (f"{STOPPING}    return i + 1, best_i + 1", "count from 1"),
        ("my_early_stopping = lambda e, *_: len(e)", "shape"),
        ("my_early_stopping = lambda e, *_: e.index(min(e))", "shape"),
        ("my_early_stopping = EarlyStopping", "TypeError"),
        ("my_early_stopping = lambda *_: EarlyStopping()", "can't be read"),
        ("my_early_stopping = lambda e, *_: (e[99], 0)", "IndexError"),
        ("def my_early_stopping(*_):\n    while True:\n        pass", "never"),
        ('my_early_stopping = "stop"', "no function"),
    ],
    "spot_overfitting": [
        ("my_epoch = 36", "the lowest"),
        ("my_epoch = 20", "lower at an earlier epoch"),
        ("my_epoch = 1", "falls further"),
        ("my_epoch = 2", "choose among"),
        ("my_epoch = 0.63", "0.63"),
        ('my_epoch = "12"', "text"),
    ],
    "choose_settings": [
        ("my_learning_rate, my_batch_size = learning_rate, batch_size", "14 of 300"),
        ("my_learning_rate, my_batch_size = 0.25, 10", "went up on the way"),
        ("my_learning_rate, my_batch_size = 1, 50", "too large"),
        ("my_learning_rate, my_batch_size = 0.001, 300", "never rose"),
        ("my_learning_rate, my_batch_size = 0, 20", "downhill"),
        ("my_learning_rate, my_batch_size = 0.1, 2000", "1 to 1,197"),
        ("my_learning_rate, my_batch_size = 0.1, 2.5", "2.5"),
        ('my_learning_rate, my_batch_size = "fast", 20', "text"),
        ("my_learning_rate, my_batch_size = 1e300, 20", "e+300"),
    ],
}
