namespace {

// Images of more channels than this go the sparse way, if their gradient is not asked for. With
// fewer, vectors of channels would be mostly empty.
const npy_intp MOST_DENSE_CHANNELS = 4;

// Returns false, and has set a Python error, if the arrays do not fit together. `image_gradients`
// may be null without OF_IMAGES.
template <class Activation, bool OF_IMAGES>
bool apply_conv_pool_gradient(bool ignore_border, npy_intp pool_columns, npy_intp pool_rows,
                              PyArrayObject* images_, PyArrayObject* filters_,
                              PyArrayObject* maps_, PyArrayObject* winners_,
                              PyArrayObject* gradients_, PyArrayObject** filter_gradients,
                              PyArrayObject** bias_gradients, PyArrayObject** image_gradients) {
    const Contiguous images(images_), filters(filters_), maps(maps_), winners(winners_);
    const Contiguous gradients(gradients_);
    if (!images.array || !filters.array || !maps.array || !winners.array || !gradients.array)
        return false;
    Layer layer = layer_of(images, filters, pool_rows, pool_columns, ignore_border);
    if (!fits(layer, filters)) return false;
    const npy_intp shape[4] = {layer.batch, layer.filters, layer.out_rows, layer.out_columns};
    for (const Contiguous* part : {&maps, &winners, &gradients})
        if (!PyArray_CompareLists(PyArray_DIMS(part->array), shape, 4)) {
            PyErr_SetString(PyExc_ValueError, "The maps' gradients do not have the maps' shape.");
            return false;
        }
    if (!make_array(filter_gradients, 4, PyArray_DIMS(filters.array), NPY_FLOAT32) ||
        !make_array(bias_gradients, 1, shape + 1, NPY_FLOAT32) ||
        (OF_IMAGES &&
         !make_array(image_gradients, 4, PyArray_DIMS(images.array), NPY_FLOAT32)))
        return false;
    float* to_filters = (float*)PyArray_DATA(*filter_gradients);
    float* to_bias = (float*)PyArray_DATA(*bias_gradients);
    float* to_images = OF_IMAGES ? (float*)PyArray_DATA(*image_gradients) : nullptr;
    return run_without_python([&] {
        if (!OF_IMAGES && layer.channels <= MOST_DENSE_CHANNELS)
            conv_pool_gradient_dense<Activation>(layer, images.data(), maps.data(),
                                                 winners.data<npy_uint16>(), gradients.data(),
                                                 to_filters, to_bias);
        else
            conv_pool_gradient_sparse<Activation>(
                layer, images.data(), filters.data(), maps.data(), winners.data<npy_uint16>(),
                gradients.data(), to_filters, to_bias, to_images);
    });
}

}  // namespace
