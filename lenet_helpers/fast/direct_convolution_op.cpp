// The kernel's connection with NumPy: checks the arrays, makes the result, calls the kernel.

// Fills g; false if the arrays do not fit together. `number` holds the zeros at each end of the
// rows and of the columns, and the steps in rows and columns.
static bool fill_geometry(PyArrayObject* images, PyArrayObject* filters, const npy_int64* number,
                          Geometry& g) {
    const npy_intp *image = PyArray_DIMS(images), *filter = PyArray_DIMS(filters);
    g = {image[1],  image[2],  image[3],  filter[0], filter[2],
         filter[3], number[0], number[1], number[2], number[3]};
    // More zeros than this could overflow a size.
    const npy_int64 most = (npy_int64)1 << 40;
    return image[1] == filter[1] && filter[2] > 0 && filter[3] > 0 && 0 <= number[0] &&
           number[0] <= most && 0 <= number[1] && number[1] <= most && number[2] > 0 &&
           number[3] > 0 && g.complete();
}

// Returns false, and has set a Python error, where memory is too small.
static bool call_direct_convolution(const Geometry& g, PyArrayObject* images,
                                    PyArrayObject* filters, PyArrayObject** maps) {
    images = PyArray_GETCONTIGUOUS(images);
    filters = PyArray_GETCONTIGUOUS(filters);
    if (images && filters) {
        const npy_intp batch = PyArray_DIM(images, 0);
        npy_intp shape[4] = {batch, g.filters, g.out_rows, g.out_columns};
        // Theano hands over the last result, whose memory can be used again.
        if (!(*maps && PyArray_IS_C_CONTIGUOUS(*maps) &&
              PyArray_CompareLists(PyArray_DIMS(*maps), shape, 4))) {
            Py_XDECREF(*maps);
            *maps = (PyArrayObject*)PyArray_EMPTY(4, shape, NPY_FLOAT32, 0);
        }
        if (*maps) try {
            direct_convolution(g, batch, worthy_threads(g, batch),
                               (const float*)PyArray_DATA(images),
                               (const float*)PyArray_DATA(filters),
                               (float*)PyArray_DATA(*maps));
        } catch (const std::exception&) {  // bad_alloc, or length_error beyond any memory
            PyErr_NoMemory();
        }
    }
    Py_XDECREF(images);
    Py_XDECREF(filters);
    return !PyErr_Occurred();
}

// Returns false, and has set a Python error, if the arrays do not fit together.
static bool apply_direct_convolution(PyArrayObject* images, PyArrayObject* filters,
                                     PyArrayObject* geometry, PyArrayObject** maps) {
    geometry = PyArray_GETCONTIGUOUS(geometry);
    if (!geometry) return false;
    Geometry g;
    const bool fits =
        PyArray_DIM(geometry, 0) == 4 &&
        fill_geometry(images, filters, (const npy_int64*)PyArray_DATA(geometry), g);
    Py_DECREF(geometry);
    if (fits) return call_direct_convolution(g, images, filters, maps);
    PyErr_SetString(PyExc_ValueError, "DirectConvolution: the shapes do not fit");
    return false;
}

// A CorrMM's numbers. For Theano -1 stands for as many zeros as half of the filter, -2 for as many
// as the filter can take.
static bool fill_geometry(PyArrayObject* images, PyArrayObject* filters, npy_int64 pad_rows,
                          npy_int64 pad_columns, npy_int64 step_rows, npy_int64 step_columns,
                          Geometry& g) {
    npy_int64 number[4] = {pad_rows, pad_columns, step_rows, step_columns};
    for (int axis = 0; axis < 2; axis++) {
        const npy_intp side = PyArray_DIM(filters, 2 + axis);
        if (number[axis] == -1) number[axis] = side / 2;
        if (number[axis] == -2) number[axis] = side - 1;
    }
    return fill_geometry(images, filters, number, g);
}

// Whether a CorrMM with these numbers is better computed directly.
template <typename... Numbers>
static bool is_better_direct(PyArrayObject* images, PyArrayObject* filters, Numbers... numbers) {
    Geometry g;
    return fill_geometry(images, filters, numbers..., g) && g.beats_patches();
}

// Computes it directly. Returns false, and has set a Python error, where memory is too small.
template <typename... Numbers>
static bool convolve_directly(PyArrayObject** maps, PyArrayObject* images, PyArrayObject* filters,
                              Numbers... numbers) {
    Geometry g;
    fill_geometry(images, filters, numbers..., g);
    return call_direct_convolution(g, images, filters, maps);
}
