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

inline bool refuse() {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "ConvPool: the shapes do not fit");
    return false;
}

}  // namespace
