// The gradients of filters, bias and images where images have many channels, as in the second
// layer. Only cells that won their window have a gradient, with windows of 2 x 2 a quarter of
// them; which ones they are differs from image to image and from map to map. So here not images but
// the channels of neighbouring pixels ride in lanes, and each winner is visited once:
//
//     gradient of filter k += gradient of the winner * the patch of pixels that it saw
//     gradient of the patch += gradient of the winner * filter k
//
// Channels are taken in blocks of LANES, and one of those that are left. In a block the channels
// of a pixel lie side by side, and the pixels of a row behind one another: (rows, columns,
// channels of the block). So a patch's row is one piece of memory.

namespace {

const npy_intp IMAGES_AT_ONCE = 2;
// A call adds up so many vectors in registers: some rows of a patch, or a part of one.
const int MOST_SUMS = 10, MOST_ROWS = 5;

struct Block {
    npy_intp first, channels;
    npy_intp n_parts, vectors;  // of a row; the last vectors may reach over its end
    npy_intp rows_at_once;

    Block(const Layer& layer, npy_intp first)
        : first(first), channels(std::min<npy_intp>(LANES, layer.channels - first)) {
        const npy_intp needed = divide_up(layer.filter_columns * channels, LANES);
        n_parts = divide_up(needed, MOST_SUMS);
        vectors = divide_up(needed, n_parts);
        rows_at_once = std::min<npy_intp>(MOST_SUMS / vectors, MOST_ROWS);
    }
    npy_intp floats() const { return vectors * LANES; }  // of a part of a row
    npy_intp filter_floats(const Layer& layer) const {
        return n_parts * layer.filter_rows * floats();
    }
    // Where each float of a row of a filter belongs in the filter's first row; -1 for those that
    // only fill the last vectors.
    std::vector<npy_intp> places(const Layer& layer) const {
        std::vector<npy_intp> places;
        for (npy_intp v = 0; v < layer.filter_columns; v++)
            for (npy_intp c = first; c < first + channels; c++)
                places.push_back(c * layer.filter_rows * layer.filter_columns + v);
        places.resize(n_parts * floats(), -1);
        return places;
    }
};

inline std::vector<Block> blocks_of(const Layer& layer) {
    std::vector<Block> blocks;
    for (npy_intp first = 0; first < layer.channels; first += LANES)
        blocks.push_back(Block(layer, first));
    return blocks;
}

// Of all blocks together.
inline npy_intp filter_floats(const Layer& layer, const std::vector<Block>& blocks) {
    npy_intp sum = 0;
    for (const Block& block : blocks) sum += block.filter_floats(layer);
    return sum;
}

struct Winner {
    npy_int32 at;  // the pixel where its patch begins, or its filter
    float gradient;
};

struct SparsePlace {
    Floats images;           // (blocks, images at once, rows, columns, channels of the block)
    Floats image_gradients;  // the same
    Floats gradients;        // of the sums of one map
    std::vector<Winner> by_filter;
    std::vector<size_t> filter_end;  // where each filter's winners end
    std::vector<Winner> by_pixel;    // (images at once, rows, columns, filters)
    std::vector<npy_int32> n_by_pixel;

    SparsePlace(const Layer& layer, bool with_images)
        : images(images_size(layer)),
          image_gradients(with_images ? images_size(layer) : 0),
          gradients(layer.map_size()),
          by_filter(IMAGES_AT_ONCE * layer.filters * layer.conv_rows * layer.conv_columns),
          filter_end(layer.filters),
          by_pixel(with_images ? IMAGES_AT_ONCE * layer.pixels() * layer.filters : 0),
          n_by_pixel(IMAGES_AT_ONCE * layer.pixels()) {}

    // Vectors may reach over the end.
    static npy_intp images_size(const Layer& layer) {
        return IMAGES_AT_ONCE * layer.image_size() + MOST_SUMS * LANES;
    }
};

// sums (ROWS, VECTORS) += the sum over winners of gradient * what lies at the winner's place.
// Strides lead from one place to the next, and from row to row.
template <int VECTORS, int ROWS>
void add_patches(const Winner* winner, const Winner* end, const float* places, npy_intp stride,
                 npy_intp row_stride, float* sums, npy_intp sums_stride) {
    Lanes sum[ROWS][VECTORS];
    UNROLLED for (int r = 0; r < ROWS; r++)
        UNROLLED for (int i = 0; i < VECTORS; i++) sum[r][i] = Lanes{};
    for (; winner < end; winner++) {
        const float* place = places + winner->at * stride;
        UNROLLED for (int r = 0; r < ROWS; r++)
            UNROLLED for (int i = 0; i < VECTORS; i++)
                sum[r][i] += winner->gradient * load(place + r * row_stride + i * LANES);
    }
    UNROLLED for (int r = 0; r < ROWS; r++)
        UNROLLED for (int i = 0; i < VECTORS; i++)
            add(sums + r * sums_stride + i * LANES, sum[r][i]);
}

typedef void AddPatches(const Winner*, const Winner*, const float*, npy_intp, npy_intp, float*,
                        npy_intp);
// By vectors - 1 and rows - 1.
AddPatches* const ADD_PATCHES[MOST_SUMS][MOST_ROWS] = {
    {add_patches<1, 1>, add_patches<1, 2>, add_patches<1, 3>, add_patches<1, 4>, add_patches<1, 5>},
    {add_patches<2, 1>, add_patches<2, 2>, add_patches<2, 3>, add_patches<2, 4>, add_patches<2, 5>},
    {add_patches<3, 1>, add_patches<3, 2>, add_patches<3, 3>},
    {add_patches<4, 1>, add_patches<4, 2>},
    {add_patches<5, 1>, add_patches<5, 2>},
    {add_patches<6, 1>},
    {add_patches<7, 1>},
    {add_patches<8, 1>},
    {add_patches<9, 1>},
    {add_patches<10, 1>}};

// Filters as (blocks, parts of a row, filter rows, filters, vectors of a part).
inline Floats arrange_filters(const Layer& layer, const std::vector<Block>& blocks,
                              const float* filters) {
    Floats arranged(layer.filters * filter_floats(layer, blocks));
    float* to = arranged.data();
    for (const Block& block : blocks) {
        const std::vector<npy_intp> places = block.places(layer);
        for (npy_intp part = 0; part < block.n_parts; part++)
            for (npy_intp u = 0; u < layer.filter_rows; u++)
                for (npy_intp k = 0; k < layer.filters; k++) {
                    const npy_intp* place = places.data() + part * block.floats();
                    const float* row =
                        filters + k * layer.filter_size() + u * layer.filter_columns;
                    for (npy_intp i = 0; i < block.floats(); i++, to++)
                        if (place[i] >= 0) *to = row[place[i]];
                }
    }
    return arranged;
}

// Lists the winners of some images twice: by filter, with the place of the patch that each saw, and
// by pixel, with the place of the filter's weights.
template <class Activation>
void list_winners(const Layer& layer, npy_intp n_images, const float* maps,
                  const npy_uint16* winners, const float* gradients, bool with_images,
                  SparsePlace& place, double* bias_sums) {
    npy_intp pixel_of_bit[MOST_POOLED];
    for (npy_intp bit = 0; bit < layer.pool_rows * layer.pool_columns; bit++)
        pixel_of_bit[bit] = bit / layer.pool_columns * layer.columns + bit % layer.pool_columns;
    std::fill(place.n_by_pixel.begin(), place.n_by_pixel.end(), 0);
    Winner* next = place.by_filter.data();
    for (npy_intp k = 0; k < layer.filters; k++) {
        for (npy_intp n = 0; n < n_images; n++) {
            const npy_intp from = (n * layer.filters + k) * layer.map_size();
            const npy_uint16* winner = winners + from;
            const float* gradient = place.gradients.data();
            through_activation<Activation>(layer.map_size(), gradients + from, maps + from,
                                           place.gradients.data());
            float bias_sum = 0;
            for (npy_intp i = 0; i < layer.out_rows; i++)
                for (npy_intp j = 0; j < layer.out_columns; j++, winner++, gradient++) {
                    bias_sum += *gradient;
                    const npy_intp window =
                        i * layer.pool_rows * layer.columns + j * layer.pool_columns;
                    for (unsigned bits = *winner; bits; bits &= bits - 1) {
                        const npy_intp pixel =
                            n * layer.pixels() + window + pixel_of_bit[__builtin_ctz(bits)];
                        *next++ = {npy_int32(pixel), *gradient};
                        if (with_images)
                            place.by_pixel[pixel * layer.filters + place.n_by_pixel[pixel]++] = {
                                npy_int32(k), *gradient};
                    }
                }
            bias_sums[k] += bias_sum;
        }
        place.filter_end[k] = next - place.by_filter.data();
    }
}

// Adds to the filters' gradients: (blocks, filters, parts of a row, filter rows, vectors of a part).
inline void add_to_filters(const Layer& layer, const std::vector<Block>& blocks,
                           SparsePlace& place, float* sums) {
    for (const Block& block : blocks) {
        const float* images = place.images.data() + IMAGES_AT_ONCE * layer.pixels() * block.first;
        const npy_intp row_stride = layer.columns * block.channels;
        const Winner* begin = place.by_filter.data();
        for (npy_intp k = 0; k < layer.filters; k++) {
            const Winner* end = place.by_filter.data() + place.filter_end[k];
            for (npy_intp part = 0; part < block.n_parts; part++)
                for (npy_intp u = 0, n_rows; u < layer.filter_rows; u += n_rows) {
                    n_rows = std::min(block.rows_at_once, layer.filter_rows - u);
                    ADD_PATCHES[block.vectors - 1][n_rows - 1](
                        begin, end, images + u * row_stride + part * block.floats(),
                        block.channels, row_stride, sums, block.floats());
                    sums += n_rows * block.floats();
                }
            begin = end;
        }
    }
}

// Computes the gradients of the images that are worked on. Each piece of the weights serves all of
// them while it is near.
inline void gradients_of_images(const Layer& layer, const std::vector<Block>& blocks,
                                npy_intp n_images, const float* weights, SparsePlace& place,
                                float* image_gradients) {
    float* all_sums = place.image_gradients.data();
    std::fill(all_sums, all_sums + IMAGES_AT_ONCE * layer.image_size(), 0.f);
    for (const Block& block : blocks) {
        float* sums = all_sums + IMAGES_AT_ONCE * layer.pixels() * block.first;
        const npy_intp row_stride = layer.filters * block.floats();
        for (npy_intp part = 0; part < block.n_parts; part++, sums += block.floats())
            for (npy_intp u = 0, n_rows; u < layer.filter_rows; u += n_rows) {
                n_rows = std::min(block.rows_at_once, layer.filter_rows - u);
                const auto add = ADD_PATCHES[block.vectors - 1][n_rows - 1];
                // Down the columns: the next patch then does not overlap with this one, whose
                // sums are still on their way to memory.
                for (npy_intp n = 0; n < n_images; n++)
                    for (npy_intp j = 0; j < layer.conv_columns; j++)
                        for (npy_intp i = 0; i < layer.conv_rows; i++) {
                            const npy_intp pixel = n * layer.pixels() + i * layer.columns + j;
                            const Winner* first = place.by_pixel.data() + pixel * layer.filters;
                            if (place.n_by_pixel[pixel])
                                add(first, first + place.n_by_pixel[pixel], weights,
                                    block.floats(), row_stride,
                                    sums + (pixel + u * layer.columns) * block.channels,
                                    layer.columns * block.channels);
                        }
                weights += n_rows * row_stride;
            }
    }
    for (const Block& block : blocks)
        for (npy_intp n = 0; n < n_images; n++)
            transpose_matrix(
                all_sums + (IMAGES_AT_ONCE * block.first + n * block.channels) * layer.pixels(),
                layer.pixels(), block.channels,
                image_gradients + n * layer.image_size() + block.first * layer.pixels());
}

// `image_gradients` may be null: then they are not asked for.
template <class Activation>
void conv_pool_gradient_sparse(const Layer& layer, const float* images, const float* filters,
                               const float* maps, const npy_uint16* winners,
                               const float* gradients, float* filter_gradients,
                               float* bias_gradients, float* image_gradients) {
    const std::vector<Block> blocks = blocks_of(layer);
    const npy_intp n_parts = number_of_parts(divide_up(layer.batch, 2 * IMAGES_AT_ONCE));
    const npy_intp n_sums = layer.filters * filter_floats(layer, blocks);
    const npy_intp map_floats = layer.filters * layer.map_size();
    const int n_threads = threads_for(n_parts);
    Floats weights = arrange_filters(layer, blocks, filters);
    std::vector<SparsePlace> places(n_threads, SparsePlace(layer, image_gradients));
    std::vector<Floats> sums(n_parts, Floats(n_sums));
    std::vector<std::vector<double>> bias_sums(n_parts, std::vector<double>(layer.filters));
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (npy_intp part = 0; part < n_parts; part++) {
        SparsePlace& place = places[thread_number()];
        const npy_intp end = layer.batch * (part + 1) / n_parts;
        for (npy_intp b = layer.batch * part / n_parts; b < end; b += IMAGES_AT_ONCE) {
            const npy_intp n_images = std::min(IMAGES_AT_ONCE, end - b);
            for (const Block& block : blocks)
                for (npy_intp n = 0; n < n_images; n++)
                    transpose_matrix(
                        images + (b + n) * layer.image_size() + block.first * layer.pixels(),
                        block.channels, layer.pixels(),
                        place.images.data() + (IMAGES_AT_ONCE * block.first + n * block.channels) *
                                                  layer.pixels());
            list_winners<Activation>(layer, n_images, maps + b * map_floats,
                                     winners + b * map_floats, gradients + b * map_floats,
                                     image_gradients, place, bias_sums[part].data());
            const npy_intp next = b + n_images, n_next = std::min(IMAGES_AT_ONCE, end - next);
            if (n_next > 0) {
                fetch(images + next * layer.image_size(), n_next * layer.image_size() * sizeof(float));
                fetch(maps + next * map_floats, n_next * map_floats * sizeof(float));
                fetch(gradients + next * map_floats, n_next * map_floats * sizeof(float));
                fetch(winners + next * map_floats, n_next * map_floats * sizeof(npy_uint16));
            }
            add_to_filters(layer, blocks, place, sums[part].data());
            if (image_gradients)
                gradients_of_images(layer, blocks, n_images, weights.data(), place,
                                    image_gradients + b * layer.image_size());
        }
    }
    add_up(sums, n_sums);
    const float* sum = sums[0].data();
    for (const Block& block : blocks) {
        const std::vector<npy_intp> places = block.places(layer);
        for (npy_intp k = 0; k < layer.filters; k++)
            for (npy_intp part = 0; part < block.n_parts; part++)
                for (npy_intp u = 0; u < layer.filter_rows; u++) {
                    const npy_intp* place = places.data() + part * block.floats();
                    float* row =
                        filter_gradients + k * layer.filter_size() + u * layer.filter_columns;
                    for (npy_intp i = 0; i < block.floats(); i++, sum++)
                        if (place[i] >= 0) row[place[i]] = *sum;
                }
    }
    for (npy_intp k = 0; k < layer.filters; k++) {
        double bias_sum = 0;
        for (npy_intp part = 0; part < n_parts; part++) bias_sum += bias_sums[part][k];
        bias_gradients[k] = (float)bias_sum;
    }
}

}  // namespace
