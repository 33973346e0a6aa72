// The layer forwards where there are tiles (tiles.h), and the choice between both ways. As in
// conv_pool_forward.cpp LANES images ride side by side. Left tiles hold filters, right tiles pixels:
//
//     sums (filters, images) += filters (filters, channels) * pixels (channels, images)
//
// A filter's row meets the channels of some neighbouring pixels, which lie one behind the other as
// pairs of channels. So it is one long sum, taken in steps of at most 16 pairs.

namespace {

#ifdef HAS_TILES

// How a layer's filters are cut into tiles. There is at least one filter, and one channel.
struct Tiling {
    npy_intp pairs, row_pairs;       // of channels, and of numbers in a filter's row
    npy_intp blocks, block_filters;  // so many lines has a left tile
    npy_intp steps, step_pairs;      // so many words has a line

    explicit Tiling(const Layer& layer)
        : pairs(divide_up(layer.channels, 2)),
          row_pairs(layer.filter_columns * pairs),
          blocks(2 * divide_up(layer.filters, 32)),
          block_filters(divide_up(layer.filters, blocks)),
          steps(divide_up(row_pairs, 16)),
          step_pairs(divide_up(row_pairs, steps)) {}

    // Also those that only fill the last block.
    npy_intp filters() const { return blocks * block_filters; }
    npy_intp tile() const { return block_filters * 16; }  // in words
    // The last step begins early enough not to reach into the next pixels, which may hold NaN; the
    // weights of what it repeats are 0.
    npy_intp step_begin(npy_intp step) const {
        return std::min(step * step_pairs, row_pairs - step_pairs);
    }
};

// Whether tiles are faster than vectors. Both in products of a lane for each cell: tiles take at
// least 9 lines' time, and three tenths more than their products for all the rest.
inline bool tiles_are_faster(const Layer& layer) {
    if (!layer.filters || !layer.channels || !tiles_are_there()) return false;
    const Tiling tiling(layer);
    const npy_intp lines = std::max<npy_intp>(9, tiling.block_filters);
    const double of_tiles = 1.3 * 6 * tiling.blocks * lines * layer.filter_rows * tiling.steps;
    return of_tiles < 0.5 * layer.filters * layer.filter_size();
}

class TiledFilters : public Tiling {
    const Layer& layer;
    // (blocks, filter rows, steps, high middle low, filters of a block, 16)
    Aligned<npy_uint32> weights;

    npy_intp block() const { return layer.filter_rows * steps * PARTS * tile(); }

    void arrange(const float* filters) {
        // Where the first number of each pair of a filter's row lies, and how far the second is.
        std::vector<npy_intp> places;
        const npy_intp channel = layer.filter_rows * layer.filter_columns;
        for (npy_intp v = 0; v < layer.filter_columns; v++)
            for (npy_intp c = 0; c < layer.channels; c += 2) places.push_back(c * channel + v);
        const npy_intp last_channel = (layer.channels - 1) * channel;
        for (npy_intp k = 0; k < layer.filters; k++)
            for (npy_intp u = 0; u < layer.filter_rows; u++) {
                const float* row = filters + k * layer.filter_size() + u * layer.filter_columns;
                npy_uint32* to = weights.data() + k / block_filters * block() +
                                 u * steps * PARTS * tile() + k % block_filters * 16;
                for (npy_intp step = 0; step < steps; step++, to += PARTS * tile()) {
                    Lanes first = {}, second = {};
                    for (npy_intp i = 0; i < step_pairs; i++) {
                        const npy_intp pair = step_begin(step) + i;
                        if (pair < step * step_pairs) continue;
                        first[i] = row[places[pair]];
                        if (places[pair] < last_channel) second[i] = row[places[pair] + channel];
                    }
                    Words parts[PARTS];
                    split(first, second, parts);
                    for (int part = 0; part < PARTS; part++)
                        *(Words*)(to + part * tile()) = parts[part];
                }
            }
    }

   public:
    TiledFilters(const Layer& layer, const float* filters)
        : Tiling(layer), layer(layer), weights(blocks * block()) {
        arrange(filters);
    }

    // A row of sums, (filters, columns, LANES), filters so many floats apart. `pixels` points to the
    // first pixel that the row needs; high, middle and low form lie so many words apart.
    WITH_TILES void convolve_row(const npy_uint32* pixels, npy_intp part, float* sums,
                                 npy_intp stride) {
        const npy_intp pixel = pairs * LANES;
        for (npy_intp x = 0; x < layer.conv_columns; x += 2)
            for (npy_intp k = 0; k < blocks; k += 2) {
                const npy_uint32* left = weights.data() + k * block();
                start_sums();
                for (npy_intp u = 0; u < layer.filter_rows; u++)
                    for (npy_intp step = 0; step < steps; step++, left += PARTS * tile()) {
                        const npy_uint32* right =
                            pixels + (u * layer.columns + x) * pixel + step_begin(step) * LANES;
                        add_products({left, left + block(), tile()}, {right, right + pixel, part});
                    }
                store_sums(sums + k * block_filters * stride + x * LANES, stride,
                           block_filters * stride, LANES);
            }
    }
};

struct TiledPlace : ForwardPlace {
    npy_intp part;
    Aligned<npy_uint32> pixels;  // (high middle low, rows, columns, pairs of channels, LANES)

    TiledPlace(const Layer& layer, const Bands& bands, const Tiling& tiling)
        : ForwardPlace(layer, bands, tiling.filters()),
          part(bands.rows * layer.columns * tiling.pairs * LANES),
          // The last cells of an odd row are computed in twos, and read on behind the end.
          pixels(PARTS * part + tiling.pairs * LANES) {}

    // Splits the band, which is in `images`.
    void split_images(const Layer& layer, npy_intp n_pixels, npy_intp pairs) {
        const npy_intp channel = n_pixels * LANES;
        npy_uint32* to = pixels.data();
        for (npy_intp at = 0; at < channel; at += LANES)
            for (npy_intp pair = 0; pair < pairs; pair++, to += LANES) {
                const float* from = images.data() + 2 * pair * channel + at;
                Words parts[PARTS];
                split(load(from), 2 * pair + 1 < layer.channels ? load(from + channel) : Lanes{},
                      parts);
                for (int i = 0; i < PARTS; i++) *(Words*)(to + i * part) = parts[i];
            }
    }
};

template <class Activation, bool WITH_WINNERS>
void forward_in_tiles(const Layer& layer, const float* images, const float* filters,
                      const float* bias, float* maps, npy_uint16* winners) {
    const Bands bands(layer);
    TiledFilters tiled(layer, filters);
    for_each_band(
        layer, bands, images, TiledPlace(layer, bands, tiled),
        [&](TiledPlace& place, npy_intp band, npy_intp n_images, npy_intp first) {
            const npy_intp to = first * layer.filters * layer.map_size();
            const npy_intp row = layer.columns * tiled.pairs * LANES;
            place.split_images(layer, bands.rows * layer.columns, tiled.pairs);
            const Tiles tiles(tiled.block_filters, tiled.step_pairs);
            pool_band<Activation, WITH_WINNERS>(
                layer, bands, band, n_images, 0, layer.filters, bias, place, maps + to,
                WITH_WINNERS ? winners + to : winners, [&](npy_intp i, float* sums) {
                    tiled.convolve_row(place.pixels.data() + i * row, place.part, sums,
                                       place.sums_stride(layer));
                });
        });
}

#endif

// `winners` may be null without WITH_WINNERS.
template <class Activation, bool WITH_WINNERS>
void conv_pool_forward(const Layer& layer, const float* images, const float* filters,
                       const float* bias, float* maps, npy_uint16* winners) {
#ifdef HAS_TILES
    if (tiles_are_faster(layer))
        return forward_in_tiles<Activation, WITH_WINNERS>(layer, images, filters, bias, maps,
                                                          winners);
#endif
    forward_in_lanes<Activation, WITH_WINNERS>(layer, images, filters, bias, maps, winners);
}

}  // namespace
