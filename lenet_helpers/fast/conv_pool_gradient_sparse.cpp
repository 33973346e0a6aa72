// The gradients of filters, bias and images where images have many channels, as in the second
// layer. Only cells that won their window have a gradient, a quarter of them with windows of 2 x 2;
// which ones they are differs from image to image and from map to map. So here not images but
// the channels of neighbouring pixels ride in lanes, and each winner is visited once:
//
//     gradient of filter k += gradient of the winner * the patch of pixels that it saw
//     gradient of the patch += gradient of the winner * filter k
//
// A patch's row is filter_columns pixels of all channels, one piece of memory if the channels of
// a pixel lie side by side: images are copied to (rows, columns, channels) and back.

namespace {

const npy_intp IMAGES_AT_ONCE = 2, MOST_VECTORS = 10;

// How a row of a filter, or of the patch that it sees, lies in vectors. It is cut into parts of equal
// size, whose sums stay in registers. The last vectors may reach over the row's end: there weights
// are zero, and sums are not used.
struct RowOfVectors {
    npy_intp n_parts, vectors;  // vectors of a part

    explicit RowOfVectors(const Layer& layer) {
        const npy_intp needed = divide_up(layer.filter_columns * layer.channels, LANES);
        n_parts = divide_up(needed, MOST_VECTORS);
        vectors = divide_up(needed, std::max<npy_intp>(n_parts, 1));
    }
    npy_intp part_floats() const { return vectors * LANES; }
    npy_intp floats() const { return n_parts * part_floats(); }
};

struct Winner {
    npy_int32 at;  // where its patch begins, or its filter's weights
    float gradient;
};

struct SparsePlace {
    Floats images;           // (images at once, rows, columns, channels)
    Floats image_gradients;  // of one image
    Floats gradients;        // of the sums of one map
    std::vector<Winner> by_filter;
    std::vector<size_t> filter_end;  // where each filter's winners end
    std::vector<Winner> by_pixel;    // (images at once, rows, columns, filters)
    std::vector<npy_int32> n_by_pixel;

    SparsePlace(const Layer& layer, const RowOfVectors& row, bool with_images)
        : images(IMAGES_AT_ONCE * layer.image_size() + row.floats()),
          image_gradients(with_images ? layer.image_size() + row.floats() : 0),
          gradients(layer.map_size()),
          by_filter(IMAGES_AT_ONCE * layer.filters * layer.conv_rows * layer.conv_columns),
          filter_end(layer.filters),
          by_pixel(with_images ? IMAGES_AT_ONCE * layer.rows * layer.columns * layer.filters : 0),
          n_by_pixel(IMAGES_AT_ONCE * layer.rows * layer.columns) {}
};

// sums (VECTORS) += the sum over winners of gradient * what lies at the winner's place.
template <int VECTORS>
void add_patches(const Winner* winner, const Winner* end, const float* patches, float* sums) {
    Lanes sum[VECTORS];
    UNROLLED for (int i = 0; i < VECTORS; i++) sum[i] = Lanes{};
    for (; winner < end; winner++) {
        const float* patch = patches + winner->at;
        UNROLLED for (int i = 0; i < VECTORS; i++) sum[i] += winner->gradient * load(patch + i * LANES);
    }
    UNROLLED for (int i = 0; i < VECTORS; i++) add(sums + i * LANES, sum[i]);
}
typedef void AddPatches(const Winner*, const Winner*, const float*, float*);
AddPatches* const ADD_PATCHES[MOST_VECTORS + 1] = {
    nullptr,        add_patches<1>, add_patches<2>, add_patches<3>, add_patches<4>, add_patches<5>,
    add_patches<6>, add_patches<7>, add_patches<8>, add_patches<9>, add_patches<10>};

// Filters as (parts of a row, filter rows, filters, vectors of a part), the channels of a pixel last.
inline Floats arrange_filters(const Layer& layer, const RowOfVectors& row, const float* filters) {
    Floats arranged(layer.filters * layer.filter_rows * row.floats());
    float* to = arranged.data();
    for (npy_intp part = 0; part < row.n_parts; part++)
        for (npy_intp u = 0; u < layer.filter_rows; u++)
            for (npy_intp k = 0; k < layer.filters; k++)
                for (npy_intp i = 0; i < row.part_floats(); i++, to++) {
                    const npy_intp at = part * row.part_floats() + i;
                    const npy_intp c = at % layer.channels, v = at / layer.channels;
                    if (v < layer.filter_columns)
                        *to = filters[((k * layer.channels + c) * layer.filter_rows + u) *
                                          layer.filter_columns + v];
                }
    return arranged;
}

// Lists the winners of some images twice: by filter, with the place of the patch that each saw, and
// by pixel, with the place of the filter's weights.
template <class Activation>
void list_winners(const Layer& layer, const RowOfVectors& row, npy_intp n_images,
                  const float* maps, const npy_uint16* winners, const float* gradients,
                  bool with_images, SparsePlace& place, double* bias_sums) {
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
                        const npy_intp pixel = window + pixel_of_bit[__builtin_ctz(bits)];
                        *next++ = {npy_int32(n * layer.image_size() +
                                             pixel * layer.channels), *gradient};
                        if (with_images) {
                            const npy_intp at = n * layer.rows * layer.columns + pixel;
                            place.by_pixel[at * layer.filters + place.n_by_pixel[at]++] = {
                                npy_int32(k * row.part_floats()), *gradient};
                        }
                    }
                }
            bias_sums[k] += bias_sum;
        }
        place.filter_end[k] = next - place.by_filter.data();
    }
}

// Adds to the filters' gradients: (filters, filter rows, vectors of a row).
inline void add_to_filters(const Layer& layer, const RowOfVectors& row, SparsePlace& place,
                           float* sums) {
    const Winner* begin = place.by_filter.data();
    for (npy_intp k = 0; k < layer.filters; k++) {
        const Winner* end = place.by_filter.data() + place.filter_end[k];
        for (npy_intp u = 0; u < layer.filter_rows; u++)
            for (npy_intp part = 0; part < row.n_parts; part++, sums += row.part_floats())
                ADD_PATCHES[row.vectors](begin, end,
                                         place.images.data() + u * layer.columns * layer.channels +
                                             part * row.part_floats(), sums);
        begin = end;
    }
}

// Computes the gradient of image `n` of those that are worked on.
inline void gradient_of_image(const Layer& layer, const RowOfVectors& row, npy_intp n,
                              const float* weights, SparsePlace& place, float* image_gradient) {
    float* sums = place.image_gradients.data();
    std::fill(sums, sums + layer.image_size(), 0.f);
    for (npy_intp part = 0; part < row.n_parts; part++)
        for (npy_intp u = 0; u < layer.filter_rows; u++, weights += layer.filters * row.part_floats())
            // Down the columns: the next patch then does not overlap with this one, whose sums
            // are still on their way to memory.
            for (npy_intp j = 0; j < layer.conv_columns; j++)
                for (npy_intp i = 0; i < layer.conv_rows; i++) {
                    const npy_intp pixel = i * layer.columns + j;
                    const npy_intp at = n * layer.rows * layer.columns + pixel;
                    const Winner* winner = place.by_pixel.data() + at * layer.filters;
                    if (place.n_by_pixel[at])
                        ADD_PATCHES[row.vectors](winner, winner + place.n_by_pixel[at], weights,
                                                 sums + (pixel + u * layer.columns) * layer.channels +
                                                     part * row.part_floats());
                }
    transpose_matrix(sums, layer.rows * layer.columns, layer.channels, image_gradient);
}

// `image_gradients` may be null: then they are not asked for.
template <class Activation>
void conv_pool_gradient_sparse(const Layer& layer, const float* images, const float* filters,
                               const float* maps, const npy_uint16* winners,
                               const float* gradients, float* filter_gradients,
                               float* bias_gradients, float* image_gradients) {
    const RowOfVectors row(layer);
    const npy_intp n_parts = number_of_parts(divide_up(layer.batch, 2 * IMAGES_AT_ONCE));
    const npy_intp filter_floats = layer.filter_rows * row.floats();
    const npy_intp map_floats = layer.filters * layer.map_size();
    const int n_threads = threads_for(n_parts);
    Floats weights = arrange_filters(layer, row, filters);
    std::vector<SparsePlace> places(n_threads, SparsePlace(layer, row, image_gradients));
    std::vector<Floats> sums(n_parts, Floats(layer.filters * filter_floats));
    std::vector<std::vector<double>> bias_sums(n_parts, std::vector<double>(layer.filters));
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (npy_intp part = 0; part < n_parts; part++) {
        SparsePlace& place = places[thread_number()];
        const npy_intp end = layer.batch * (part + 1) / n_parts;
        for (npy_intp b = layer.batch * part / n_parts; b < end; b += IMAGES_AT_ONCE) {
            const npy_intp n_images = std::min(IMAGES_AT_ONCE, end - b);
            for (npy_intp n = 0; n < n_images; n++)
                transpose_matrix(images + (b + n) * layer.image_size(), layer.channels,
                                 layer.rows * layer.columns,
                                 place.images.data() + n * layer.image_size());
            list_winners<Activation>(layer, row, n_images, maps + b * map_floats,
                                     winners + b * map_floats, gradients + b * map_floats,
                                     image_gradients, place, bias_sums[part].data());
            add_to_filters(layer, row, place, sums[part].data());
            for (npy_intp n = 0; image_gradients && n < n_images; n++)
                gradient_of_image(layer, row, n, weights.data(), place,
                                  image_gradients + (b + n) * layer.image_size());
        }
    }
    add_up(sums, layer.filters * filter_floats);
    for (npy_intp k = 0; k < layer.filters; k++) {
        double bias_sum = 0;
        for (npy_intp part = 0; part < n_parts; part++) bias_sum += bias_sums[part][k];
        bias_gradients[k] = (float)bias_sum;
        for (npy_intp c = 0; c < layer.channels; c++)
            for (npy_intp u = 0; u < layer.filter_rows; u++)
                for (npy_intp v = 0; v < layer.filter_columns; v++)
                    *filter_gradients++ = sums[0].data()[k * filter_floats + u * row.floats() +
                                                         v * layer.channels + c];
    }
}

}  // namespace
