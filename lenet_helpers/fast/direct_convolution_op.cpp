// The kernel's connection with NumPy: checks the arrays, makes the result, calls the kernel.

// geometry holds the zeros at each end of the rows and of the columns, and the steps in rows and
// columns. Returns false, and has set a Python error, if the arrays do not fit together.
static bool apply_direct_convolution(PyArrayObject* images, PyArrayObject* filters,
                                     PyArrayObject* geometry, PyArrayObject** maps) {
    images = PyArray_GETCONTIGUOUS(images);
    filters = PyArray_GETCONTIGUOUS(filters);
    geometry = PyArray_GETCONTIGUOUS(geometry);
    bool fits = images && filters && geometry && PyArray_DIM(geometry, 0) == 4;
    if (fits) {
        const npy_intp *image = PyArray_DIMS(images), *filter = PyArray_DIMS(filters);
        const npy_int64* number = (const npy_int64*)PyArray_DATA(geometry);
        Geometry g = {image[1],  image[2],  image[3],  filter[0], filter[2],
                      filter[3], number[0], number[1], number[2], number[3]};
        // More zeros than this could overflow a size.
        const npy_int64 most = (npy_int64)1 << 40;
        fits = image[1] == filter[1] && filter[2] > 0 && filter[3] > 0 && 0 <= number[0] &&
               number[0] <= most && 0 <= number[1] && number[1] <= most && number[2] > 0 &&
               number[3] > 0 && g.complete();
        npy_intp shape[4] = {image[0], filter[0], g.out_rows, g.out_columns};
        // Theano hands over the last result, whose memory can be used again.
        if (fits && !(*maps && PyArray_IS_C_CONTIGUOUS(*maps) &&
                      PyArray_CompareLists(PyArray_DIMS(*maps), shape, 4))) {
            Py_XDECREF(*maps);
            *maps = (PyArrayObject*)PyArray_EMPTY(4, shape, NPY_FLOAT32, 0);
        }
        if (fits && *maps) try {
            direct_convolution(g, image[0], worthy_threads(g, image[0]),
                               (const float*)PyArray_DATA(images),
                               (const float*)PyArray_DATA(filters),
                               (float*)PyArray_DATA(*maps));
        } catch (const std::exception&) {  // bad_alloc, or length_error beyond any memory
            PyErr_NoMemory();
        }
    }
    Py_XDECREF(images);
    Py_XDECREF(filters);
    Py_XDECREF(geometry);
    if (!fits && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "DirectConvolution: the shapes do not fit");
    return !PyErr_Occurred();
}
