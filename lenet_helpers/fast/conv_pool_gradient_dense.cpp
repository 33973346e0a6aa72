// The gradient of filters and bias where images have few channels, as in the first layer. As in
// the forward kernel, images ride in lanes. Every cell of the convolved maps is visited, also those
// that did not win, with a gradient of zero: in other lanes the same cell has won.

namespace {

// FILTERS x TAPS sums in registers: each gradient serves TAPS of them, each pixel FILTERS.
const int DENSE_FILTERS = LANES == 16 ? 4 : 2, MOST_TAPS = 5;

struct DensePlace {
    Floats images;     // a band: (channels, rows, columns, LANES)
    Floats gradients;  // of the sums of a band: (filters of a block, windows, LANES)
    Floats winners;    // the same
    Floats spread;     // a row of windows: (filters of a block, window rows, columns, LANES)
    Floats rows;       // gradients before they are put into lanes: (LANES, windows)

    DensePlace(const Layer& layer, const Bands& bands)
        : images(layer.channels * bands.rows * layer.columns * LANES),
          gradients(DENSE_FILTERS * bands.windows * layer.out_columns * LANES),
          winners(DENSE_FILTERS * bands.windows * layer.out_columns * LANES),
          spread(DENSE_FILTERS * layer.pool_rows * layer.conv_columns * LANES),
          rows(LANES * bands.windows * layer.out_columns) {}
};

// A row of windows of one map: each winner's cell gets the window's gradient, the others zero.
inline void spread_row(const Layer& layer, npy_intp n_rows, const float* gradients,
                       const float* winners, float* spread) {
    const npy_intp columns = layer.conv_columns, step = layer.pool_columns;
    for (npy_intp a = 0; a < n_rows; a++)
        for (npy_intp e = 0; e < step; e++) {
            const IntLanes bit = IntLanes{} + (1 << (a * step + e));
            for (npy_intp x = e, at = 0; x < columns; x += step, at += LANES) {
                const IntLanes winner = __builtin_convertvector(load(winners + at), IntLanes);
                store(spread + (a * columns + x) * LANES,
                      (winner & bit) != 0 ? load(gradients + at) : Lanes{});
            }
        }
}

// Adds gradient times pixel to the sums (filters, all taps, LANES) of TAPS neighbouring taps.
template <int TAPS>
void add_products(const Layer& layer, npy_intp n_rows, const float* spread, const float* pixels,
                  float* sums) {
    const npy_intp spread_stride = layer.pool_rows * layer.conv_columns * LANES;
    const npy_intp sums_stride = layer.filter_size() * LANES;
    Lanes sum[DENSE_FILTERS][TAPS];
    UNROLLED for (int f = 0; f < DENSE_FILTERS; f++)
        UNROLLED for (int t = 0; t < TAPS; t++) sum[f][t] = Lanes{};
    for (npy_intp a = 0; a < n_rows; a++) {
        const float* pixel_at = pixels + a * layer.columns * LANES;
        const float* spread_at = spread + a * layer.conv_columns * LANES;
        for (npy_intp x = 0; x < layer.conv_columns; x++, pixel_at += LANES, spread_at += LANES) {
            Lanes gradient[DENSE_FILTERS];
            UNROLLED for (int f = 0; f < DENSE_FILTERS; f++)
                gradient[f] = load(spread_at + f * spread_stride);
            UNROLLED for (int t = 0; t < TAPS; t++) {
                const Lanes pixel = load(pixel_at + t * LANES);
                UNROLLED for (int f = 0; f < DENSE_FILTERS; f++) sum[f][t] += gradient[f] * pixel;
            }
        }
    }
    UNROLLED for (int f = 0; f < DENSE_FILTERS; f++)
        UNROLLED for (int t = 0; t < TAPS; t++) add(sums + f * sums_stride + t * LANES, sum[f][t]);
}

// All taps of a block of filters, for one row of windows.
inline void add_row(const Layer& layer, const Bands& bands, npy_intp i, npy_intp n_rows,
                    const float* images, const float* spread, float* sums) {
    const npy_intp n_parts = divide_up(layer.filter_columns, MOST_TAPS);
    for (npy_intp c = 0; c < layer.channels; c++)
        for (npy_intp u = 0; u < layer.filter_rows; u++)
            for (npy_intp part = 0; part < n_parts; part++) {
                const npy_intp v = layer.filter_columns * part / n_parts;
                const npy_intp n_taps = layer.filter_columns * (part + 1) / n_parts - v;
                const npy_intp row = c * bands.rows + i * layer.pool_rows + u;
                const npy_intp tap = (c * layer.filter_rows + u) * layer.filter_columns + v;
                const auto add = n_taps == 5   ? add_products<5>
                                 : n_taps == 4 ? add_products<4>
                                 : n_taps == 3 ? add_products<3>
                                 : n_taps == 2 ? add_products<2>
                                               : add_products<1>;
                add(layer, n_rows, spread, images + (row * layer.columns + v) * LANES,
                    sums + tap * LANES);
            }
}

// Up to LANES images: adds to sums (filters, taps, LANES) and bias_sums (filters).
template <class Activation>
void add_images(const Layer& layer, const Bands& bands, npy_intp n_images, const float* images,
                const float* maps, const npy_uint16* winners, const float* gradients,
                DensePlace& place, float* sums, double* bias_sums) {
    const npy_intp stride = layer.filters * layer.map_size();
    for (npy_intp band = 0; band < bands.count; band++) {
        bands.load(layer, band, images, n_images, place.images.data());
        const npy_intp n_windows = bands.size(layer, band);
        const npy_intp n_cells = n_windows * layer.out_columns;
        for (npy_intp first = 0; first < layer.filters; first += DENSE_FILTERS) {
            for (npy_intp f = 0; f < DENSE_FILTERS; f++) {
                float* lanes = place.gradients.data() + f * n_cells * LANES;
                if (first + f >= layer.filters) {  // a filter that fills up the last block
                    std::fill(lanes, lanes + n_cells * LANES, 0.f);
                    continue;
                }
                const npy_intp from =
                    (first + f) * layer.map_size() + bands.first(band) * layer.out_columns;
                for (npy_intp n = 0; n < n_images; n++)
                    through_activation<Activation>(
                        n_cells, gradients + n * stride + from, maps + n * stride + from,
                        place.rows.data() + n * n_cells);
                to_lanes(place.rows.data(), n_cells, n_images, n_cells, lanes);
                to_lanes(winners + from, stride, n_images, n_cells,
                         place.winners.data() + f * n_cells * LANES);
                Lanes bias_sum = {};
                for (npy_intp i = 0; i < n_cells; i++) bias_sum += load(lanes + i * LANES);
                for (int lane = 0; lane < LANES; lane++) bias_sums[first + f] += bias_sum[lane];
            }
            for (npy_intp i = 0; i < n_windows; i++) {
                const npy_intp n_rows = layer.window_rows(bands.first(band) + i);
                for (npy_intp f = 0; f < DENSE_FILTERS; f++) {
                    const npy_intp cell = (f * n_cells + i * layer.out_columns) * LANES;
                    spread_row(layer, n_rows, place.gradients.data() + cell,
                               place.winners.data() + cell,
                               place.spread.data() +
                                   f * layer.pool_rows * layer.conv_columns * LANES);
                }
                add_row(layer, bands, i, n_rows, place.images.data(), place.spread.data(),
                        sums + first * layer.filter_size() * LANES);
            }
        }
    }
}

template <class Activation>
void conv_pool_gradient_dense(const Layer& layer, const float* images, const float* maps,
                              const npy_uint16* winners, const float* gradients,
                              float* filter_gradients, float* bias_gradients) {
    const Bands bands(layer);
    const npy_intp n_groups = divide_up(layer.batch, LANES);
    const npy_intp n_parts = number_of_parts(n_groups);
    const npy_intp filters = divide_up(layer.filters, DENSE_FILTERS) * DENSE_FILTERS;
    const npy_intp n_taps = layer.filter_size();
    const int n_threads = threads_for(n_parts);
    std::vector<DensePlace> places(n_threads, DensePlace(layer, bands));
    std::vector<Floats> sums(n_parts, Floats(filters * n_taps * LANES));
    std::vector<std::vector<double>> bias_sums(n_parts, std::vector<double>(filters));
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (npy_intp part = 0; part < n_parts; part++)
        for (npy_intp group = n_groups * part / n_parts; group < n_groups * (part + 1) / n_parts;
             group++) {
            const npy_intp first = group * LANES;
            const npy_intp at = first * layer.filters * layer.map_size();
            add_images<Activation>(layer, bands, std::min<npy_intp>(LANES, layer.batch - first),
                                   images + first * layer.image_size(), maps + at, winners + at,
                                   gradients + at, places[thread_number()], sums[part].data(),
                                   bias_sums[part].data());
        }
    add_up(sums, filters * n_taps * LANES);
    for (npy_intp f = 0; f < layer.filters; f++) {
        double bias_sum = 0;
        for (npy_intp part = 0; part < n_parts; part++) bias_sum += bias_sums[part][f];
        bias_gradients[f] = (float)bias_sum;
        for (npy_intp t = 0; t < n_taps; t++) {
            float sum = 0;
            for (int lane = 0; lane < LANES; lane++)
                sum += sums[0].data()[(f * n_taps + t) * LANES + lane];
            filter_gradients[f * n_taps + t] = sum;
        }
    }
}

}  // namespace
