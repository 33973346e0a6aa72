"""The network: four layers stacked, and functions that run it on arrays."""

from functools import cached_property

from lenet_helpers import checks, pictures, words
from lenet_helpers.design import LeNetDesign
from lenet_helpers.layers import HiddenLayer, LeNetConvPoolLayer, LogisticRegression

import numpy
import theano
from theano import tensor as T

SEED = 23455
# Images that run at once where the whole of a large set is asked for: enough to be fast, few
# enough to keep the feature maps of a minibatch small.
CHUNK = 500


class LeNet:
    """A LeNet with two convolution-pooling layers, a hidden layer and a softmax.

    Parameters
    ----------
    design : LeNetDesign, optional
        The sizes; without it, the course's network of 431,080 parameters.
    seed : int, optional
        Seeds the generator that draws the weights of layer 0, layer 1 and layer 2, in this order.

    Raises
    ------
    ValueError
        If `design` is something else.

    Attributes
    ----------
    x : theano.Variable
        Images as rows of pixels, shape (batch, pixels), dtype floatX.
    y : theano.Variable
        The right classes, shape (batch,), dtype int32.
    layer0, layer1, layer2, layer3
        The layers.
    cost : theano.Variable
        Mean negative log-likelihood, nats per example.
    params : list
        All weights and biases, the last layer's first.
    """

    def __init__(self, design=None, seed=SEED):
        self.design = design = LeNetDesign() if design is None else design
        if not isinstance(design, LeNetDesign):
            raise ValueError(words.NOT_A_DESIGN.format(value=design))
        rng = numpy.random.RandomState(seed)
        self.x = T.matrix("x")
        self.y = T.ivector("y")

        layer0_input = self.x.reshape((self.x.shape[0], *design.image_shape()[1:]))
        self.layer0 = LeNetConvPoolLayer(
            rng,
            input=layer0_input,
            filter_shape=design.layers()[0].weight_shape,
            image_shape=design.image_shape(),
            poolsize=design.poolsizes[0],
            ignore_border=design.ignore_border,
        )
        self.layer1 = LeNetConvPoolLayer(
            rng,
            input=self.layer0.output,
            filter_shape=design.layers()[1].weight_shape,
            image_shape=self.layer0.output_shape,
            poolsize=design.poolsizes[1],
            ignore_border=design.ignore_border,
        )
        self.layer2 = HiddenLayer(
            rng,
            input=self.layer1.output.flatten(2),
            n_in=design.layers()[2].weight_shape[0],
            n_out=design.n_hidden,
        )
        self.layer3 = LogisticRegression(
            input=self.layer2.output, n_in=design.n_hidden, n_out=design.n_classes
        )
        self.cost = self.layer3.negative_log_likelihood(self.y)
        self.params = (
            self.layer3.params + self.layer2.params + self.layer1.params + self.layer0.params
        )

    def probabilities(self, images):
        """Return the probability of each class, shape (batch, classes), every row's sum 1.

        Parameters
        ----------
        images : array_like
            (batch, pixels), (batch, rows, columns) or (batch, channels, rows, columns), any
            batch size; pixels from 0 to 1.

        Raises
        ------
        ValueError
            If the shape is none of these, the batch is empty, or a pixel is no number from 0 to 1.
        """
        rows = self._rows(images)
        return numpy.concatenate([self._probabilities(chunk) for chunk in chunks(rows)])

    def predict(self, images):
        """Return the most probable class of each image, shape (batch,), whole numbers.

        `images` as for `probabilities`.
        """
        return self.probabilities(images).argmax(axis=1)

    def predict_picture(self, picture):
        """Return the probabilities of the classes for one picture of a digit, shape (classes,).

        Parameters
        ----------
        picture : array_like, PIL.Image.Image, str or path
            One grey or colour picture of any size, as `pictures.prepare_digit` takes it.

        Raises
        ------
        ValueError
            If it is no picture, holds NaN or has no ink, or the network does not take 28 x 28.
        """
        return self.probabilities(pictures.prepare_digit(picture)[numpy.newaxis])[0]

    def error(self, images, labels):
        """Return the error: the fraction of images, 0 to 1, that get a wrong class.

        Parameters
        ----------
        images : array_like
            As for `probabilities`.
        labels : array_like
            The right classes, whole numbers, one for each image.
        """
        rows = self._rows(images)
        labels = checks.class_labels(labels, len(rows), self.design.n_classes)
        pairs = zip(chunks(rows), chunks(labels), strict=True)
        return sum(int(self._n_wrong(*pair)) for pair in pairs) / len(rows)

    def mean_cost(self, images, labels):
        """Return the cost, nats per example; arguments as for `error`."""
        rows = self._rows(images)
        labels = checks.class_labels(labels, len(rows), self.design.n_classes)
        pairs = zip(chunks(rows), chunks(labels), strict=True)
        return sum(float(self._cost(*pair)) * len(pair[0]) for pair in pairs) / len(rows)

    def feature_maps(self, images):
        """Return the outputs of layer 0 and layer 1, each (batch, maps, rows, columns).

        `images` as for `probabilities`; meant for a few of them.
        """
        return tuple(self._feature_maps(self._rows(images)))

    def get_values(self):
        """Return copies of all parameters' arrays, in the order of `params`."""
        return [param.get_value() for param in self.params]

    def set_values(self, values):
        """Set all parameters, in the order of `params`; raise ValueError if a shape differs."""
        values = [numpy.asarray(value, dtype=theano.config.floatX) for value in values]
        found = [value.shape for value in values]
        wanted = [param.get_value(borrow=True).shape for param in self.params]
        if found != wanted:
            raise ValueError(words.PARAMETER_SHAPES.format(found=found, wanted=wanted))
        for param, value in zip(self.params, values, strict=True):
            param.set_value(value)

    def __repr__(self):
        return f"LeNet({self.layer0}, {self.layer1}, {self.layer2}, {self.layer3})"

    def _rows(self, images):
        return checks.image_rows(images, self.design.image_shape(), theano.config.floatX)

    # Functions are compiled when they are first asked for: building a network costs nothing.

    @cached_property
    def _probabilities(self):
        return theano.function([self.x], self.layer3.p_y_given_x)

    @cached_property
    def _n_wrong(self):
        return theano.function([self.x, self.y], T.sum(T.neq(self.layer3.y_pred, self.y)))

    @cached_property
    def _cost(self):
        return theano.function([self.x, self.y], self.cost)

    @cached_property
    def _feature_maps(self):
        return theano.function([self.x], [self.layer0.output, self.layer1.output])


def chunks(array):
    """Cut an array along its first axis into a list of parts that run at once."""
    return [array[start : start + CHUNK] for start in range(0, len(array), CHUNK)]
