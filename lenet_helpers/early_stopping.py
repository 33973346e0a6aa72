"""Early stopping: the rule that ends a training, and what it would have done to recorded ones."""

import math
from typing import NamedTuple

from lenet_helpers import shapes, words


class EarlyStopping:
    """Patience: how long training goes on without a real improvement.

    Parameters
    ----------
    patience : int
        Iterations that are made in any case, at least 2.
    patience_increase : float
        A real improvement at iteration n raises the patience to n times this.
    improvement_threshold : float
        An improvement is real if the new error is below the best one times this ratio.

    Attributes
    ----------
    patience : float
        The iterations that are allowed now.
    best_validation_error : float
        Fraction, 0 to 1; infinity before the first validation.
    best_iteration : int
        Updates made when it was measured; 0 before the first validation.

    Notes
    -----
    The rule of the classic Theano tutorials (deeplearning.net), whose comments count patience in
    examples although the code counts minibatches.
    """

    def __init__(self, patience=10000, patience_increase=2, improvement_threshold=0.995):
        self.initial_patience = shapes.positive_integer(patience, words.NAME_PATIENCE)
        if self.initial_patience < 2:
            raise ValueError(words.PATIENCE_TOO_SMALL.format(patience=patience))
        self.patience = self.initial_patience
        self.patience_increase = patience_increase
        self.improvement_threshold = improvement_threshold
        self.best_validation_error = math.inf
        self.best_iteration = 0

    def validation_frequency(self, n_train_batches):
        """Return after how many iterations to validate: each epoch, or more often."""
        return min(n_train_batches, self.initial_patience // 2)

    def update(self, iteration, validation_error):
        """Take in a validation error; return whether it is the best so far.

        Parameters
        ----------
        iteration : int
            Updates made so far.
        validation_error : float
            Fraction, 0 to 1.
        """
        if validation_error >= self.best_validation_error:
            return False
        if validation_error < self.best_validation_error * self.improvement_threshold:
            # The classic loop counts iterations from 0.
            self.patience = max(self.patience, (iteration - 1) * self.patience_increase)
        self.best_validation_error = validation_error
        self.best_iteration = iteration
        return True

    def is_over(self, iteration):
        """Return whether the patience ended with this iteration."""
        return self.patience <= iteration - 1


class Replay(NamedTuple):
    """Where a rule of early stopping would have ended a recorded training.

    Attributes
    ----------
    iteration : int
        Updates made at the end.
    out_of_patience : bool
        Whether the rule ended it; otherwise the record ends there.
    best_iteration : int
        Updates made when the best validation error was measured.
    validation_error, test_error : float
        Fractions, 0 to 1, measured there.
    patience : list of tuple
        (iteration, patience) at the start and after each validation that raised it.
    """

    iteration: int
    out_of_patience: bool
    best_iteration: int
    validation_error: float
    test_error: float
    patience: list


def replay(validations, rule):
    """Apply a rule of early stopping to the validations of a recorded training.

    Parameters
    ----------
    validations : sequence of tuple
        (iteration, validation error, test error or None) in order, as `Trainer` records them.
    rule : EarlyStopping
        A fresh one; the same object that ends a training. It is changed.

    Returns
    -------
    Replay

    Raises
    ------
    ValueError
        If nothing was recorded, or the rule asks for validations more often than they were made.
    """
    if not validations:
        raise ValueError(words.NOTHING_RECORDED)
    interval = validations[0][0]
    if rule.validation_frequency(interval) < interval:
        raise ValueError(
            words.PATIENCE_BELOW_RECORD.format(
                patience=rule.initial_patience, interval=interval, smallest=2 * interval
            )
        )
    recorded = {iteration: errors for iteration, *errors in validations}
    patience, best = [(0, rule.patience)], None
    for iteration in range(1, validations[-1][0] + 1):
        if iteration in recorded and rule.update(iteration, recorded[iteration][0]):
            best = recorded[iteration]
            if rule.patience != patience[-1][1]:
                patience.append((iteration, rule.patience))
        if rule.is_over(iteration):
            break
    return Replay(iteration, rule.is_over(iteration), rule.best_iteration, *best, patience)
