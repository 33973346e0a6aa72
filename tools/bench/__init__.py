"""Where every claim of speed is measured: `make bench`, `python -m tools.bench --help`.

A topic is a module with `measure`, which returns figures that JSON can hold, and `tables`, which
shows them: `training`, `epoch`, `start`, `convolution`, `explorers`. Contestants (`contestants`)
are processes of their own (`worker`, and one module for each library) that are asked in turn.
"""

import os

# As it was given: `lenet_helpers` adds its settings when it is imported, and they are no
# contestant's but its own.
ENVIRONMENT = dict(os.environ)
