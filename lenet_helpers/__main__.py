"""The command line: ``python -m lenet_helpers train --help``."""

import argparse
import os
import sys

from lenet_helpers import words

from tqdm import tqdm

CLASSIC_BATCH_SIZE = 500
DIGITS_BATCH_SIZE = 50


def main(arguments=None):
    """Run the command line; return the exit status, 0 for success."""
    settings = _parser().parse_args(arguments)
    with _ProgressBar() as bar:
        try:
            result = _train(settings, bar)
        except (ValueError, OSError) as error:
            bar.close()
            print(words.CLI_ERROR.format(message=error), file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            bar.close()
            print(f"{words.CLI_STOPPED} {_how_to_go_on(settings.checkpoint)}", file=sys.stderr)
            return 130
    if not bar.was_used:
        print(words.CLI_NOTHING_TO_TRAIN)
    print(
        words.CLI_RESULT.format(
            validation=100 * result.validation_error,
            test=100 * result.test_error,
            best_iteration=result.best_iteration,
            n_iterations=result.n_iterations,
            seconds=result.seconds,
        )
    )
    return 0


def _train(settings, bar):
    print(words.CLI_BUILDING.format(dataset=settings.dataset), flush=True)
    # Theano takes half a second to import: --help need not wait for it.
    from lenet_helpers.train_lenet import evaluate_lenet

    batch_size = settings.batch_size
    if batch_size is None:
        is_digits = settings.dataset == "digits"
        batch_size = DIGITS_BATCH_SIZE if is_digits else CLASSIC_BATCH_SIZE
    return evaluate_lenet(
        learning_rate=settings.learning_rate,
        n_epochs=settings.epochs,
        dataset=settings.dataset,
        nkerns=settings.nkerns,
        batch_size=batch_size,
        checkpoint=settings.checkpoint,
        on_step=bar.update,
    )


def _how_to_go_on(checkpoint):
    if checkpoint is None:
        return words.CLI_NO_CHECKPOINT
    return words.CLI_GO_ON if os.path.exists(checkpoint) else words.CLI_NO_EPOCH


class _ProgressBar:
    """A tqdm bar that is made at the first step, when the number of steps is known."""

    def __init__(self):
        self.bar = None
        self.was_used = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def update(self, trainer, step):
        self.was_used = True
        if self.bar is None:
            # A run that goes on from a checkpoint starts where it was.
            self.bar = tqdm(
                total=trainer.n_iterations,
                initial=step.iteration - 1,
                unit=words.CLI_UNIT,
                dynamic_ncols=True,
            )
        self.bar.update()
        if step.validation_error is not None:
            best = trainer.early_stopping.best_validation_error
            self.bar.set_postfix_str(
                words.CLI_POSTFIX.format(
                    cost=step.cost, validation=100 * step.validation_error, best=100 * best
                )
            )

    def close(self):
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m lenet_helpers", description=words.CLI_DESCRIPTION
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser(
        "train",
        help=words.CLI_TRAIN,
        description=words.CLI_TRAIN,
    )
    train.add_argument("--dataset", default="digits", help=words.CLI_DATASET + words.CLI_DEFAULT)
    train.add_argument("--epochs", type=int, default=20, help=words.CLI_EPOCHS + words.CLI_DEFAULT)
    train.add_argument(
        "--learning-rate",
        type=float,
        default=0.1,
        help=words.CLI_LEARNING_RATE + words.CLI_DEFAULT,
    )
    train.add_argument(
        "--nkerns",
        type=int,
        nargs=2,
        default=[20, 50],
        metavar=("FILTERS0", "FILTERS1"),
        help=words.CLI_NKERNS + words.CLI_DEFAULT,
    )
    train.add_argument(
        "--batch-size",
        type=int,
        help=words.CLI_BATCH_SIZE.format(digits=DIGITS_BATCH_SIZE, classic=CLASSIC_BATCH_SIZE),
    )
    train.add_argument("--checkpoint", metavar="FILE", help=words.CLI_CHECKPOINT)
    return parser


if __name__ == "__main__":
    sys.exit(main())
