// The kernels' connection with NumPy: checks the arrays, makes the results, calls the kernel.

namespace {

// A C-contiguous array of this shape and type; Theano hands over the last result, whose memory can
// be used again. False, with a Python error set, if there is no memory.
inline bool make_array(PyArrayObject** array, int ndim, const npy_intp* shape, int type) {
    if (*array && PyArray_NDIM(*array) == ndim && PyArray_IS_C_CONTIGUOUS(*array) &&
        PyArray_CompareLists(PyArray_DIMS(*array), shape, ndim))
        return true;
    Py_XDECREF(*array);
    *array = (PyArrayObject*)PyArray_EMPTY(ndim, (npy_intp*)shape, type, 0);
    return *array;
}

// An array as the kernels need it, given back at the end.
struct Contiguous {
    PyArrayObject* array;
    explicit Contiguous(PyArrayObject* from) : array(PyArray_GETCONTIGUOUS(from)) {}
    Contiguous(const Contiguous&) = delete;
    ~Contiguous() { Py_XDECREF(array); }
    npy_intp size(int axis) const { return PyArray_DIM(array, axis); }
    template <class Number = float>
    Number* data() const { return (Number*)PyArray_DATA(array); }
};

// Runs work while other Python threads go on. False, with a Python error set, if memory ran out.
template <class Work>
inline bool run_without_python(Work work) {
    bool done = true;
    Py_BEGIN_ALLOW_THREADS;
    try {
        work();
    } catch (const std::exception&) {  // bad_alloc, or length_error beyond any memory
        done = false;
    }
    Py_END_ALLOW_THREADS;
    if (!done) PyErr_NoMemory();
    return done;
}

}  // namespace
