"""Helpers of the LeNet course: layers, data, training, figures and widgets.

Importing the package, or any module of it, sets Theano up; so import it before Theano.
The README shows which module builds on which: arrows point one way only.
"""

from lenet_helpers import engine, theano_setup

__version__ = "0.1.0"

theano_setup.configure()
engine.await_theano()
