"""What a learner has tried and solved: a small JSON file of the learner's own.

It holds the names of exercises, counts and days; no name, no answer, nothing of the machine. It is
written whole or not at all, and may be read, moved and deleted at any time.
"""

import datetime
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from lenet_helpers import checkpoints, words

import platformdirs
from filelock import FileLock, Timeout

FILE_NAME = "progress.json"
# Two lessons may be open at once, each with a kernel of its own.
LOCK_SECONDS = 2
# A whole course has about 4,000 bytes; a larger file is not read to its end.
LONGEST_FILE = 100_000


@dataclass
class Record:
    """What is known about one exercise.

    Attributes
    ----------
    attempts : int
        How many answers were checked, up to the first right one.
    hints : int
        The number of the last hint that was seen, 0 to 3.
    saw_solution : bool
        Whether the solution was opened before the exercise was solved.
    solved : str
        The day of the first right answer, such as 2026-11-23; empty before.
    """

    attempts: int = 0
    hints: int = 0
    saw_solution: bool = False
    solved: str = ""


def path():
    """Return the file's place.

    Returns
    -------
    pathlib.Path
        The file that the environment variable LENET_PROGRESS names, or else ``progress.json`` in
        ``lenet-course`` in the user's data folder (``~/.local/share`` on Linux, ``~/Library/
        Application Support`` on macOS).
    """
    named = os.environ.get("LENET_PROGRESS")
    if named:
        place = os.path.expanduser(named)
    else:
        place = os.path.join(platformdirs.user_data_dir("lenet-course"), FILE_NAME)
    # A link stays a link: the file that it leads to is written.
    return Path(os.path.realpath(place))


def read():
    """Return every exercise's `Record` by its key, such as ``2.pool_by_hand``.

    Raises
    ------
    ValueError
        If the file is broken, altered or something else.
    """
    place = path()
    try:
        with open(place, "rb") as file:
            content = file.read(LONGEST_FILE + 1)
        if len(content) > LONGEST_FILE:
            raise ValueError(place)
        records = json.loads(content)
        if type(records) is not dict:
            raise ValueError(place)
        return {key: _record(**fields) for key, fields in records.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, RecursionError):
        # JSON and Unicode errors are ValueErrors; what is nested too deeply has an error apart.
        raise ValueError(words.BROKEN_PROGRESS.format(path=place)) from None


def is_read_only():
    """Return whether the file is there and may not be written: then it is left alone."""
    place = path()
    try:
        # Not asked of the system: an administrator may write everything.
        is_locked = not place.stat().st_mode & stat.S_IWUSR
    except OSError:
        return False
    return is_locked or not os.access(place, os.W_OK)


def note_attempt(key, is_correct):
    """Count an answer that was checked; after the first right one nothing changes any more."""

    def note(record):
        record.attempts += 1
        if is_correct:
            record.solved = datetime.date.today().isoformat()

    _change(key, note)


def note_hint(key, number):
    """Note that a hint was seen before the exercise was solved."""

    def note(record):
        record.hints = max(record.hints, number)

    _change(key, note)


def note_solution(key):
    """Note that the solution was seen before the exercise was solved."""

    def note(record):
        record.saw_solution = True

    _change(key, note)


def _change(key, note):
    """Change an exercise's record in the file, unless it is solved.

    A file that can't be read or written must not come between a learner and the answer: it stays
    as it is, and the map of the course says so.
    """
    try:
        place = path()
        if is_read_only():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{place}.lock", timeout=LOCK_SECONDS, poll_interval=LOCK_SECONDS / 200)
        with lock:
            records = read()
            record = records.setdefault(key, Record())
            if record.solved:
                return
            note(record)
            text = json.dumps({name: asdict(records[name]) for name in sorted(records)}, indent=2)
            with checkpoints.replaced(place) as file:
                file.write(text.encode() + b"\n")
    except (OSError, ValueError, Timeout, NotImplementedError):
        # The last is filelock's word for a folder whose files can't be locked.
        return


def _record(attempts, hints, saw_solution, solved):
    """Return a `Record`, or raise ValueError or TypeError if something else was found."""
    if solved != "":
        datetime.date.fromisoformat(solved)
    counts = (attempts, hints)
    if not (all(type(n) is int and n >= 0 for n in counts) and type(saw_solution) is bool):
        raise ValueError(counts)
    return Record(attempts, hints, saw_solution, solved)
