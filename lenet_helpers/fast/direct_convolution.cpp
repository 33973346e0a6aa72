// A convolution without im2col: every output cell is summed up in a register, straight from the
// image. Theano's CorrMM first copies each patch into a row of a matrix, which for a 21 x 21 filter
// makes 441 copies of the picture.
//
// Layout. All arrays are C-contiguous float32. The output is computed in bands of rows. What a
// band needs of an image is first copied into `planes`, where it gets its border of zeros. With
// steps (subsample) larger than 1 it is also taken apart: a plane holds every step-th row and every
// step-th column, so that inside a plane the filter moves by one cell. A filter is taken apart in
// the same way, and the sum over the planes is the same sum in another order. Planes that no cell
// of the filter reaches are left out:
//
//     planes   (channels * row phases * column phases, plane rows, plane columns)
//     weights  (groups of filters, channels * row phases * column phases, weight columns,
//               weight rows, filters of the group)
//
// with as many phases as steps, or as the filter has cells if these are fewer.
//
// Tiles. TILE_ROWS rows of VECTORS vectors of output cells are summed up together, for a group of
// FILTERS filters: as many sums as the processor has registers for. A vector of pixels, once
// loaded, serves every filter, and every row of the tile, each with another row of the filter; a
// weight, once loaded, serves VECTORS vectors. So there are two multiplications for each load,
// which keep the processor's multipliers busy. Cells outside of the output are computed, not
// stored; planes are wide and high enough for that.
//
// Threads take bands of images. Every cell is summed up by one thread, and in the same order by
// any, so the result does not depend on their number.

namespace {

// AVX-512 has 32 registers: 24 sums, 3 vectors of pixels. AVX2 and SSE2 have 16: 12 sums.
const int GROUP = 2, TILE_ROWS = LANES == 16 ? 4 : 2;
const npy_intp BAND_ROWS = 32;
// Fewer multiplications take no longer than threads take to start.
const double WORTH_THREADS = 2e6;

struct Geometry {
    npy_intp channels, rows, columns;                // of an image
    npy_intp filters, filter_rows, filter_columns;
    npy_intp pad_rows, pad_columns;                  // zeros at each end
    npy_intp step_rows, step_columns;
    npy_intp out_rows, out_columns;
    npy_intp row_phases, column_phases;
    npy_intp n_planes, plane_rows, plane_columns;    // of a band
    npy_intp weight_rows, weight_columns;

    // False if the filter does not fit into the image with its border, or nothing could hold it.
    bool complete() {
        const npy_intp free_rows = rows + 2 * pad_rows - filter_rows;
        const npy_intp free_columns = columns + 2 * pad_columns - filter_columns;
        if (free_rows < 0 || free_columns < 0) return false;
        // A step beyond the last cell is as good as one just beyond it, and can't overflow.
        step_rows = std::min(step_rows, free_rows + 1);
        step_columns = std::min(step_columns, free_columns + 1);
        out_rows = free_rows / step_rows + 1;
        out_columns = free_columns / step_columns + 1;
        row_phases = std::min(step_rows, filter_rows);
        column_phases = std::min(step_columns, filter_columns);
        n_planes = channels * row_phases * column_phases;
        weight_rows = divide_up(filter_rows, step_rows);
        weight_columns = divide_up(filter_columns, step_columns);
        const npy_intp band = std::min(BAND_ROWS, out_rows);
        plane_rows = divide_up(band, TILE_ROWS) * TILE_ROWS + weight_rows - 1;
        plane_columns = divide_up(out_columns, LANES) * LANES + weight_columns - 1;
        return (double)n_planes * plane_rows * plane_columns < 1e15;
    }

    // Whether this is faster than a copy of each patch and a matrix product. It is where few
    // filters share the copies, unless most cells of its tiles lie outside of the output; and
    // where the copies of an image would fill tens of megabytes.
    bool beats_patches() const {
        const double cells = (double)out_rows * out_columns;
        const double patches = cells * channels * filter_rows * filter_columns;
        const double computed = (double)filters * divide_up(out_rows, TILE_ROWS) * TILE_ROWS *
                                divide_up(out_columns, LANES) * LANES;
        return filter_rows * filter_columns > 1 && (computed <= 16 * cells || patches > 8e6);
    }

    // The plane of a filter's cell.
    npy_intp plane(npy_intp channel, npy_intp row, npy_intp column) const {
        return (channel * row_phases + row % step_rows) * column_phases + column % step_columns;
    }

    npy_intp band_size() const { return n_planes * plane_rows * plane_columns; }
    npy_intp weight_size() const { return n_planes * weight_rows * weight_columns; }
};

// Copies what the output's rows from `top` on need of an image.
void fill_planes(const Geometry& g, npy_intp top, const float* image, float* planes) {
    for (npy_intp p = 0; p < g.n_planes; p++) {
        // This plane holds the rows first_row, first_row + step_rows, ... of this channel.
        const npy_intp channel = p / (g.row_phases * g.column_phases);
        const npy_intp phase = p / g.column_phases % g.row_phases;
        const npy_intp first_row = phase - g.pad_rows + top * g.step_rows;
        const npy_intp first_column = p % g.column_phases - g.pad_columns;
        // Its cells from `left` to `right` lie in the image.
        const npy_intp left =
            first_column < 0 ? (g.step_columns - 1 - first_column) / g.step_columns : 0;
        const npy_intp reach = g.columns - first_column + g.step_columns - 1;
        const npy_intp right =
            std::max(left, std::min(g.plane_columns, reach / g.step_columns));
        for (npy_intp i = 0; i < g.plane_rows; i++, planes += g.plane_columns) {
            const npy_intp row = first_row + i * g.step_rows;
            const bool inside = row >= 0 && row < g.rows && left < g.plane_columns;
            std::fill(planes, planes + (inside ? left : g.plane_columns), 0.f);
            if (!inside) continue;
            const float* line = image + (channel * g.rows + row) * g.columns + first_column;
            if (g.step_columns == 1)
                std::copy(line + left, line + right, planes + left);
            else
                for (npy_intp j = left; j < right; j++) planes[j] = line[j * g.step_columns];
            std::fill(planes + right, planes + g.plane_columns, 0.f);
        }
    }
}

void fill_weights(const Geometry& g, const float* filters, float* weights) {
    for (npy_intp f = 0; f < g.filters; f++) {
        const npy_intp first = f / GROUP * GROUP;
        const npy_intp n_group = std::min<npy_intp>(GROUP, g.filters - first);
        float* group = weights + first * g.weight_size() + f - first;
        for (npy_intp c = 0; c < g.channels; c++)
            for (npy_intp u = 0; u < g.filter_rows; u++)
                for (npy_intp v = 0; v < g.filter_columns; v++, filters++) {
                    const npy_intp column =
                        g.plane(c, u, v) * g.weight_columns + v / g.step_columns;
                    group[(column * g.weight_rows + u / g.step_rows) * n_group] = *filters;
                }
    }
}

// Adds to some rows of a tile what n rows of a plane, from `line` on, give them. `weights` points
// to the row of the filter that meets the first line in the first of the tile's rows.
template <int ROWS, int FILTERS, int VECTORS>
void add_lines(const Geometry& g, const float* line, const float* weights, npy_intp n,
               npy_intp weight_columns, Lanes (*tile)[FILTERS][VECTORS]) {
    Lanes sums[ROWS][FILTERS][VECTORS];
    for (int t = 0; t < ROWS; t++)
        for (int f = 0; f < FILTERS; f++)
            for (int q = 0; q < VECTORS; q++) sums[t][f][q] = tile[t][f][q];
    for (npy_intp i = 0; i < n; i++, line += g.plane_columns, weights += FILTERS) {
        const float* weight = weights;
        for (npy_intp v = 0; v < weight_columns; v++, weight += g.weight_rows * FILTERS) {
            Lanes pixels[VECTORS];
            for (int q = 0; q < VECTORS; q++) pixels[q] = *(const Lanes*)(line + v + q * LANES);
            for (int t = 0; t < ROWS; t++)
                for (int f = 0; f < FILTERS; f++)
                    for (int q = 0; q < VECTORS; q++)
                        sums[t][f][q] += weight[f - t * FILTERS] * pixels[q];
        }
    }
    for (int t = 0; t < ROWS; t++)
        for (int f = 0; f < FILTERS; f++)
            for (int q = 0; q < VECTORS; q++) tile[t][f][q] = sums[t][f][q];
}

// What the one line above that meets just the first ROWS rows of a tile gives them, and the one
// below that meets just the last. `plane` points to the tile's top left cell.
template <int ROWS, int FILTERS, int VECTORS>
void add_edges(const Geometry& g, const float* plane, const float* weights, npy_intp weight_rows,
               npy_intp weight_columns, Lanes (*sums)[FILTERS][VECTORS]) {
    add_lines<ROWS>(g, plane + (ROWS - 1) * g.plane_columns, weights + (ROWS - 1) * FILTERS, 1,
                    weight_columns, sums);
    add_lines<ROWS>(g, plane + (weight_rows + TILE_ROWS - 1 - ROWS) * g.plane_columns,
                    weights + (weight_rows - 1) * FILTERS, 1, weight_columns,
                    sums + TILE_ROWS - ROWS);
}

// What one plane gives a tile of a group of feature maps. Of the filter it meets `weight_rows` rows
// and `weight_columns` columns.
template <int FILTERS, int VECTORS>
void add_plane(const Geometry& g, const float* plane, const float* weights, npy_intp weight_rows,
               npy_intp weight_columns, Lanes (*sums)[FILTERS][VECTORS]) {
    if (weight_rows < TILE_ROWS) {  // no line meets the filter in every row of the tile
        for (npy_intp t = 0; t < TILE_ROWS; t++)
            add_lines<1>(g, plane + t * g.plane_columns, weights, weight_rows, weight_columns,
                         sums + t);
        return;
    }
    const npy_intp above = TILE_ROWS - 1;
    add_lines<TILE_ROWS>(g, plane + above * g.plane_columns, weights + above * FILTERS,
                         weight_rows - above, weight_columns, sums);
    if (TILE_ROWS > 2) {
        add_edges<3>(g, plane, weights, weight_rows, weight_columns, sums);
        add_edges<2>(g, plane, weights, weight_rows, weight_columns, sums);
    }
    add_edges<1>(g, plane, weights, weight_rows, weight_columns, sums);
}

// One tile of a group of feature maps. `planes` points to its top left cell in the first plane.
template <int FILTERS, int VECTORS>
void compute_tile(const Geometry& g, const float* planes, const float* weights, float* out,
                  npy_intp n_rows, npy_intp n_columns) {
    Lanes sums[TILE_ROWS][FILTERS][VECTORS] = {};
    for (npy_intp c = 0; c < g.channels; c++)
        for (npy_intp i = 0; i < g.row_phases; i++)
            for (npy_intp j = 0; j < g.column_phases; j++) {
                add_plane(g, planes, weights, (g.filter_rows - i - 1) / g.step_rows + 1,
                          (g.filter_columns - j - 1) / g.step_columns + 1, sums);
                planes += g.plane_rows * g.plane_columns;
                weights += g.weight_rows * g.weight_columns * FILTERS;
            }
    for (npy_intp t = 0; t < n_rows; t++)
        for (npy_intp f = 0; f < FILTERS; f++)
            memcpy(out + (f * g.out_rows + t) * g.out_columns, sums[t][f],
                   n_columns * sizeof(float));
}

// A row of tiles of a group of feature maps, from left to right.
template <int FILTERS>
void compute_tiles(const Geometry& g, const float* planes, const float* weights, float* out,
                   npy_intp n_rows) {
    npy_intp x = 0, rest = g.out_columns;
    for (; rest > 2 * LANES; x += 3 * LANES, rest -= 3 * LANES)
        compute_tile<FILTERS, 3>(g, planes + x, weights, out + x, n_rows,
                                 std::min<npy_intp>(3 * LANES, rest));
    if (rest > LANES)
        compute_tile<FILTERS, 2>(g, planes + x, weights, out + x, n_rows, rest);
    else if (rest > 0)
        compute_tile<FILTERS, 1>(g, planes + x, weights, out + x, n_rows, rest);
}

// The output's rows from `top` on, as many as a band has, for all filters of one image.
void compute_band(const Geometry& g, npy_intp top, const float* planes, const float* weights,
                  float* maps) {
    const npy_intp bottom = std::min(top + BAND_ROWS, g.out_rows);
    for (npy_intp y = top; y < bottom; y += TILE_ROWS)
        for (npy_intp f = 0; f < g.filters; f += GROUP) {
            const float* first_row = planes + (y - top) * g.plane_columns;
            const float* group = weights + f * g.weight_size();
            float* out = maps + (f * g.out_rows + y) * g.out_columns;
            const npy_intp n_rows = std::min<npy_intp>(TILE_ROWS, bottom - y);
            if (g.filters - f >= GROUP)
                compute_tiles<GROUP>(g, first_row, group, out, n_rows);
            else
                compute_tiles<1>(g, first_row, group, out, n_rows);
        }
}

npy_intp bands(const Geometry& g) { return divide_up(g.out_rows, BAND_ROWS); }

// On how many threads a batch of images is worth computing.
inline npy_intp worthy_threads(const Geometry& g, npy_intp batch) {
    const double work =
        (double)batch * g.filters * g.out_rows * g.out_columns * g.weight_size();
    return work < WORTH_THREADS ? 1 : std::min(thread_limit(), batch * bands(g));
}

// images (batch, channels, rows, columns), filters (filters, channels, filter rows, filter
// columns) -> maps (batch, filters, out rows, out columns), a correlation: nothing is turned.
void convolve_in_lanes(const Geometry& g, npy_intp batch, npy_intp threads, const float* images,
                       const float* filters, float* maps) {
    std::vector<float> weights(g.filters * g.weight_size());
    std::vector<float> planes(threads * g.band_size());
    fill_weights(g, filters, weights.data());
    #pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (npy_intp task = 0; task < batch * bands(g); task++) {
        const npy_intp b = task / bands(g), top = task % bands(g) * BAND_ROWS;
        float* own = planes.data() + thread_number() * g.band_size();
        fill_planes(g, top, images + b * g.channels * g.rows * g.columns, own);
        compute_band(g, top, own, weights.data(),
                     maps + b * g.filters * g.out_rows * g.out_columns);
    }
}

}  // namespace
