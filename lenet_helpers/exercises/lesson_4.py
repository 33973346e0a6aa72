"""The exercises and predictions of lesson 4, on training."""

import math

from lenet_helpers.early_stopping import EarlyStopping, replay
from lenet_helpers.exercises import lesson_4_checks as checks
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.runs import recorded_run
from lenet_helpers.widgets.prediction import Prediction

TITLE, NOTEBOOK = "Training LeNet", "04_training_lenet.ipynb"

# The lesson shows it before an exercise.
train_on_few_digits = checks.train_on_few_digits

EXERCISES = (
    count_updates := Exercise(
        lesson=4,
        name="count_updates",
        title="Count updates and epochs",
        tests="tells images, minibatches and epochs apart, and what patience counts",
        start="my_counts = ...",
        solution="my_counts = (1197 // 50, 1197 % 50, 435)",
        hints=(
            "An update takes one whole minibatch. An epoch takes as many as fit into the images.",
            "1197 // 50 and 1197 % 50 are the first two. The patience of 10,000 counts updates, "
            "so divide it by the updates of an epoch.",
            "10000 / 23 is 434.8: after 434 epochs some updates are missing still.",
        ),
        checker=checks.count_updates,
        mistakes="They divide the patience by the number of images, as the classic comment does, "
        "or count a minibatch that is not whole.",
    ),
    cost_by_hand := Exercise(
        lesson=4,
        name="cost_by_hand",
        title="The cost by hand",
        tests="computes a mean negative log-likelihood from probabilities",
        start="my_cost = ...",
        solution="my_cost = -(numpy.log(0.5) + numpy.log(0.8) + numpy.log(0.2)) / 3",
        hints=(
            "One number of each row counts: what the network gives to the digit that is right.",
            "Take the natural logarithm of each of the three, change its sign, and take the mean.",
            "The three probabilities are 0.5, 0.8 and 0.2; -numpy.log(0.5) is 0.6931.",
        ),
        checker=checks.cost_by_hand,
        mistakes="They take the largest probability of a row instead of the right digit's.",
    ),
    write_epoch := Exercise(
        lesson=4,
        name="write_epoch",
        title="Write an epoch of training",
        tests="writes minibatch gradient descent for a softmax layer in NumPy",
        start="""\
def my_epoch(W, inputs, labels, learning_rate, batch_size):
    return ...""",
        solution="""\
def my_epoch(W, inputs, labels, learning_rate, batch_size):
    for index in range(len(inputs) // batch_size):
        batch = slice(index * batch_size, (index + 1) * batch_size)
        scores = numpy.exp(inputs[batch] @ W)
        probabilities = scores / scores.sum(axis=1, keepdims=True)
        slope = (probabilities - numpy.eye(W.shape[1])[labels[batch]]) / batch_size
        W = W - learning_rate * inputs[batch].T @ slope
    return W""",
        hints=(
            "Section 1 takes one such step by hand. Put it into a loop over whole minibatches.",
            "Minibatch number index is inputs[index * batch_size : (index + 1) * batch_size], and "
            "the labels are cut in the same way. There are len(inputs) // batch_size of them.",
            "In the loop: probabilities from inputs[batch] @ W, slope = (probabilities - "
            "numpy.eye(W.shape[1])[labels[batch]]) / batch_size, and at the end W = W - "
            "learning_rate * inputs[batch].T @ slope.",
        ),
        checker=checks.write_epoch,
        mistakes="They train on the images that are left over, or forget to divide by the batch.",
    ),
    write_early_stopping := Exercise(
        lesson=4,
        name="write_early_stopping",
        title="Write early stopping",
        tests="writes the rule of patience, and knows which improvements are real",
        start="""\
def my_early_stopping(validation_errors, patience, patience_increase, improvement_threshold):
    return ...""",
        solution="""\
def my_early_stopping(validation_errors, patience, patience_increase, improvement_threshold):
    best_error, best_i = numpy.inf, 0
    for i, error in enumerate(validation_errors):
        if error < best_error:
            if error < best_error * improvement_threshold:
                patience = max(patience, i * patience_increase)
            best_error, best_i = error, i
        if patience <= i:
            break
    return i, best_i""",
        hints=(
            "Go through the errors with `for i, error in enumerate(validation_errors)`, and keep "
            "the best error so far, infinity at first, and its i.",
            "A lower error is always the new best. Only if it is below the old best times the "
            "threshold, the patience becomes max(patience, i * patience_increase).",
            "After that, at the end of each turn: `if patience <= i: break`. Return i and the "
            "best one's i after the loop.",
        ),
        checker=checks.write_early_stopping,
        mistakes="They let the patience shrink after an early improvement, or count it from the "
        "last improvement, as other libraries do.",
    ),
    spot_overfitting := Exercise(
        lesson=4,
        name="spot_overfitting",
        title="Spot overfitting",
        tests="reads from two costs when a network begins to overfit",
        start="my_epoch = ...",
        solution="my_epoch = 12",
        hints=(
            "One of the two costs falls all the time. It can't tell you when to stop.",
            "A network that overfits gets better on its training images and worse on others. "
            "Follow the validation cost down the lines.",
            "Take the line with the lowest validation cost, before it begins to rise.",
        ),
        checker=checks.spot_overfitting,
        mistakes="They go by the training cost, which falls to the end.",
    ),
    choose_settings := Exercise(
        lesson=4,
        name="choose_settings",
        title="Beat an error of 3 %",
        tests="chooses a learning rate and a batch size by trying",
        start="my_learning_rate = ...\nmy_batch_size = ...",
        solution="my_learning_rate = 0.15\nmy_batch_size = 10",
        hints=(
            "Start from the lesson's 0.1 and 20, and change one number at a time. What would give "
            "more steps in three epochs, what larger ones?",
            "Minibatches half as large make twice as many steps. Very small ones give rough "
            "slopes, and with those the steps must not be large.",
            "Take minibatches of 10, and try some learning rates between 0.1 and 0.2.",
        ),
        checker=checks.choose_settings,
        mistakes="They only raise the learning rate, until the network names one digit for all.",
    ),
)


def predict_first_epoch():
    """Ask how far the first epoch on the course's digits brings an untrained network."""
    above = {"above 60 %": 0.6, "30 to 60 %": 0.3, "15 to 30 %": 0.15, "below 15 %": 0.0}

    def answer():
        run = recorded_run("digits")
        iteration, error, _ = run["validations"][0]
        right = max(bound for bound in above.values() if error >= bound)
        return right, (
            f"It is {100 * error:.2f} % after the {iteration} updates of the first epoch, from "
            f"{100 * run['untrained_errors'][0]:.0f} %. The first epoch brings most of the gain."
        )

    return Prediction(above, answer)


def predict_patience():
    """Ask with which increases a patience of 2,000 reaches the best network of the MNIST run."""
    choices = {
        "with both": (True, True),
        "only with 2": (True, False),
        "only with 1.2": (False, True),
        "with neither": (False, False),
    }

    def answer():
        rows = recorded_run("mnist")["validations"]
        best = min(rows, key=lambda row: row[1])[0]
        ended = {increase: replay(rows, EarlyStopping(2000, increase)) for increase in (2, 1.2)}
        right = tuple(end.best_iteration == best for end in ended.values())
        told = [
            f"With an increase of {increase} training "
            + (
                f"ends at iteration {end.iteration:,}"
                if end.out_of_patience
                else f"goes on to iteration {end.iteration:,}"
            )
            + f", and the best network is that of iteration {end.best_iteration:,} "
            f"({100 * end.validation_error:.2f} %)."
            for increase, end in ended.items()
        ]
        return right, " ".join(told)

    return Prediction(choices, answer)


def predict_learning_rate():
    """Ask what a learning rate of 1 does, ten times the lesson's; a second's training tells."""
    choices = {
        "it learns faster": "faster",
        "it learns as fast": "as fast",
        "it learns more slowly": "slower",
        "it does not learn": "not at all",
    }

    def answer():
        run = recorded_run("digits")
        n_epochs = 2
        usual = run["validations"][n_epochs - 1][1]
        trainer = checks.digits_trainer(1.0, run["settings"]["batch_size"], n_epochs)[-1]
        for _ in trainer:
            pass
        error = trainer.validations[-1][1]
        if error > run["untrained_errors"][0] / 2:
            right = "not at all"
        elif abs(error - usual) < 0.2 * usual:
            right = "as fast"
        else:
            right = "faster" if error < usual else "slower"
        return right, (
            f"After {n_epochs} epochs the validation error is "
            f"{100 * error:.2f} %, with a rate of {run['settings']['learning_rate']} it is "
            f"{100 * usual:.2f} %. The cost went up to {max(trainer.costs):,.0f}; "
            f"guessing costs {math.log(10):.1f}."
        )

    return Prediction(choices, answer)
