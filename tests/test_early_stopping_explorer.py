"""The early-stopping explorer: what it says and draws, against the replay and the records."""

import json
import re

from lenet_helpers import curves, figures, paths, words
from lenet_helpers.early_stopping import EarlyStopping, replay
from lenet_helpers.explorers import early_stopping

import numpy
import pytest

from tests.test_explorers import captions, is_impossible, sentence, shown, walk

SENTENCE = re.compile(
    r"(?:Patience would have run out at iteration ([\d,]+) of ([\d,]+)\."
    r"|Patience would not have run out in these ([\d,]+) iterations; it stood at ([\d,]+)\.)"
    r" The best until then: validation error ([\d.]+) % at iteration ([\d,]+), with test error "
    r"([\d.]+) %\. (?:All in all the best is ([\d.]+) %, at iteration ([\d,]+), with test error "
    r"([\d.]+) %|The whole record holds no better one)\."
)
RULES = [(200, 1.0, 0.995), (300, 1.5, 0.9), (1000, 2.0, 0.995), (10000, 2.0, 0.995)]
OWN = [(5, 0.5, 0.45), (10, 0.25, 0.2), (15, 0.3, None), (20, 0.125, 0.1)]


def stored(name):
    path = paths.DATA_FOLDER / f"{name}_run.json"
    return json.loads(path.read_text(encoding="ascii"))["validations"]


def number(text):
    return float(text.replace(",", ""))


def check_sentence(text, record, *rule):
    """Read the numbers of a sentence, and compare each with the replay and with the record."""
    patience, increase, threshold = rule
    told = f"Patience {patience:,}, increase {increase:g}, threshold {threshold:g}. "
    assert text.startswith(told)
    found = SENTENCE.fullmatch(text.removeprefix(told))
    assert found, text
    groups = [group and number(group) for group in found.groups()]
    end, of, never, patience, error, best, test, all_error, all_best, all_test = groups
    wanted = replay(record, EarlyStopping(*rule))
    if wanted.out_of_patience:
        assert (end, of) == (wanted.iteration, record[-1][0])
    else:
        assert never == record[-1][0] == wanted.iteration
        assert patience == round(wanted.patience[-1][1])
    assert best == wanted.best_iteration
    until = [row for row in record if row[0] <= wanted.iteration]
    lowest = min(until, key=lambda row: row[1])
    assert best == lowest[0]
    assert (error, test) == tuple(round(100 * value, 2) for value in lowest[1:])
    lowest = min(record, key=lambda row: row[1])
    if lowest[0] == best:
        assert all_best is None
    else:
        assert (all_error, all_test) == tuple(round(100 * value, 2) for value in lowest[1:])
        assert all_best == lowest[0] > wanted.iteration


@pytest.mark.parametrize("name", ["mnist", "digits"])
@pytest.mark.parametrize("rule", RULES)
def test_the_sentence_is_the_replays(name, rule):
    record = stored(name)
    check_sentence(early_stopping.draw_replay(record, *rule).sentence, record, *rule)


@pytest.mark.parametrize(
    "rule", [(10, 1.0, 1.0), (10, 2.0, 0.5), (15, 1.5, 0.995), (100, 2.0, 0.995)]
)
def test_the_sentence_of_a_record_of_ones_own(rule):
    check_sentence(early_stopping.draw_replay(OWN, *rule).sentence, OWN, *rule)


def test_the_picture_is_the_replays():
    record = stored("digits")
    wanted = replay(record, EarlyStopping(1000, 1.5, 0.995))
    figure = curves.early_stopping(
        record, (wanted.iteration, wanted.best_iteration), wanted.patience
    )
    (picture,) = early_stopping.draw_replay(record, 1000, 1.5, 0.995).pictures
    assert picture.caption == words.CAPTION_REPLAY
    assert picture.png == figures.to_png(figure)


def test_what_can_not_be_replayed():
    with pytest.raises(ValueError, match="no validation"):
        early_stopping.draw_replay([], 1000, 2, 0.995)
    with pytest.raises(ValueError, match="at least 200"):
        early_stopping.draw_replay(stored("mnist"), 199, 2, 0.995)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_walk_over_all_controls(seed):
    explorer = early_stopping.explore_early_stopping(OWN)
    random, names = numpy.random.RandomState(seed), set()
    records = {name: stored(name) for name in ("mnist", "digits")}
    records["own"] = OWN
    for name in walk(explorer, random, 25):
        names.add(name)
        settings = explorer.settings()
        record = records[settings.pop("record")]
        # Every patience of the slider is one that the records allow.
        assert not is_impossible(explorer)
        check_sentence(sentence(explorer), record, *settings.values())
        assert captions(explorer) == [words.CAPTION_REPLAY]
    assert names == set(explorer.controls)


def test_the_records_to_choose_from():
    explorer = early_stopping.explore_early_stopping()
    assert [value for _, value in explorer.controls["record"].options] == [
        "mnist",
        "digits",
    ]
    before = shown(explorer)
    own = early_stopping.explore_early_stopping(OWN)
    own.controls["record"].value = "own"
    assert shown(own) != before
    assert "of 20" in sentence(own) or "these 20 iterations" in sentence(own)


def test_a_record_of_ones_own_that_is_empty_is_said():
    explorer = early_stopping.explore_early_stopping([])
    explorer.controls["record"].value = "own"
    assert is_impossible(explorer)
    assert words.NOTHING_RECORDED in sentence(explorer)
    explorer.controls["record"].value = "digits"
    assert not is_impossible(explorer)


def test_the_stand_in_tells_of_three_rules():
    explorer = early_stopping.explore_early_stopping()
    before = explorer.stand_in()
    png, text = before
    assert png.startswith(b"\x89PNG")
    record = stored("mnist")
    for place, rule in enumerate([(10000, 2.0, 0.995), (1000, 1.5, 0.995), (10000, 2.0, 0.9)], 1):
        told = early_stopping.draw_replay(record, *rule).sentence
        assert f"({place}) {told}" in text
        check_sentence(told, record, *rule)
    explorer.controls["patience"].value = 200
    assert explorer.stand_in() == before
