"""A lock, so that threads take turns with compiled functions.

JupyterLab delivers what a learner does with a widget in a thread of its own, while cells run in
the main one. A compiled function keeps its inputs in itself until it has run: without the lock a
thread could get the answer to the other's question.
"""

import threading

# One lock for all, held while a function is compiled as well: Theano's compiler is not made for
# two threads either. A thread that has it may take it again.
ONE_AT_A_TIME = threading.RLock()
