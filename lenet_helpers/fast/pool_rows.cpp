// Walks over the rows of feature maps for the op of lesson 6. What happens in one row is the
// learner's own function, which stands before this file:
//
//     static void one_row(const float *x, const float *maxima, const float *slopes, float *out, int n)
//
// takes one row of a map, the maxima of its n windows of two columns and their slopes, and writes
// the 2 n slopes of the row.

namespace {

// All arrays are C-contiguous float32 with four axes; returns 0 with a Python error if they do
// not fit together or memory is short.
int all_rows(PyArrayObject *x, PyArrayObject *maxima, PyArrayObject *slopes, PyArrayObject **result) {
    npy_intp *whole = PyArray_DIMS(x), *n = PyArray_DIMS(maxima);
    if (n[0] != whole[0] || n[1] != whole[1] || n[2] != whole[2] / 2 || n[3] != whole[3] / 2 ||
        !PyArray_SAMESHAPE(maxima, slopes)) {
        PyErr_SetString(PyExc_ValueError, "one maximum and one slope are needed for 2 x 2 cells");
        return 0;
    }
    // New memory is slow to touch for the first time, so that of the last call is used again.
    if (!*result || !PyArray_SAMESHAPE(*result, x) || !PyArray_IS_C_CONTIGUOUS(*result)) {
        Py_XDECREF(*result);
        *result = (PyArrayObject *)PyArray_EMPTY(4, whole, NPY_FLOAT32, 0);
    }
    if (!*result) return 0;
    // Cells in no window.
    if (whole[2] % 2 || whole[3] % 2) PyArray_FILLWBYTE(*result, 0);
    const float *x_data = (const float *)PyArray_DATA(x);
    const float *maxima_data = (const float *)PyArray_DATA(maxima);
    const float *slopes_data = (const float *)PyArray_DATA(slopes);
    float *result_data = (float *)PyArray_DATA(*result);
    for (npy_intp map = 0; map < n[0] * n[1]; map++)
        for (npy_intp row = 0; row < 2 * n[2]; row++) {
            npy_intp start = (map * whole[2] + row) * whole[3];
            npy_intp window = (map * n[2] + row / 2) * n[3];
            one_row(x_data + start, maxima_data + window, slopes_data + window,
                    result_data + start, (int)n[3]);
        }
    return 1;
}

} // namespace
