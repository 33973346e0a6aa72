// What the connections of forward and gradient kernel with NumPy have in common.

namespace {

inline Layer layer_of(const Contiguous& images, const Contiguous& filters, npy_intp pool_rows,
                      npy_intp pool_columns, bool ignore_border) {
    Layer layer = {};
    layer.batch = images.size(0);
    layer.channels = images.size(1);
    layer.rows = images.size(2);
    layer.columns = images.size(3);
    layer.filters = filters.size(0);
    layer.filter_rows = filters.size(2);
    layer.filter_columns = filters.size(3);
    layer.pool_rows = pool_rows;
    layer.pool_columns = pool_columns;
    layer.ignore_border = ignore_border;
    return layer;
}

// False, with an error set that tells what does not fit, if these can't be a layer's arrays.
inline bool fits(Layer& layer, const Contiguous& filters) {
    const long channels = layer.channels, of_filters = filters.size(1);
    if (channels != of_filters)
        PyErr_Format(PyExc_ValueError,
                     "The images have %ld input maps, but the filters are made for %ld.", channels,
                     of_filters);
    else if (!layer.complete())
        PyErr_Format(PyExc_ValueError,
                     "Filters of %ld x %ld pixels and pooling windows of %ld x %ld do not fit into "
                     "images of %ld x %ld.",
                     (long)layer.filter_rows, (long)layer.filter_columns, (long)layer.pool_rows,
                     (long)layer.pool_columns, (long)layer.rows, (long)layer.columns);
    else
        return true;
    return false;
}

}  // namespace
