"""The layers of LeNet, in plain Theano.

Each layer is an expression: its constructor makes the parameters and writes down `output`, the
formula from `input` to the layer's result. Nothing is computed until ``theano.function`` compiles
the expression. Names and arguments are those of the classic Theano tutorials (deeplearning.net).
"""

from lenet_helpers import checks, shapes, words

import numpy
import theano
from theano import tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal.pool import pool_2d


class LeNetConvPoolLayer:
    """Convolution, max-pooling, bias and tanh.

    Parameters
    ----------
    rng : numpy.random.RandomState
        Draws the weights.
    input : theano.Variable
        The layer's input, shape (batch, input maps, rows, columns), dtype floatX.
    filter_shape : tuple of int
        (filters, input maps, filter rows, filter columns).
    image_shape : tuple of int
        (batch, input maps, rows, columns) of `input`. The batch may be None: the layer serves
        any batch size, whatever stands there.
    poolsize : tuple of int
        (rows, columns) of the pooling window, cells.
    ignore_border : bool
        Whether pooling drops the cells that fill no whole window.

    Attributes
    ----------
    conv_out : theano.Variable
        The feature maps before pooling, bias and tanh, shape (batch, filters, rows, columns).
    output : theano.Variable
        Shape (batch, filters, pooled rows, pooled columns), values from -1 to 1.
    output_shape : tuple of int
        The same as numbers.
    params : list
        [W, b], of shape `filter_shape` and (filters,).

    Raises
    ------
    ValueError
        If a shape does not fit the other, `input` has the wrong axes or dtype, or `rng` draws no
        numbers.
    """

    def __init__(self, rng, input, filter_shape, image_shape, poolsize=(2, 2), ignore_border=True):
        conv_shape = shapes.conv_output_shape(image_shape, filter_shape)
        self.output_shape = shapes.pool_output_shape(conv_shape, poolsize, ignore_border)
        self.input = checks.symbolic(input, 4, theano.config.floatX, type(self).__name__)
        checks.generator(rng, type(self).__name__)

        # The weights start at random in a range that keeps the signal's size from layer to layer.
        bound = shapes.uniform_bound(*shapes.conv_fans(filter_shape, poolsize))
        W_values = rng.uniform(low=-bound, high=bound, size=filter_shape)
        self.W = theano.shared(numpy.asarray(W_values, dtype=theano.config.floatX), name="W")
        b_values = numpy.zeros(filter_shape[0], dtype=theano.config.floatX)
        self.b = theano.shared(b_values, name="b")
        self.params = [self.W, self.b]

        # Telling Theano the shapes makes it faster; the batch is left open on purpose.
        self.conv_out = conv2d(
            input=self.input,
            filters=self.W,
            input_shape=(None, *image_shape[1:]),
            filter_shape=filter_shape,
        )
        pooled_out = pool_2d(self.conv_out, ws=tuple(poolsize), ignore_border=ignore_border)
        # One bias per feature map: dimshuffle gives b the shape (1, filters, 1, 1), which is
        # then added to every image, row and column.
        self.output = T.tanh(pooled_out + self.b.dimshuffle("x", 0, "x", "x"))

    def __repr__(self):
        return f"LeNetConvPoolLayer{self.W.get_value(borrow=True).shape} -> {self.output_shape}"


class HiddenLayer:
    """A fully connected layer: every unit sees every input.

    Parameters
    ----------
    rng : numpy.random.RandomState
        Draws the weights.
    input : theano.Variable
        Shape (batch, n_in), dtype floatX.
    n_in, n_out : int
        Inputs and units.
    activation : callable or None
        Applied to the weighted sums; None leaves them as they are.

    Attributes
    ----------
    output : theano.Variable
        Shape (batch, n_out).
    params : list
        [W, b], of shape (n_in, n_out) and (n_out,).

    Raises
    ------
    ValueError
        If a size is not a positive integer, `input` has the wrong axes or dtype, or `rng` draws
        no numbers.
    """

    def __init__(self, rng, input, n_in, n_out, activation=T.tanh):
        n_in = shapes.positive_integer(n_in, words.NAME_N_IN)
        n_out = shapes.positive_integer(n_out, words.NAME_N_OUT)
        self.input = checks.symbolic(input, 2, theano.config.floatX, type(self).__name__)
        checks.generator(rng, type(self).__name__)

        bound = shapes.uniform_bound(n_in, n_out)
        W_values = rng.uniform(low=-bound, high=bound, size=(n_in, n_out))
        self.W = theano.shared(numpy.asarray(W_values, dtype=theano.config.floatX), name="W")
        self.b = theano.shared(numpy.zeros(n_out, dtype=theano.config.floatX), name="b")
        self.params = [self.W, self.b]

        weighted_sums = T.dot(self.input, self.W) + self.b
        self.output = weighted_sums if activation is None else activation(weighted_sums)

    def __repr__(self):
        return "HiddenLayer({} -> {})".format(*self.W.get_value(borrow=True).shape)


class LogisticRegression:
    """The last layer: a softmax that turns inputs into probabilities of the classes.

    Parameters
    ----------
    input : theano.Variable
        Shape (batch, n_in), dtype floatX.
    n_in, n_out : int
        Inputs and classes.

    Attributes
    ----------
    p_y_given_x : theano.Variable
        Probabilities, shape (batch, n_out); every row sums to 1.
    y_pred : theano.Variable
        The most probable class of each image, shape (batch,).
    params : list
        [W, b], of shape (n_in, n_out) and (n_out,), all zeros at the start.

    Raises
    ------
    ValueError
        If a size is not a positive integer, or `input` has the wrong axes or dtype.
    """

    def __init__(self, input, n_in, n_out):
        n_in = shapes.positive_integer(n_in, words.NAME_N_IN)
        n_out = shapes.positive_integer(n_out, words.NAME_N_OUT)
        self.input = checks.symbolic(input, 2, theano.config.floatX, type(self).__name__)
        self.W = theano.shared(numpy.zeros((n_in, n_out), dtype=theano.config.floatX), name="W")
        self.b = theano.shared(numpy.zeros(n_out, dtype=theano.config.floatX), name="b")
        self.params = [self.W, self.b]
        self.p_y_given_x = T.nnet.softmax(T.dot(self.input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)

    def negative_log_likelihood(self, y):
        """Return the cost: the mean of -log(probability of the right class), nats per example.

        Parameters
        ----------
        y : theano.Variable
            The right classes, shape (batch,), whole numbers.
        """
        _check_labels_variable(y)
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        """Return the error: the fraction of images, 0 to 1, whose class is not `y`.

        Parameters
        ----------
        y : theano.Variable
            The right classes, shape (batch,), whole numbers.
        """
        _check_labels_variable(y)
        return T.mean(T.neq(self.y_pred, y))

    def __repr__(self):
        return "LogisticRegression({} -> {})".format(*self.W.get_value(borrow=True).shape)


def _check_labels_variable(y):
    kind = getattr(y, "type", None)
    if getattr(kind, "ndim", None) != 1 or not kind.dtype.startswith(("int", "uint")):
        raise ValueError(words.LABELS_NOT_IVECTOR.format(kind=kind or type(y).__name__))
