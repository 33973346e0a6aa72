// One layer: activation(max_pool(correlate(images, filters)) + bias), and what its three kernels
// have in common. All arrays are C-contiguous:
//
//     images   (batch, channels, rows, columns)                    float32
//     filters  (filters, channels, filter rows, filter columns)    float32; nothing is turned
//     maps     (batch, filters, out rows, out columns)             float32
//     winners  the same shape as maps                              uint16
//
// A winner's bits tell which cells of its pooling window, row by row, hold the maximum. With ties
// there are several, and each gets the whole gradient: that is Theano's rule. Numbers are taken to be
// finite: where stock Theano spreads NaN and infinity, these kernels may spread them to fewer cells
// or, backwards, to neighbouring ones.

namespace {

enum { MOST_POOLED = 16 };  // bits of a winner

struct Layer {
    npy_intp batch, channels, rows, columns;
    npy_intp filters, filter_rows, filter_columns;
    npy_intp pool_rows, pool_columns;
    bool ignore_border;
    npy_intp conv_rows, conv_columns;  // cells of a convolved map that are in some window
    npy_intp out_rows, out_columns;

    // False if the filter does not fit into the image, or no window into the map.
    bool complete() {
        conv_rows = rows - filter_rows + 1;
        conv_columns = columns - filter_columns + 1;
        if (filter_rows < 1 || filter_columns < 1 || conv_rows < 1 || conv_columns < 1)
            return false;
        if (pool_rows < 1 || pool_columns < 1 || pool_rows * pool_columns > MOST_POOLED)
            return false;
        const npy_intp extra_rows = ignore_border ? 0 : pool_rows - 1;
        const npy_intp extra_columns = ignore_border ? 0 : pool_columns - 1;
        out_rows = (conv_rows + extra_rows) / pool_rows;
        out_columns = (conv_columns + extra_columns) / pool_columns;
        conv_rows = std::min(conv_rows, out_rows * pool_rows);
        conv_columns = std::min(conv_columns, out_columns * pool_columns);
        return out_rows > 0 && out_columns > 0;
    }

    npy_intp pixels() const { return rows * columns; }
    npy_intp image_size() const { return channels * pixels(); }
    npy_intp filter_size() const { return channels * filter_rows * filter_columns; }
    npy_intp map_size() const { return out_rows * out_columns; }
    // Cells of a window; those at the border can have fewer.
    npy_intp window_rows(npy_intp i) const {
        return std::min(pool_rows, conv_rows - i * pool_rows);
    }
};

// What is applied to a layer's sums, and its derivative told by its result.
struct NoActivation {
    static Lanes of(Lanes sums) { return sums; }
    static float slope(float) { return 1; }
};
struct Tanh {
    static Lanes of(Lanes sums) { return fast_tanh(sums); }
    static float slope(float y) { return 1 - y * y; }
};
struct Sigmoid {
    static Lanes of(Lanes sums) { return fast_sigmoid(sums); }
    static float slope(float y) { return y * (1 - y); }
};
struct Relu {  // its derivative is Theano's: at 0 it can't be told by the result
    static Lanes of(Lanes sums) { return sums < 0 ? Lanes{} : sums; }
};

// From the gradient of a layer's results to that of its sums.
template <class Activation>
inline void through_activation(npy_intp count, const float* gradient, const float* maps,
                               float* result) {
    for (npy_intp i = 0; i < count; i++) result[i] = gradient[i] * Activation::slope(maps[i]);
}

// Images are worked on in bands, as many rows of windows at once as fit into the second cache.
struct Bands {
    npy_intp windows, rows, count;  // rows of windows, and rows of pixels that they need

    explicit Bands(const Layer& layer) {
        const npy_intp most_bytes = 1 << 18;
        const npy_intp row_bytes = layer.channels * layer.columns * LANES * (npy_intp)sizeof(float);
        const npy_intp rows_that_fit = most_bytes / std::max<npy_intp>(row_bytes, 1);
        windows = (rows_that_fit - layer.filter_rows + 1) / layer.pool_rows;
        windows = std::min(std::max<npy_intp>(windows, 1), layer.out_rows);
        rows = windows * layer.pool_rows + layer.filter_rows - 1;
        count = divide_up(layer.out_rows, windows);
    }
    npy_intp first(npy_intp band) const { return band * windows; }
    npy_intp size(const Layer& layer, npy_intp band) const {
        return std::min(windows, layer.out_rows - first(band));
    }
    // Puts a band of up to LANES images into lanes: (channels, rows, columns, LANES).
    void load(const Layer& layer, npy_intp band, const float* images, npy_intp n_images,
              float* lanes) const {
        const npy_intp first_row = first(band) * layer.pool_rows;
        const npy_intp n_rows = std::min(rows, layer.rows - first_row);
        for (npy_intp c = 0; c < layer.channels; c++)
            to_lanes(images + (c * layer.rows + first_row) * layer.columns, layer.image_size(),
                     n_images, n_rows * layer.columns, lanes + c * rows * layer.columns * LANES);
    }
};

}  // namespace
