// The layer forwards. LANES images ride in one vector. A small tile of convolved maps is summed up
// in registers; a row of windows is pooled as soon as it is complete, while it is in the nearest
// cache. So the convolved maps, the largest arrays of the network, never exist in memory.

namespace {

// FILTERS x COLUMNS sums fill the registers: AVX-512 has 32 of them, the others 16. Each vector of
// pixels that is loaded serves FILTERS sums, and each weight COLUMNS.
const int MOST_FILTERS = 5, TILE_COLUMNS = LANES == 16 ? 4 : 2;
// What one thread works in.
struct ForwardPlace {
    npy_intp tile_columns;
    Floats images;   // a band: (channels, rows, columns, LANES)
    Floats sums;     // a row of windows: (filters of a block, window rows, columns, LANES)
    Floats pooled;   // a band: (filters of a block, rows of windows, windows, LANES)
    Floats winners;  // the same

    ForwardPlace(const Layer& layer, const Bands& bands, npy_intp n_filters)
        : tile_columns(divide_up(layer.conv_columns, TILE_COLUMNS) * TILE_COLUMNS),
          // The last tile of a row may read on behind the row's end.
          images((layer.channels * bands.rows * layer.columns + TILE_COLUMNS) * LANES),
          sums(n_filters * layer.pool_rows * tile_columns * LANES),
          pooled(n_filters * bands.windows * layer.out_columns * LANES),
          winners(n_filters * bands.windows * layer.out_columns * LANES) {}

    npy_intp sums_stride(const Layer& layer) const { return layer.pool_rows * tile_columns * LANES; }
};

// COLUMNS neighbouring cells of FILTERS maps. `pixels` points to the tile's first cell.
template <int FILTERS>
inline void convolve_tile(const Layer& layer, npy_intp band_rows, const float* pixels,
                          const float* weights, float* sums, npy_intp sums_stride) {
    Lanes sum[FILTERS][TILE_COLUMNS];
    for (int f = 0; f < FILTERS; f++)
        for (int x = 0; x < TILE_COLUMNS; x++) sum[f][x] = Lanes{};
    for (npy_intp c = 0; c < layer.channels; c++)
        for (npy_intp u = 0; u < layer.filter_rows; u++) {
            const float* at = pixels + (c * band_rows + u) * layer.columns * LANES;
            for (npy_intp v = 0; v < layer.filter_columns; v++, at += LANES, weights += FILTERS) {
                Lanes pixel[TILE_COLUMNS];
                for (int x = 0; x < TILE_COLUMNS; x++) pixel[x] = load(at + x * LANES);
                for (int f = 0; f < FILTERS; f++)
                    for (int x = 0; x < TILE_COLUMNS; x++) sum[f][x] += weights[f] * pixel[x];
            }
        }
    for (int f = 0; f < FILTERS; f++)
        for (int x = 0; x < TILE_COLUMNS; x++)
            store(sums + f * sums_stride + x * LANES, sum[f][x]);
}

// One row of windows of one map: maximum, winners, bias, activation.
template <class Activation, bool WITH_WINNERS>
inline void pool_row(const Layer& layer, npy_intp n_rows, npy_intp tile_columns,
                     const float* sums, float bias, float* maps, float* winners) {
    const npy_intp step = layer.pool_columns, columns = layer.conv_columns;
    for (npy_intp first = 0; first < columns; first += step, maps += LANES, winners += LANES) {
        const npy_intp n_columns = std::min(step, columns - first);
        const float* window = sums + first * LANES;
        Lanes most = load(window);
        IntLanes winner = IntLanes{} + 1;
        for (npy_intp a = 0; a < n_rows; a++, window += tile_columns * LANES)
            for (npy_intp e = a == 0; e < n_columns; e++) {
                const Lanes sum = load(window + e * LANES);
                const IntLanes bit = IntLanes{} + (1 << (a * step + e));
                if (WITH_WINNERS)
                    winner = sum > most ? bit : winner | (bit & (sum == most));
                most = sum > most ? sum : most;
            }
        store(maps, Activation::of(most + bias));
        if (WITH_WINNERS) store(winners, __builtin_convertvector(winner, Lanes));
    }
}

// One band of LANES images, the maps of some filters. `convolve` writes the sums of one row of the
// band for all of them to where it is told.
template <class Activation, bool WITH_WINNERS, class Convolve>
void pool_band(const Layer& layer, const Bands& bands, npy_intp band, npy_intp n_images,
               npy_intp first_filter, npy_intp n_filters, const float* bias, ForwardPlace& place,
               float* maps, npy_uint16* winners, Convolve convolve) {
    const npy_intp n_cells = bands.size(layer, band) * layer.out_columns;
    for (npy_intp i = 0; i < bands.size(layer, band); i++) {
        const npy_intp n_rows = layer.window_rows(bands.first(band) + i);
        for (npy_intp a = 0; a < n_rows; a++)
            convolve(i * layer.pool_rows + a, place.sums.data() + a * place.tile_columns * LANES);
        for (npy_intp f = 0; f < n_filters; f++) {
            const npy_intp cell = (f * n_cells + i * layer.out_columns) * LANES;
            pool_row<Activation, WITH_WINNERS>(
                layer, n_rows, place.tile_columns,
                place.sums.data() + f * place.sums_stride(layer), bias[first_filter + f],
                place.pooled.data() + cell, place.winners.data() + cell);
        }
    }
    for (npy_intp f = 0; f < n_filters; f++) {
        const npy_intp from = f * n_cells * LANES, stride = layer.filters * layer.map_size();
        const npy_intp to =
            (first_filter + f) * layer.map_size() + bands.first(band) * layer.out_columns;
        from_lanes(place.pooled.data() + from, LANES, n_cells, n_images, stride, maps + to);
        if (WITH_WINNERS)
            from_lanes(place.winners.data() + from, LANES, n_cells, n_images, stride,
                       winners + to);
    }
}

// One band of LANES images, the maps of one block of filters.
template <class Activation, bool WITH_WINNERS, int FILTERS>
void forward_block(const Layer& layer, const Bands& bands, npy_intp band, npy_intp n_images,
                   npy_intp first_filter, const float* weights, const float* bias,
                   ForwardPlace& place, float* maps, npy_uint16* winners) {
    const float* pixels = place.images.data();
    const npy_intp stride = place.sums_stride(layer);
    pool_band<Activation, WITH_WINNERS>(
        layer, bands, band, n_images, first_filter, FILTERS, bias, place, maps, winners,
        [&](npy_intp row, float* sums) {
            for (npy_intp x = 0; x < layer.conv_columns; x += TILE_COLUMNS)
                convolve_tile<FILTERS>(layer, bands.rows,
                                       pixels + (row * layer.columns + x) * LANES, weights,
                                       sums + x * LANES, stride);
        });
}

// Filters are taken in blocks of nearly equal size, at most MOST_FILTERS.
struct FilterBlocks {
    npy_intp count, filters;
    explicit FilterBlocks(npy_intp n) : count(divide_up(n, MOST_FILTERS)), filters(n) {}
    npy_intp begin(npy_intp block) const { return filters * block / count; }
    npy_intp size(npy_intp block) const { return begin(block + 1) - begin(block); }
};

// The weights of a block, (channels, filter rows, filter columns, filters of the block): in the
// order in which a tile needs them.
inline void arrange_weights(const Layer& layer, const FilterBlocks& blocks, const float* filters,
                            float* weights) {
    for (npy_intp block = 0; block < blocks.count; block++)
        for (npy_intp t = 0; t < layer.filter_size(); t++)
            for (npy_intp f = 0; f < blocks.size(block); f++)
                *weights++ = filters[(blocks.begin(block) + f) * layer.filter_size() + t];
}

// Calls work(place, band, number of images, the first image) for every band of every LANES images,
// which then are in the place.
template <class Place, class Work>
void for_each_band(const Layer& layer, const Bands& bands, const float* images,
                   const Place& empty_place, Work work) {
    const npy_intp n_parts = divide_up(layer.batch, LANES) * bands.count;
    const int n_threads = threads_for(n_parts);
    std::vector<Place> places(n_threads, empty_place);
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (npy_intp part = 0; part < n_parts; part++) {
        Place& place = places[thread_number()];
        const npy_intp first = part / bands.count * LANES, band = part % bands.count;
        const npy_intp n_images = std::min<npy_intp>(LANES, layer.batch - first);
        bands.load(layer, band, images + first * layer.image_size(), n_images,
                   place.images.data());
        work(place, band, n_images, first);
    }
}

// `winners` may be null without WITH_WINNERS.
template <class Activation, bool WITH_WINNERS>
void forward_in_lanes(const Layer& layer, const float* images, const float* filters,
                      const float* bias, float* maps, npy_uint16* winners) {
    const decltype(&forward_block<Activation, WITH_WINNERS, 1>) by_size[] = {
        nullptr,
        forward_block<Activation, WITH_WINNERS, 1>,
        forward_block<Activation, WITH_WINNERS, 2>,
        forward_block<Activation, WITH_WINNERS, 3>,
        forward_block<Activation, WITH_WINNERS, 4>,
        forward_block<Activation, WITH_WINNERS, MOST_FILTERS>};
    const FilterBlocks blocks(layer.filters);
    const Bands bands(layer);
    std::vector<float> weights(layer.filters * layer.filter_size());
    arrange_weights(layer, blocks, filters, weights.data());
    for_each_band(
        layer, bands, images, ForwardPlace(layer, bands, MOST_FILTERS),
        [&](ForwardPlace& place, npy_intp band, npy_intp n_images, npy_intp first) {
            const npy_intp to = first * layer.filters * layer.map_size();
            for (npy_intp block = 0; block < blocks.count; block++) {
                const npy_intp f = blocks.begin(block);
                by_size[blocks.size(block)](
                    layer, bands, band, n_images, f, weights.data() + f * layer.filter_size(),
                    bias, place, maps + to, WITH_WINNERS ? winners + to : winners);
            }
        });
}

}  // namespace
