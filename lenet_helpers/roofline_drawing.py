"""The roofline of a machine, with points for what runs on it, drawn by Pillow."""

from math import ceil, floor, log10
from typing import NamedTuple

from lenet_helpers import drawing, figures, words

from PIL import Image, ImageDraw

WIDTH, HEIGHT, LETTERS, LINE = 900, 380, 14, 20
LEFT, TOP, RIGHT, BOTTOM = 74, 28, 640, 326
KEY_LEFT, KEY_TOP, DOT = 662, 34, 6
LOWEST_INTENSITY, HIGHEST_INTENSITY = 0.03, 10000
GIGA = 1e9
# Room above the roof, so that a point on it has room for its number.
HEADROOM = 2.5
COLOURS = (figures.GREY, figures.BLUE, figures.RED, figures.GREEN)


class Point(NamedTuple):
    """Something that runs.

    Attributes
    ----------
    label : str
        What it is, for the key beside the picture.
    intensity : float
        Operations a byte.
    speed : float
        Operations a second.
    group : int
        Which of four colours it gets, from 0.
    """

    label: str
    intensity: float
    speed: float
    group: int = 0


def roofline(machine, points):
    """Draw what a machine can do at each arithmetic intensity, and where some points stand.

    Both axes are logarithmic: each step multiplies. Below the roof are all speeds that are
    possible; its slope is the machine's bandwidth, its flat part its peak.

    Parameters
    ----------
    machine : lenet_helpers.work.Machine
        The machine.
    points : sequence of Point
        Numbered from 1 in the picture, and named in the key beside it; one outside of the axes
        is drawn at their edge.

    Returns
    -------
    bytes
        A PNG file.
    """
    lowest = min([machine.attainable(LOWEST_INTENSITY), *(point.speed for point in points)]) / GIGA
    axes = _Axes(lowest / HEADROOM, machine.peak / GIGA * HEADROOM)
    paper = Image.new("RGB", (WIDTH, HEIGHT), drawing.PAPER)
    draw = ImageDraw.Draw(paper)
    _draw_axes(paper, draw, axes)
    ends = (LOWEST_INTENSITY, min(machine.ridge, HIGHEST_INTENSITY), HIGHEST_INTENSITY)
    roof = [axes.place(x, machine.attainable(x) / GIGA) for x in ends]
    draw.line(roof, drawing.INK, 3)
    heads = []
    for number, point in enumerate(points, 1):
        across, down = axes.place(point.intensity, point.speed / GIGA)
        box = (across - DOT, down - DOT, across + DOT, down + DOT)
        draw.ellipse(box, COLOURS[point.group], drawing.PAPER)
        letters = figures.LETTERS[COLOURS[point.group]]
        head = down - DOT - LINE
        # Points that lie together get their numbers one above the other.
        while any(abs(across - x) < LINE and abs(head - y) < LETTERS for x, y in heads):
            head -= LETTERS
        heads.append((across, head))
        draw.text(
            (across, head),
            str(number),
            letters,
            drawing.font(LETTERS),
            anchor="ma",
            # Its letters can be read on the roof's line, too.
            stroke_width=2,
            stroke_fill=drawing.PAPER,
        )
        top = KEY_TOP + 2 * LINE * (number - 1)
        speed = words.ROOF_SPEED.format(speed=short(point.speed / GIGA))
        _write(paper, f"{number}  {point.label}", KEY_LEFT, top, 0, letters)
        _write(paper, speed, KEY_LEFT + LINE, top + LINE - 2, 0)
    return drawing.to_png(paper)


def measured(machine, runs):
    """Draw what was measured under the roof of a machine.

    Parameters
    ----------
    machine : lenet_helpers.work.Machine
        The machine.
    runs : dict
        {what ran: (its `Work`, seconds)}.

    Returns
    -------
    tuple
        The bytes of a PNG file, and the sentence that says what it shows.
    """
    points = [
        Point(label, work.intensity, work.operations / seconds, number % len(COLOURS))
        for number, (label, (work, seconds)) in enumerate(runs.items())
    ]
    found = "; ".join(
        words.ROOF_POINT.format(
            label=point.label,
            speed=short(point.speed / GIGA),
            percent=100 * point.speed / machine.attainable(point.intensity),
        )
        for point in points
    )
    sentence = words.ROOF_MEASURED.format(
        peak=short(machine.peak / GIGA), bandwidth=short(machine.bandwidth / GIGA), points=found
    )
    return roofline(machine, points), sentence


def short(value):
    """Return a number above 0 with its first three digits, and never as a power of ten."""
    return f"{value:,.{max(0, 2 - floor(log10(value)))}f}"


class _Axes(NamedTuple):
    """The range of speeds, GFLOP/s; that of intensities is always the same."""

    lowest: float
    highest: float

    def place(self, intensity, speed):
        """Return where a point lies, pixels from the left and from the top."""
        right = _share(intensity, LOWEST_INTENSITY, HIGHEST_INTENSITY)
        up = _share(speed, self.lowest, self.highest)
        return round(LEFT + right * (RIGHT - LEFT)), round(BOTTOM - up * (BOTTOM - TOP))


def _draw_axes(paper, draw, axes):
    for power in _powers(LOWEST_INTENSITY, HIGHEST_INTENSITY):
        across, _ = axes.place(10.0**power, axes.lowest)
        draw.line((across, TOP, across, BOTTOM), drawing.LINES)
        _write(paper, f"{10.0**power:,g}", across, BOTTOM + 4, 0.5)
    for power in _powers(axes.lowest, axes.highest):
        _, down = axes.place(LOWEST_INTENSITY, 10.0**power)
        draw.line((LEFT, down, RIGHT, down), drawing.LINES)
        _write(paper, f"{10.0**power:,g}", LEFT - 6, down - LINE // 2, 1)
    draw.rectangle((LEFT, TOP, RIGHT, BOTTOM), None, drawing.LINES)
    _write(paper, words.AXIS_INTENSITY, (LEFT + RIGHT) // 2, BOTTOM + 4 + LINE, 0.5)
    _write(paper, words.AXIS_SPEED, 6, TOP - LINE - 4, 0)


def _powers(lowest, highest):
    """Return the powers of ten in a range."""
    return range(ceil(log10(lowest)), floor(log10(highest)) + 1)


def _share(value, lowest, highest):
    """Return where a value lies in a range, from 0 to 1, in logarithms."""
    inside = min(max(value, lowest), highest)
    return log10(inside / lowest) / log10(highest / lowest)


def _write(paper, text, across, top, share, colour=drawing.INK):
    """Write a line; `share` of its width stands to the left of `across`."""
    letters = drawing.line_of_letters(text, LETTERS, LINE)
    paper.paste(colour, (round(across - share * letters.width), top), letters)
