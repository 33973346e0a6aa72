// The kernel's connection with NumPy: checks the arrays, makes the result, calls the kernel.

namespace {

// Fills g; false if the arrays do not fit together. `number` holds the zeros at each end of the
// rows and of the columns, and the steps in rows and columns.
bool fill_geometry(PyArrayObject* images, PyArrayObject* filters, const npy_int64* number,
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
bool call_direct_convolution(const Geometry& g, PyArrayObject* images_, PyArrayObject* filters_,
                             PyArrayObject** maps) {
    const Contiguous images(images_), filters(filters_);
    if (!images.array || !filters.array) return false;
    const npy_intp batch = images.size(0);
    const npy_intp shape[4] = {batch, g.filters, g.out_rows, g.out_columns};
    if (!make_array(maps, 4, shape, NPY_FLOAT32)) return false;
    float* to = (float*)PyArray_DATA(*maps);
    return run_without_python([&] {
        direct_convolution(g, batch, worthy_threads(g, batch), images.data(), filters.data(), to);
    });
}

// Returns false, and has set a Python error, if the arrays do not fit together.
bool apply_direct_convolution(PyArrayObject* images, PyArrayObject* filters,
                              PyArrayObject* geometry, PyArrayObject** maps) {
    const Contiguous numbers(geometry);
    if (!numbers.array) return false;
    Geometry g;
    if (numbers.size(0) == 4 && fill_geometry(images, filters, numbers.data<npy_int64>(), g))
        return call_direct_convolution(g, images, filters, maps);
    PyErr_SetString(PyExc_ValueError, "DirectConvolution: the shapes do not fit");
    return false;
}

// A CorrMM's numbers. For Theano -1 stands for as many zeros as half of the filter, -2 for as many
// as the filter can take.
bool fill_geometry(PyArrayObject* images, PyArrayObject* filters, npy_int64 pad_rows,
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
bool is_better_direct(PyArrayObject* images, PyArrayObject* filters, Numbers... numbers) {
    Geometry g;
    return fill_geometry(images, filters, numbers..., g) && g.beats_patches();
}

// Computes it directly. Returns false, and has set a Python error, where memory is too small.
template <typename... Numbers>
bool convolve_directly(PyArrayObject** maps, PyArrayObject* images, PyArrayObject* filters,
                       Numbers... numbers) {
    Geometry g;
    fill_geometry(images, filters, numbers..., g);
    return call_direct_convolution(g, images, filters, maps);
}

}  // namespace
