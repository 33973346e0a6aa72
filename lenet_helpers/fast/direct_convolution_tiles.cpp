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

const npy_intp TILE_LINES = 16, TILE_DEPTH = 32;

struct TiledConvolution {
    const Geometry& g;
    npy_intp steps;      // of TILE_DEPTH cells of a filter's row
    npy_intp lines;      // of a filter's left tiles
    npy_intp row_words;  // of a row of pixels; tiles reach beyond the output's last column
    Aligned<npy_uint32> weights;  // (filters, channels, steps, high middle low, lines, 16)

    TiledConvolution(const Geometry& g, const float* filters)
        : g(g),
          steps(divide_up(g.filter_columns, TILE_DEPTH)),
          lines(g.filter_rows + 2 * (TILE_LINES - 1)),
          row_words(TILE_DEPTH * (divide_up(g.out_columns, 2 * TILE_LINES) + steps)),
          weights(divide_up(g.filters, 2) * 2 * filter_words()) {
        for (npy_intp f = 0; f < g.filters; f++)
            for (npy_intp c = 0; c < g.channels; c++)
                for (npy_intp u = 0; u < g.filter_rows; u++, filters += g.filter_columns)
                    for (npy_intp v = 0; v < g.filter_columns; v += 2)
                        set(f, c, u, v, filters[v], v + 1 < g.filter_columns ? filters[v + 1] : 0);
    }

    npy_intp filter_words() const { return g.channels * steps * PARTS * lines * TILE_LINES; }

    void set(npy_intp f, npy_intp c, npy_intp u, npy_intp v, float first, float second) {
        Words parts[PARTS];
        split(Lanes{first}, Lanes{second}, parts);
        const npy_intp line = TILE_LINES - 1 + g.filter_rows - 1 - u;
        npy_uint32* to = weights.data() + f * filter_words() +
                         ((c * steps + v / TILE_DEPTH) * PARTS * lines + line) * TILE_LINES +
                         v % TILE_DEPTH / 2;
        for (int part = 0; part < PARTS; part++) to[part * lines * TILE_LINES] = parts[part][0];
    }

    // Words of each pixel of a band's planes and its right neighbour: (planes, rows, row's words).
    void pair_pixels(const float* planes, npy_uint32* to) const {
        for (npy_intp row = 0; row < g.n_planes * g.plane_rows; row++, planes += g.plane_columns)
            for (npy_intp x = 0; x < row_words; x += LANES, to += LANES)
                *(Words*)to = upper_halves((Words)load_some(planes + x, g.plane_columns - x),
                                           (Words)load_some(planes + x + 1, g.plane_columns - x - 1));
    }

    // Up to 16 rows and 32 columns of two filters' maps, from a row of the band and a column on. A
    // second filter that is one too many is all zeros.
    WITH_TILES void convolve(const npy_uint32* pixels, npy_intp row, npy_intp n_rows, npy_intp x,
                             npy_intp f, float* sums) {
        const npy_intp part = lines * TILE_LINES;
        start_sums();
        for (npy_intp c = 0; c < g.channels; c++)
            for (npy_intp step = 0; step < steps; step++) {
                const npy_uint32* left = weights.data() + f * filter_words() +
                                         (c * steps + step) * PARTS * part +
                                         (lines - TILE_LINES) * TILE_LINES;
                const npy_uint32* right =
                    pixels + (c * g.plane_rows + row) * row_words + x + step * TILE_DEPTH;
                for (npy_intp i = 0; i < n_rows + g.filter_rows - 1; i++) {
                    add_products({left, left + filter_words(), part}, right, right + TILE_LINES, 8);
                    left -= TILE_LINES, right += row_words;
                }
            }
        const npy_intp side = 2 * TILE_LINES;
        store_sums(sums, side, TILE_LINES * side, TILE_LINES);
    }

    // The output's rows from `top` on, as many as a band has, for all filters of one image.
    void compute_band(npy_intp top, const npy_uint32* pixels, float* maps) {
        const npy_intp bottom = std::min(top + BAND_ROWS, g.out_rows), side = 2 * TILE_LINES;
        const Tiles tiles(TILE_LINES, TILE_LINES);
        alignas(64) float sums[2 * TILE_LINES * side];
        for (npy_intp y = top; y < bottom; y += TILE_LINES)
            for (npy_intp x = 0; x < g.out_columns; x += side)
                for (npy_intp f = 0; f < g.filters; f += 2) {
                    const npy_intp n_rows = std::min(TILE_LINES, bottom - y);
                    convolve(pixels, y - top, n_rows, x, f, sums);
                    for (npy_intp n = 0; n < std::min<npy_intp>(2, g.filters - f); n++)
                        for (npy_intp i = 0; i < n_rows; i++)
                            memcpy(maps + ((f + n) * g.out_rows + y + i) * g.out_columns + x,
                                   sums + (n * TILE_LINES + i) * side,
                                   std::min(side, g.out_columns - x) * sizeof(float));
                }
    }
};

// As `convolve_in_lanes`, for images that bfloat16 holds whole, finite filters, and steps of 1.
void convolve_in_tiles(const Geometry& g, npy_intp batch, npy_intp threads, const float* images,
                       const float* filters, float* maps) {
    TiledConvolution tiled(g, filters);
    std::vector<float> planes(threads * g.band_size());
    std::vector<Aligned<npy_uint32>> pixels(
        threads, Aligned<npy_uint32>(g.n_planes * g.plane_rows * tiled.row_words));
    #pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (npy_intp task = 0; task < batch * bands(g); task++) {
        const npy_intp b = task / bands(g), top = task % bands(g) * BAND_ROWS;
        float* own = planes.data() + thread_number() * g.band_size();
        npy_uint32* own_pixels = pixels[thread_number()].data();
        fill_planes(g, top, images + b * g.channels * g.rows * g.columns, own);
        tiled.pair_pixels(own, own_pixels);
        tiled.compute_band(top, own_pixels, maps + b * g.filters * g.out_rows * g.out_columns);
    }
}

// Whether tiles are faster than vectors, both counted in a processor's cycles.
inline bool tiles_are_faster(const Geometry& g) {
    const double of_tiles = (double)divide_up(g.out_rows, TILE_LINES) *
                            divide_up(g.out_columns, 2 * TILE_LINES) * divide_up(g.filters, 2) *
                            (g.filter_rows + TILE_LINES - 1) *
                            divide_up(g.filter_columns, TILE_DEPTH) * 12 * 16 * 1.25;
    const double of_lanes = (double)g.out_rows * g.out_columns * g.filters * g.filter_rows *
                            g.filter_columns / LANES / 2 / 0.85;
    return tiles_are_there() && of_tiles < of_lanes;
}

// Whether no number is infinite or NaN or, in bfloat16, has more digits than it holds: zeros times
// infinity would show in cells that don't see it.
inline bool suits_tiles(const float* numbers, npy_intp count, bool as_bfloat16) {
    const npy_uint32 exponent = 0x7f800000, lower_half = as_bfloat16 ? 0xffff : 0;
    const npy_intp chunk = 64 * LANES;
    for (npy_intp done = 0; done < count; done += chunk) {
        Words unsuited = {};
        for (npy_intp i = done; i < std::min(done + chunk, count); i += LANES) {
            const Words words = (Words)load_some(numbers + i, count - i);
            unsuited |= words & lower_half;
            unsuited |= (Words)((words & exponent) == exponent);
        }
        for (int lane = 0; lane < LANES; lane++)
            if (unsuited[lane]) return false;
    }
    return true;
}

inline bool suit_tiles(const Geometry& g, npy_intp batch, const float* images,
                       const float* filters) {
    return g.step_rows == 1 && g.step_columns == 1 && tiles_are_faster(g) &&
           suits_tiles(filters, g.filters * g.channels * g.filter_rows * g.filter_columns, false) &&
           suits_tiles(images, batch * g.channels * g.rows * g.columns, true);
}

}  // namespace
#endif

namespace {

// As `convolve_in_lanes`, in tiles where they are faster.
void direct_convolution(const Geometry& g, npy_intp batch, npy_intp threads, const float* images,
                        const float* filters, float* maps) {
    auto convolve = convolve_in_lanes;
#ifdef HAS_TILES
    if (suit_tiles(g, batch, images, filters)) convolve = convolve_in_tiles;
#endif
    convolve(g, batch, threads, images, filters, maps);
}

}  // namespace
