"""Answers to lesson 2's exercises."""

import math

import numpy


def _is_pooled(my_pooled):
    feature_map = numpy.random.RandomState(1).rand(3, 2, 5, 5)[1, 0]
    right = feature_map[:4, :4].reshape(2, 2, 2, 2).max(axis=(1, 3))
    return numpy.allclose(numpy.array(my_pooled, dtype=float), right, atol=0.01)


def _pools(my_max_pool):
    rng = numpy.random.RandomState(7)
    for _ in range(300):
        x = rng.randn(*rng.randint(2, 9, size=2))
        p, q = (int(n) for n in rng.randint(1, 5, size=2))
        for ignore_border in (True, False):
            rounded = math.floor if ignore_border else math.ceil
            rows, columns = rounded(len(x) / p), rounded(x.shape[1] / q)
            right = numpy.full((rows, columns), -numpy.inf)
            for i, j in numpy.ndindex(*x.shape):
                if i // p < rows and j // q < columns:
                    right[i // p, j // q] = max(right[i // p, j // q], x[i, j])
            found = numpy.asarray(my_max_pool(x.copy(), (p, q), ignore_border))
            if right.size == 0:
                continue  # arrays without cells come in many shapes
            if found.shape != right.shape or not numpy.allclose(found, right):
                return False
    return True


IS_RIGHT = {"pool_by_hand": _is_pooled, "write_max_pool": _pools}
RIGHT = {
    "pool_by_hand": [
        "my_pooled = numpy.array([[0.679, 0.589], [0.664, 0.945]])",
        "my_pooled = ((0.68, 0.59), (0.66, 0.94))",
        "my_pooled = pool_ignoring(invals)[1, 0]",
        "my_pooled = max_pool(invals[1, 0], (2, 2), True)",
    ],
    "write_max_pool": [
        "my_max_pool = max_pool",
        """\
def my_max_pool(feature_map, poolsize, ignore_border):
    p, q = poolsize
    cut = [n // s if ignore_border else -(-n // s) for n, s in zip(feature_map.shape, poolsize)]
    cells = [
        [max(v for row in feature_map[i * p : i * p + p] for v in row[j * q : j * q + q])
         for j in range(cut[1])]
        for i in range(cut[0])
    ]
    return numpy.array(cells).reshape(cut)""",
        "my_max_pool = lambda m, size, border: pool_2d(m, ws=size, ignore_border=border).eval()",
    ],
}
WRONG = {
    "pool_by_hand": [
        ("my_pooled = pool_keeping(invals)[1, 0]", "3 x 3"),
        ("my_pooled = invals[1, 0]", "(5, 5)"),
        ("my_pooled = 0.679", "()"),
        ('my_pooled = "0.679"', "text"),
        ("my_pooled = [[0.7, 0.6], [0.7]]", "can't be read"),
        ("my_pooled = [[numpy.nan, 1], [1, 1]]", "NaN"),
        ("my_pooled = max_pool", "can't be read"),
        ("my_pooled = None", "can't be read"),
    ],
    "write_max_pool": [
        ("my_max_pool = 3", "no function"),
        ("def my_max_pool(*_):\n    pass", "returned nothing"),
        ("def my_max_pool(*_):\n    while True:\n        pass", "never"),
        ("def my_max_pool(x, p, q, r):\n    return 1", "TypeError"),
        ("def my_max_pool(m, p, b):\n    return m[99]", "return m[99]"),
        ("def my_max_pool(m, p, b):\n    return 'big'", "text"),
        ("def my_max_pool(m, p, b):\n    raise SystemExit", "SystemExit"),
        ("my_max_pool = lambda m, p, b: max_pool(m, p, True)", "shape"),
        ("my_max_pool = lambda m, p, b: max_pool(m, p[::-1], b)", "shape"),
        ("my_max_pool = lambda m, p, b: max_pool(abs(m), p, b)", "would be right"),
        ("my_max_pool = lambda m, p, b: numpy.maximum(max_pool(m, p, b), 0)", "would be right"),
    ],
}
