// The products' connection with NumPy: checks the shapes, copies what BLAS can't read.

namespace {

Matrix matrix_of(PyArrayObject* array) {
    const npy_intp *shape = PyArray_DIMS(array), *steps = PyArray_STRIDES(array);
    const npy_intp size = sizeof(float);
    return with_sound_steps(
        {(float*)PyArray_DATA(array), shape[0], shape[1], steps[0] / size, steps[1] / size});
}

// The array itself or a copy, in any case a new reference; a null pointer if memory is short.
PyArrayObject* readable(PyArrayObject* array) {
    if (!matrix_of(array).has_whole_lines())
        return (PyArrayObject*)PyArray_NewCopy(array, NPY_CORDER);
    Py_INCREF(array);
    return array;
}

bool shapes_fit(PyArrayObject* a, PyArrayObject* b, npy_intp rows, npy_intp columns) {
    const npy_intp *left = PyArray_DIMS(a), *right = PyArray_DIMS(b);
    const bool fit = left[1] == right[0] && left[0] == rows && right[1] == columns;
    const npy_intp largest = std::max(std::max(left[0], left[1]), std::max(right[0], right[1]));
    if (fit && largest <= INT_MAX) return true;
    PyErr_Format(PyExc_ValueError, "Shape mismatch: (%ld, %ld) times (%ld, %ld) into (%ld, %ld)",
                 (long)left[0], (long)left[1], (long)right[0], (long)right[1], (long)rows,
                 (long)columns);
    return false;
}

// *out = alpha a b + beta *out. Returns false, and has set a Python error, if that can't be done.
bool multiply_arrays(float alpha, PyArrayObject* a, PyArrayObject* b, float beta,
                     PyArrayObject* out) {
    if (!shapes_fit(a, b, PyArray_DIM(out, 0), PyArray_DIM(out, 1))) return false;
    a = readable(a), b = readable(b);
    if (a && b) {
        const Matrix left = matrix_of(a), right = matrix_of(b), result = matrix_of(out);
        run_without_python([&] { multiply(alpha, left, right, beta, result); });
    }
    Py_XDECREF(a), Py_XDECREF(b);
    return !PyErr_Occurred();
}

// *out = alpha a b, where *out is nothing or the last result, whose memory can be used again.
bool apply_dot(float alpha, PyArrayObject* a, PyArrayObject* b, PyArrayObject** out) {
    npy_intp shape[2] = {PyArray_DIM(a, 0), PyArray_DIM(b, 1)};
    if (!*out || !PyArray_CompareLists(PyArray_DIMS(*out), shape, 2) ||
        !matrix_of(*out).has_whole_lines()) {
        Py_XDECREF(*out);
        *out = (PyArrayObject*)PyArray_EMPTY(2, shape, NPY_FLOAT32, 0);
    }
    return *out && multiply_arrays(alpha, a, b, 0, *out);
}

// *out = alpha a b + beta c, in c's memory if `in_place`. A c that BLAS can't write is copied.
bool apply_gemm(bool in_place, PyArrayObject* c, float alpha, PyArrayObject* a, PyArrayObject* b,
                float beta, PyArrayObject** out) {
    PyArrayObject* result =
        in_place ? readable(c) : (PyArrayObject*)PyArray_NewCopy(c, NPY_CORDER);
    Py_XDECREF(*out);
    *out = result;
    return result && multiply_arrays(alpha, a, b, beta, result);
}

}  // namespace
