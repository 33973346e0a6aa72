// The kernel's connection with NumPy: checks the numbers, makes the result, calls the kernel.

namespace {

// What is to be pooled: maps along the last two axes, and the shape of the result.
struct Pooled {
    PoolGeometry g;
    npy_intp n_maps = 1, shape[NPY_MAXDIMS];
    bool wants_average;

    // `numbers` holds the window's rows and columns, the steps in rows and columns, whether cells
    // that fill no whole window are ignored, and whether the average is wanted. False, with a
    // Python error set, if they make no sense.
    bool complete(const Contiguous& maps, const Contiguous& numbers) {
        const int axes = PyArray_NDIM(maps.array);
        for (int axis = 0; axis < axes; axis++) shape[axis] = maps.size(axis);
        for (int axis = 0; axis < axes - 2; axis++) n_maps *= shape[axis];
        const npy_int64* number = numbers.data<npy_int64>();
        bool make_sense = numbers.size(0) == 6;
        if (make_sense) {
            g = {shape[axes - 2], shape[axes - 1], number[0], number[1], number[2], number[3]};
            make_sense = g.complete(number[4]);
            wants_average = number[5];
        }
        if (!make_sense) {
            PyErr_SetString(PyExc_ValueError, "Pooling: windows and steps must be positive");
            return false;
        }
        shape[axes - 2] = g.out_rows;
        shape[axes - 1] = g.out_columns;
        return true;
    }

    npy_intp threads() const { return pooling_threads(g, n_maps); }
};

// Returns false, and has set a Python error, if the numbers make no sense.
template <typename Number>
bool apply_pooling(PyArrayObject* maps_, PyArrayObject* numbers_, PyArrayObject** pooled) {
    const Contiguous maps(maps_), numbers(numbers_);
    Pooled p;
    if (!maps.array || !numbers.array || !p.complete(maps, numbers)) return false;
    if (!make_array(pooled, PyArray_NDIM(maps.array), p.shape, PyArray_TYPE(maps.array)))
        return false;
    const Number* from = maps.data<Number>();
    Number* to = (Number*)PyArray_DATA(*pooled);
    return run_without_python([&] {
        if (p.wants_average)
            pool_maps<Average<Number>>(p.g, p.n_maps, p.threads(), from, to);
        else
            pool_maps<Largest<Number>>(p.g, p.n_maps, p.threads(), from, to);
    });
}

// The gradient of the maps, out of the maps, their maxima and the gradients of these.
template <typename Number>
bool apply_pooling_gradient(PyArrayObject* maps_, PyArrayObject* largest_,
                            PyArrayObject* gradients_, PyArrayObject* numbers_,
                            PyArrayObject** spread) {
    const Contiguous maps(maps_), largest(largest_), gradients(gradients_), numbers(numbers_);
    if (!maps.array || !largest.array || !gradients.array || !numbers.array) return false;
    Pooled p;
    if (!p.complete(maps, numbers)) return false;
    const int axes = PyArray_NDIM(maps.array);
    for (const Contiguous* part : {&largest, &gradients})
        if (!PyArray_CompareLists(PyArray_DIMS(part->array), p.shape, axes)) {
            PyErr_SetString(PyExc_ValueError, "PoolingGradient: the shapes do not fit");
            return false;
        }
    if (!make_array(spread, axes, PyArray_DIMS(maps.array), PyArray_TYPE(maps.array)))
        return false;
    Number* to = (Number*)PyArray_DATA(*spread);
    return run_without_python([&] {
        const npy_intp threads = std::max<npy_intp>(1, std::min(p.n_maps, p.threads()));
        spread_maps(p.g, p.n_maps, threads, maps.data<Number>(), largest.data<Number>(),
                    gradients.data<Number>(), to);
    });
}

}  // namespace
