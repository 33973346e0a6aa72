// Large filters over pixels of 8 bits, where there are tiles (tiles.h): bfloat16 holds such a pixel
// whole, so that three products do for one. And the choice between both ways.
//
// A right tile holds pixels of one row: each of its lines begins 2 pixels farther to the right than
// the one before it, so that each of its columns meets 32 cells of a filter's row. A left tile holds
// rows of a filter, in each line the row above that of the line before it. So one row of pixels is
// added to 16 rows of output cells at once, to each with the row of the filter that sees it there:
//
//     sums (16 rows, 16 columns) += filter's rows (16, 32 cells) * pixels (32 cells, 16 columns)
//
// The left tile for the next row of pixels begins a line earlier; all of them lie in one array, with
// lines of zeros at both ends, where the filter does not reach the pixels.

#ifdef HAS_TILES

namespace {

class TiledConvolution {
    Geometry g;         // with rows as long as tiles need them, beyond the output's last column
    npy_intp sections;  // of TILE_DEPTH cells of a filter's row
    npy_intp lines;     // of a filter's left tiles
    Aligned<npy_uint32> weights;  // (filters, channels, sections, high middle low, lines, 16)

   public:
    TiledConvolution(const Geometry& g_, const float* filters)
        : g(g_),
          sections(divide_up(g.filter_columns, TILE_DEPTH)),
          lines(g.filter_rows + 2 * (TILE_LINES - 1)),
          weights(divide_up(g.filters, 2) * 2 * filter_words()) {
        g.plane_columns = TILE_DEPTH * (divide_up(g.out_columns, 2 * TILE_LINES) + sections);
        for (npy_intp f = 0; f < g.filters; f++)
            for (npy_intp c = 0; c < g.channels; c++)
                for (npy_intp u = 0; u < g.filter_rows; u++, filters += g.filter_columns)
                    for (npy_intp v = 0; v < g.filter_columns; v += 2)
                        set(f, c, u, v, filters[v], v + 1 < g.filter_columns ? filters[v + 1] : 0);
    }

    npy_intp band_size() const { return g.band_size(); }

    // The output's rows from `top` on, as many as a band has, for all filters of one image.
    void compute_band(npy_intp top, const float* image, float* band, float* maps) {
        fill_planes(g, top, image, band);
        pair_pixels(band);
        const npy_intp bottom = std::min(top + BAND_ROWS, g.out_rows), side = 2 * TILE_LINES;
        const Tiles tiles(TILE_LINES, TILE_LINES);
        alignas(64) float sums[2 * TILE_LINES * side];
        for (npy_intp y = top; y < bottom; y += TILE_LINES)
            for (npy_intp x = 0; x < g.out_columns; x += side)
                for (npy_intp f = 0; f < g.filters; f += 2) {
                    const npy_intp n_rows = std::min(TILE_LINES, bottom - y);
                    convolve((const npy_uint32*)band, y - top, n_rows, x, f, sums);
                    for (npy_intp n = 0; n < std::min<npy_intp>(2, g.filters - f); n++)
                        for (npy_intp i = 0; i < n_rows; i++)
                            memcpy(maps + ((f + n) * g.out_rows + y + i) * g.out_columns + x,
                                   sums + (n * TILE_LINES + i) * side,
                                   std::min(side, g.out_columns - x) * sizeof(float));
                }
    }

   private:
    npy_intp filter_words() const { return g.channels * sections * PARTS * lines * TILE_LINES; }

    void set(npy_intp f, npy_intp c, npy_intp u, npy_intp v, float first, float second) {
        Words parts[PARTS];
        split(Lanes{first}, Lanes{second}, parts);
        const npy_intp line = TILE_LINES - 1 + g.filter_rows - 1 - u;
        npy_uint32* to = weights.data() + f * filter_words() +
                         ((c * sections + v / TILE_DEPTH) * PARTS * lines + line) * TILE_LINES +
                         v % TILE_DEPTH / 2;
        for (int part = 0; part < PARTS; part++) to[part * lines * TILE_LINES] = parts[part][0];
    }

    // Turns each pixel into the word of it and its right neighbour.
    void pair_pixels(float* band) const {
        for (npy_intp row = 0; row < g.n_planes * g.plane_rows; row++, band += g.plane_columns)
            for (npy_intp x = 0; x < g.plane_columns; x += LANES)
                *(Words*)(band + x) = upper_halves(
                    *(const Words*)(band + x), (Words)load_some(band + x + 1, g.plane_columns - x - 1));
    }

    // Up to 16 rows and 32 columns of two filters' maps, from a row of the band and a column on. A
    // second filter that is one too many is all zeros.
    WITH_TILES void convolve(const npy_uint32* pixels, npy_intp row, npy_intp n_rows, npy_intp x,
                             npy_intp f, float* sums) {
        const npy_intp part = lines * TILE_LINES, side = 2 * TILE_LINES;
        start_sums();
        for (npy_intp c = 0; c < g.channels; c++)
            for (npy_intp section = 0; section < sections; section++) {
                const npy_uint32* filter = weights.data() + f * filter_words() +
                                           (c * sections + section) * PARTS * part;
                for (npy_intp i = 0; i < n_rows + g.filter_rows - 1; i++) {
                    const npy_uint32* left = filter + (lines - TILE_LINES - i) * TILE_LINES;
                    const npy_uint32* right = pixels + x + section * TILE_DEPTH +
                                              (c * g.plane_rows + row + i) * g.plane_columns;
                    add_products({left, left + filter_words(), part}, right, right + TILE_LINES, 8);
                }
            }
        store_sums(sums, side, TILE_LINES * side, TILE_LINES);
    }
};

// As `convolve_in_lanes`, for images that bfloat16 holds whole, and steps of 1.
void convolve_in_tiles(const Geometry& g, npy_intp batch, npy_intp threads, const float* images,
                       const float* filters, float* maps) {
    TiledConvolution tiled(g, filters);
    Floats memory(threads * tiled.band_size());
    #pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (npy_intp task = 0; task < batch * bands(g); task++) {
        const npy_intp b = task / bands(g), top = task % bands(g) * BAND_ROWS;
        tiled.compute_band(top, images + b * g.channels * g.rows * g.columns,
                           memory.data() + thread_number() * tiled.band_size(),
                           maps + b * g.filters * g.out_rows * g.out_columns);
    }
}

// Whether tiles are faster than vectors. Both are counted in a processor's cycles for a channel: tiles
// take 16 for each of 12 products, and a quarter more for all the rest; vectors do two multiplications
// in one, and are busy for 85 % of the time.
inline bool tiles_are_faster(const Geometry& g) {
    const double of_tiles = (double)divide_up(g.out_rows, TILE_LINES) *
                            divide_up(g.out_columns, 2 * TILE_LINES) * divide_up(g.filters, 2) *
                            (g.filter_rows + TILE_LINES - 1) *
                            divide_up(g.filter_columns, TILE_DEPTH) * 12 * 16 * 1.25;
    const double of_lanes = (double)divide_up(g.out_rows, TILE_ROWS) * TILE_ROWS *
                            divide_up(g.out_columns, LANES) * g.filters * g.filter_rows *
                            g.filter_columns / 2 / 0.85;
    return tiles_are_there() && of_tiles < of_lanes;
}

// Whether no number is NaN, infinite, or so large that bfloat16 rounds it to infinity: zeros times
// infinity would show in cells that don't see it. And whether none has any of these bits.
inline bool are_plain(const float* numbers, npy_intp count, npy_uint32 bits) {
    const npy_uint32 large = 0x7f000000;
    const npy_intp chunk = 64 * LANES;
    for (npy_intp done = 0; done < count; done += chunk) {
        Words found = {};
        for (npy_intp i = done; i < std::min(done + chunk, count); i += LANES) {
            const Words words = (Words)load_some(numbers + i, count - i);
            found |= words & bits;
            found |= (Words)((words & large) == large);
        }
        for (int lane = 0; lane < LANES; lane++)
            if (found[lane]) return false;
    }
    return true;
}

// Whether an image's pixels have no digits beyond bfloat16's.
inline bool image_suits_tiles(const Geometry& g, const float* image) {
    return are_plain(image, g.channels * g.rows * g.columns, 0xffff);
}

// Whether tiles can take these filters, and are faster.
inline bool filters_suit_tiles(const Geometry& g, const float* filters) {
    return g.step_rows == 1 && g.step_columns == 1 && tiles_are_faster(g) &&
           are_plain(filters, g.filters * g.channels * g.filter_rows * g.filter_columns, 0);
}

}  // namespace
#endif

namespace {

// As `convolve_in_lanes`, in tiles where they are faster. Each image is looked at by itself, so that
// a batch is to the bit its images one by one.
void direct_convolution(const Geometry& g, npy_intp batch, npy_intp threads, const float* images,
                        const float* filters, float* maps) {
#ifdef HAS_TILES
    const npy_intp image = g.channels * g.rows * g.columns;
    const npy_intp map = g.filters * g.out_rows * g.out_columns;
    if (filters_suit_tiles(g, filters)) {
        for (npy_intp first = 0, end; first < batch; first = end) {
            const bool in_tiles = image_suits_tiles(g, images + first * image);
            for (end = first + 1; end < batch; end++)
                if (image_suits_tiles(g, images + end * image) != in_tiles) break;
            (in_tiles ? convolve_in_tiles : convolve_in_lanes)(
                g, end - first, threads, images + first * image, filters, maps + first * map);
        }
        return;
    }
#endif
    convolve_in_lanes(g, batch, threads, images, filters, maps);
}

}  // namespace
