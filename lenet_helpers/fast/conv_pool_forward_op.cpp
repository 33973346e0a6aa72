namespace {

// Returns false, and has set a Python error, if the arrays do not fit together. `winners` may be
// null without WITH_WINNERS.
template <class Activation, bool WITH_WINNERS>
bool apply_conv_pool(bool ignore_border, npy_intp pool_columns, npy_intp pool_rows,
                     PyArrayObject* images_, PyArrayObject* filters_, PyArrayObject* bias_,
                     PyArrayObject** maps, PyArrayObject** winners) {
    const Contiguous images(images_), filters(filters_), bias(bias_);
    if (!images.array || !filters.array || !bias.array) return false;
    Layer layer = layer_of(images, filters, pool_rows, pool_columns, ignore_border);
    if (!fits(layer, filters)) return false;
    if (bias.size(0) != layer.filters) {
        PyErr_Format(PyExc_ValueError, "The bias has %ld numbers, but there are %ld filters.",
                     (long)bias.size(0), (long)layer.filters);
        return false;
    }
    const npy_intp shape[4] = {layer.batch, layer.filters, layer.out_rows, layer.out_columns};
    if (!make_array(maps, 4, shape, NPY_FLOAT32)) return false;
    if (WITH_WINNERS && !make_array(winners, 4, shape, NPY_UINT16)) return false;
    float* to = (float*)PyArray_DATA(*maps);
    npy_uint16* won = WITH_WINNERS ? (npy_uint16*)PyArray_DATA(*winners) : nullptr;
    return run_without_python([&] {
        conv_pool_forward<Activation, WITH_WINNERS>(layer, images.data(), filters.data(),
                                                    bias.data(), to, won);
    });
}

}  // namespace
