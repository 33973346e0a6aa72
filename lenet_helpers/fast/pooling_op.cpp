// The kernel's connection with NumPy: checks the numbers, makes the result, calls the kernel.

// `numbers` holds the window's rows and columns, the steps in rows and columns, whether cells that
// fill no whole window are ignored, and whether the average is wanted. Returns false, and has set a
// Python error, if they make no sense.
template <typename Number>
static bool apply_pooling(PyArrayObject* maps, PyArrayObject* numbers, PyArrayObject** pooled) {
    maps = PyArray_GETCONTIGUOUS(maps);
    numbers = PyArray_GETCONTIGUOUS(numbers);
    bool fits = maps && numbers && PyArray_DIM(numbers, 0) == 6;
    if (fits) {
        const npy_int64* number = (const npy_int64*)PyArray_DATA(numbers);
        const int axes = PyArray_NDIM(maps);
        npy_intp shape[NPY_MAXDIMS], n_maps = 1;
        for (int axis = 0; axis < axes; axis++) shape[axis] = PyArray_DIM(maps, axis);
        for (int axis = 0; axis < axes - 2; axis++) n_maps *= shape[axis];
        PoolGeometry g = {shape[axes - 2], shape[axes - 1], number[0],
                          number[1],       number[2],       number[3]};
        fits = g.complete(number[4]);
        shape[axes - 2] = g.out_rows;
        shape[axes - 1] = g.out_columns;
        // Theano hands over the last result, whose memory can be used again.
        if (fits && !(*pooled && PyArray_IS_C_CONTIGUOUS(*pooled) &&
                      PyArray_CompareLists(PyArray_DIMS(*pooled), shape, axes))) {
            Py_XDECREF(*pooled);
            *pooled = (PyArrayObject*)PyArray_EMPTY(axes, shape, PyArray_TYPE(maps), 0);
        }
        if (fits && *pooled) try {
            const npy_intp threads = pooling_threads(g, n_maps);
            const Number* from = (const Number*)PyArray_DATA(maps);
            Number* to = (Number*)PyArray_DATA(*pooled);
            if (number[5])
                pool_maps<Average<Number>>(g, n_maps, threads, from, to);
            else
                pool_maps<Largest<Number>>(g, n_maps, threads, from, to);
        } catch (const std::exception&) {  // bad_alloc
            PyErr_NoMemory();
        }
    }
    Py_XDECREF(maps);
    Py_XDECREF(numbers);
    if (!fits && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "Pooling: windows and steps must be positive");
    return !PyErr_Occurred();
}

// The gradient of the maps, out of the maps, their maxima and the gradients of these.
template <typename Number>
static bool apply_pooling_gradient(PyArrayObject* maps, PyArrayObject* largest,
                                   PyArrayObject* gradients, PyArrayObject* numbers,
                                   PyArrayObject** spread) {
    maps = PyArray_GETCONTIGUOUS(maps);
    largest = PyArray_GETCONTIGUOUS(largest);
    gradients = PyArray_GETCONTIGUOUS(gradients);
    numbers = PyArray_GETCONTIGUOUS(numbers);
    bool fits = maps && largest && gradients && numbers && PyArray_DIM(numbers, 0) == 6;
    if (fits) {
        const npy_int64* number = (const npy_int64*)PyArray_DATA(numbers);
        const int axes = PyArray_NDIM(maps);
        npy_intp shape[NPY_MAXDIMS], n_maps = 1;
        for (int axis = 0; axis < axes; axis++) shape[axis] = PyArray_DIM(maps, axis);
        for (int axis = 0; axis < axes - 2; axis++) n_maps *= shape[axis];
        PoolGeometry g = {shape[axes - 2], shape[axes - 1], number[0],
                          number[1],       number[2],       number[3]};
        fits = g.complete(number[4]);
        shape[axes - 2] = g.out_rows;
        shape[axes - 1] = g.out_columns;
        fits = fits && PyArray_CompareLists(PyArray_DIMS(largest), shape, axes) &&
               PyArray_CompareLists(PyArray_DIMS(gradients), shape, axes);
        if (fits && !(*spread && PyArray_IS_C_CONTIGUOUS(*spread) &&
                      PyArray_CompareLists(PyArray_DIMS(*spread), PyArray_DIMS(maps), axes))) {
            Py_XDECREF(*spread);
            *spread = (PyArrayObject*)PyArray_EMPTY(axes, PyArray_DIMS(maps),
                                                    PyArray_TYPE(maps), 0);
        }
        if (fits && *spread)
            spread_maps(g, n_maps, std::max<npy_intp>(1, std::min(n_maps, pooling_threads(g, n_maps))),
                        (const Number*)PyArray_DATA(maps), (const Number*)PyArray_DATA(largest),
                        (const Number*)PyArray_DATA(gradients), (Number*)PyArray_DATA(*spread));
    }
    for (PyArrayObject* array : {maps, largest, gradients, numbers}) Py_XDECREF(array);
    if (!fits && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "PoolingGradient: the shapes do not fit");
    return !PyErr_Occurred();
}
