"""Operations and bytes, counted here one at a time, and what a machine allows."""

from itertools import product

from lenet_helpers import work
from lenet_helpers.design import LeNetDesign
from lenet_helpers.fast.rewrites import stock_mode
from lenet_helpers.lenet import LeNet
from lenet_helpers.profiling import training_step

import numpy
import pytest

IMAGES, FILTERS, WINDOW = (3, 2, 9, 8), (4, 2, 3, 2), (2, 3)
DESIGN = LeNetDesign((3, 5), ((3, 2), (2, 2)), ((2, 3), (2, 2)), 7, 4, (16, 17), 2)


class Counted:
    """Feature maps, pooled and bent in loops; every operation and every array is noted."""

    def __init__(self, images_shape, filter_shape, window):
        self.multiply_adds = self.compared = 0
        batch, channels, rows, columns = images_shape
        filters, _, height, width = filter_shape
        self.maps = numpy.zeros((batch, filters, rows - height + 1, columns - width + 1))
        for _ in product(*map(range, self.maps.shape)):
            for _ in product(range(channels), range(height), range(width)):
                self.multiply_adds += 1
        n_rows, n_columns = self.maps.shape[2] // window[0], self.maps.shape[3] // window[1]
        self.pooled = numpy.zeros((batch, filters, n_rows, n_columns))
        for _ in product(*map(range, self.pooled.shape)):
            for _ in product(*map(range, window)):
                self.compared += 1
        self.images, self.filters = numpy.zeros(images_shape), numpy.zeros(filter_shape)


@pytest.fixture(scope="module")
def counted():
    return Counted(IMAGES, FILTERS, WINDOW)


def n_bytes(*arrays):
    return sum(array.astype("float32").nbytes for array in arrays)


def test_the_work_of_a_convolution(counted):
    moved = n_bytes(counted.images, counted.filters, counted.maps)
    assert work.convolution(IMAGES, FILTERS) == (2 * counted.multiply_adds, moved)


def test_the_work_of_pooling(counted):
    moved = n_bytes(counted.maps, counted.pooled)
    assert work.max_pooling(counted.maps.shape, WINDOW) == (counted.compared, moved)


def test_the_work_of_the_gradient_of_pooling(counted):
    moved = n_bytes(counted.maps, counted.pooled, counted.pooled, counted.maps)
    assert work.pool_gradient(counted.maps.shape, WINDOW) == (counted.compared, moved)


def test_a_layer_in_one_computes_the_same_and_moves_less(counted):
    shape = counted.pooled.shape
    parts = work.convolution(IMAGES, FILTERS), work.max_pooling(counted.maps.shape, WINDOW)
    parts += (work.bias_tanh(shape),)
    assert parts[2] == (2 * counted.pooled.size, 2 * n_bytes(counted.pooled))
    together = work.conv_pool(IMAGES, FILTERS, WINDOW)
    assert together.operations == sum(part.operations for part in parts)
    assert together.n_bytes == n_bytes(counted.images, counted.filters, counted.pooled)
    apart = work.total(parts)
    assert apart.n_bytes - together.n_bytes == 2 * n_bytes(counted.maps, counted.pooled)


def test_the_layers_of_the_courses_lenet():
    convolutions, gradients = work.lenet_convolutions(6), work.lenet_pool_gradients(6)
    assert convolutions.operations == 6 * 2 * (288_000 + 1_600_000)
    assert gradients.operations == 6 * (20 * 24 * 24 + 50 * 8 * 8)
    assert gradients.intensity == pytest.approx(0.1)


def test_the_layers_of_another_lenet():
    counts = [
        Counted((6, *DESIGN.image_shape(number)[1:]), layer.weight_shape, layer.steps[1].window)
        for number, layer in enumerate(DESIGN.layers()[:2])
    ]
    convolutions = work.lenet_convolutions(6, DESIGN)
    assert convolutions.operations == sum(2 * count.multiply_adds for count in counts)
    moved = [n_bytes(count.images, count.filters, count.maps) for count in counts]
    assert convolutions.n_bytes == sum(moved)
    layers = work.lenet_layers(6, DESIGN)
    bent = [2 * count.pooled.size + count.compared for count in counts]
    assert layers.operations == convolutions.operations + sum(bent)
    moved = [n_bytes(count.images, count.filters, count.pooled) for count in counts]
    assert layers.n_bytes == sum(moved)
    gradients = work.lenet_pool_gradients(6, DESIGN)
    assert gradients.operations == sum(count.compared for count in counts)
    assert gradients.n_bytes == sum(2 * n_bytes(count.maps, count.pooled) for count in counts)


def test_a_training_steps_multiply_adds():
    # By hand: 20 x 24 x 24 x 25, 50 x 8 x 8 x 500, 800 x 500 and 500 x 10.
    first, second, dense = 288_000, 1_600_000, 405_000
    wanted = {
        "CorrMM": first + second,
        "CorrMM_gradWeights": first + second,
        "CorrMM_gradInputs": second,
        "Dot22": 2 * dense,
        "Gemm": dense,
    }
    assert work.training_multiply_adds() == wanted
    assert list(work.training_multiply_adds(DESIGN)) == list(wanted)
    winners = work.training_multiply_adds(winners_only=True)
    assert winners["CorrMM_gradWeights"] == (first + second) // 4
    assert winners["CorrMM_gradInputs"] == second // 4
    assert {name: winners[name] for name in ("CorrMM", "Dot22", "Gemm")} == {
        name: wanted[name] for name in ("CorrMM", "Dot22", "Gemm")
    }


def test_winners_are_counted_where_windows_leave_cells_over():
    # Layer 0's maps of 14 x 16 hold 7 x 5 windows, layer 1's of 6 x 4 hold 3 x 2.
    winners = work.training_multiply_adds(DESIGN, winners_only=True)
    first, second = 3 * 7 * 5 * (2 * 3 * 2), 5 * 3 * 2 * (3 * 2 * 2)
    assert winners["CorrMM_gradWeights"] == first + second
    assert winners["CorrMM_gradInputs"] == second


def test_the_names_are_those_of_stock_theanos_ops():
    step = training_step(LeNet(), stock_mode())
    names = [type(node.op).__name__ for node in step.maker.fgraph.toposort()]
    counts = {name: names.count(name) for name in work.training_multiply_adds()}
    assert counts == {
        "CorrMM": 2,
        "CorrMM_gradWeights": 2,
        "CorrMM_gradInputs": 1,
        "Dot22": 4,
        "Gemm": 2,
    }


def test_a_machines_limits():
    machine = work.Machine(peak=100.0, bandwidth=20.0)
    assert machine.ridge == 5
    assert [machine.attainable(n) for n in (0.1, 5, 50)] == [2, 100, 100]
    assert machine.least_seconds(work.Work(1000, 10)) == 10
    assert machine.least_seconds(work.Work(10, 1000)) == 50
    assert work.Work(10, 1000).intensity == 0.01
