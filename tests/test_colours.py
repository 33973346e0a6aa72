"""Colours of figures and widgets: strong enough for weak eyes, and apart for the colour-blind."""

from itertools import combinations
from pathlib import Path

from lenet_helpers import curves, drawing, figures, network_drawing, roofline_drawing, sheets
from lenet_helpers.exercises.exercise import Outcome

import numpy
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

# What outputs stand on in JupyterLab's two themes; pictures bring their own white paper.
PAGES = {"light": "#FFFFFF", "dark": "#111111"}
# WCAG 2.2, level AA: 1.4.3 for text, 1.4.11 for what has to be seen to understand a picture.
TEXT, SIGN = 4.5, 3
# CIEDE2000: about 1 is the least that can be seen, side by side.
APART = 7
# How linear RGB looks without one of the three kinds of cones: Machado, Oliveira, Fernandes,
# "A physiologically-based model for simulation of color vision deficiency" (2009), severity 1.0.
SIGHTS = {
    "full colour": numpy.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
PALETTE = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.RED, figures.GREY)
LINES = {
    "figures": PALETTE,
    "curves": curves.COLOURS,
    "roofline": roofline_drawing.COLOURS,
    "network": (*network_drawing.LAYER_COLOURS, network_drawing.RAYS),
}
# Colours that are all that tells two things in one picture apart.
TOGETHER = {
    "two bars": (figures.BLUE, figures.ORANGE),
    "bars of digits": (figures.BLUE, figures.GREY),
    "speaks for and against": (figures.RED, figures.BLUE),
    "windows of a pooling": (figures.RED, figures.BLUE),
    "cells of a grid": drawing.FILLS[:2] + drawing.FILLS[3:],
    "right and wrong counts": (sheets.RIGHT, sheets.WRONG),
}
PAD = Path(drawing.__file__).parent / "widgets"


def linear(colour):
    shares = numpy.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return numpy.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    """Relative luminance, as WCAG 2 defines it."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    darker, brighter = sorted(map(luminance, (one, other)))
    return (brighter + 0.05) / (darker + 0.05)


def distance(one, other, sight):
    seen = []
    for colour in (one, other):
        shares = (numpy.array(SIGHTS[sight]) @ linear(colour)).clip(0, 1)
        curved = numpy.where(
            shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055
        )
        seen.append(rgb2lab(curved[None, None]))
    return float(deltaE_ciede2000(*seen).item())


def test_contrast_as_wcag_gives_it():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    # The greys that are known for being just enough and just too little.
    assert contrast("#767676", "#FFFFFF") > 4.5 > contrast("#777777", "#FFFFFF")


def test_red_and_green_come_together_without_one_kind_of_cones():
    # Greens of the same lightness as a red, for each kind of sight: chosen by hand.
    assert distance("#B36000", "#7F7C00", "full colour") > 3 * distance(
        "#B36000", "#7F7C00", "deuteranopia"
    )
    # Greys look the same to everyone.
    for sight in SIGHTS:
        assert distance("#000000", "#FFFFFF", sight) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("group", LINES)
def test_lines_can_be_seen_on_paper(group):
    for colour in LINES[group]:
        assert contrast(colour, drawing.PAPER) >= SIGN, colour


def test_letters_can_be_read_on_paper():
    assert set(figures.LETTERS) == set(PALETTE)
    for letters in (*figures.LETTERS.values(), drawing.INK):
        assert contrast(letters, drawing.PAPER) >= TEXT, letters


def test_numbers_can_be_read_on_every_cell():
    for fill in (*drawing.FILLS, figures.SAND, sheets.RIGHT, sheets.WRONG, sheets.HEAD):
        assert contrast(drawing.INK, fill) >= TEXT, fill
    darkest = "#{:02X}{:02X}{:02X}".format(*figures.PALE(1.0, bytes=True)[:3])
    assert contrast(drawing.INK, darkest) >= TEXT


@pytest.mark.parametrize("fill", [drawing.WINNER, drawing.LOST, drawing.MARKED])
def test_a_cell_that_is_a_sign_does_not_rely_on_its_pale_fill(fill):
    fills = numpy.full((3, 3), drawing.PLAIN)
    fills[1, 1] = fill
    empty = numpy.full((3, 3), numpy.nan)
    plain, marked = (
        numpy.asarray(drawing.from_png(drawing.number_grid(empty, kind)).convert("RGB"))
        for kind in (None, fills)
    )
    new = {tuple(colour) for colour in marked[(plain != marked).any(axis=2)].tolist()}
    strongest = max(contrast("#{:02X}{:02X}{:02X}".format(*c), drawing.PAPER) for c in new)
    assert strongest >= SIGN
    assert contrast(drawing.STROKES, drawing.FILLS[drawing.LOST]) >= SIGN


def test_the_right_digits_bar_does_not_rely_on_its_pale_shade():
    png = sheets.bars(numpy.array([0.5, 0.5]), label=0)
    edges = numpy.asarray(drawing.from_png(png).convert("RGB"))[[0, sheets.BAR_HEIGHT - 1]]
    assert (edges == 0).all()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdicts_colour_can_be_seen(page, outcome):
    assert contrast(outcome.value, PAGES[page]) >= SIGN


@pytest.mark.parametrize("page", PAGES)
def test_the_drawing_pads_border_can_be_seen(page):
    border = "#767676"
    assert f"1px solid {border}" in (PAD / "digit_pad.css").read_text(encoding="utf-8")
    assert contrast(border, PAGES[page]) >= SIGN


def test_the_drawing_pads_pen_can_be_seen():
    script = (PAD / "digit_pad.js").read_text(encoding="utf-8")
    for colour in (figures.RED, figures.BLUE):
        assert colour in script
        assert contrast(colour, "#FFFFFF") >= SIGN


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("group", TOGETHER)
def test_colours_that_stand_together_stay_apart(group, sight):
    for one, other in combinations(TOGETHER[group], 2):
        assert distance(one, other, sight) >= APART, (one, other)


@pytest.mark.parametrize("sight", SIGHTS)
def test_curves_differ_in_strokes_or_stay_apart(sight):
    styles = [
        (colour, curves.LINE_STYLES[number % len(curves.LINE_STYLES)])
        for number, colour in enumerate(curves.COLOURS)
    ]
    for (one, strokes), (other, other_strokes) in combinations(styles, 2):
        assert strokes != other_strokes or distance(one, other, sight) >= APART


def test_pictures_have_white_paper_of_their_own():
    # So they look the same in the dark theme.
    figure = figures.error_curve([1, 2], [0.5, 0.25], "it")
    for png in (figures.to_png(figure), drawing.number_grid(numpy.ones((2, 2)))):
        image = drawing.from_png(png).convert("RGBA")
        assert isinstance(image, Image.Image)
        assert image.getextrema()[3] == (255, 255)
