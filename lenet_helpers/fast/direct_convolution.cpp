// A convolution without im2col: every output cell is summed up in a register, straight from the
// image. Theano's CorrMM first copies each patch into a row of a matrix, which for a 21 x 21 filter
// makes 441 copies of the picture.
//
// Layout. All arrays are C-contiguous float32. An image is first copied into `planes`, where it
// gets its border of zeros. With steps (subsample) larger than 1 it is also taken apart: a plane
// holds every step-th row and every step-th column, so that inside a plane the filter moves by one
// cell. A filter is taken apart in the same way, and the sum over the planes is the same sum in
// another order. Planes that no cell of the filter reaches are left out:
//
//     planes   (channels * row phases * column phases, plane rows, plane columns)
//     weights  (filters, channels * row phases * column phases, weight rows, weight columns)
//
// with as many phases as steps, or as the filter has cells if these are fewer.
//
// Tiles. TILE_ROWS x TILE_COLUMNS output cells are computed together. One vector of image pixels,
// once loaded, serves TILE_ROWS rows of the output, each with another row of the filter. Planes
// are wide and high enough for whole tiles; cells outside of the output are computed, not stored.

namespace {

const npy_intp TILE_ROWS = 4, VECTORS = 2, TILE_COLUMNS = VECTORS * LANES;

struct Geometry {
    npy_intp channels, rows, columns;                // of an image
    npy_intp filters, filter_rows, filter_columns;
    npy_intp pad_rows, pad_columns;                  // zeros at each end
    npy_intp step_rows, step_columns;
    npy_intp out_rows, out_columns;
    npy_intp row_phases, column_phases;
    npy_intp n_planes, plane_rows, plane_columns;
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
        weight_rows = (filter_rows + step_rows - 1) / step_rows;
        weight_columns = (filter_columns + step_columns - 1) / step_columns;
        plane_rows = (out_rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS + weight_rows - 1;
        plane_columns =
            (out_columns + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS + weight_columns - 1;
        return (double)n_planes * plane_rows * plane_columns < 1e15;
    }

    // The plane of a filter's cell.
    npy_intp plane(npy_intp channel, npy_intp row, npy_intp column) const {
        return (channel * row_phases + row % step_rows) * column_phases + column % step_columns;
    }
};

void fill_planes(const Geometry& g, const float* image, float* planes) {
    for (npy_intp p = 0; p < g.n_planes; p++) {
        // This plane holds the rows first_row, first_row + step_rows, ... of this channel.
        const npy_intp channel = p / (g.row_phases * g.column_phases);
        const npy_intp first_row = p / g.column_phases % g.row_phases - g.pad_rows;
        const npy_intp first_column = p % g.column_phases - g.pad_columns;
        for (npy_intp i = 0; i < g.plane_rows; i++, planes += g.plane_columns) {
            const npy_intp row = first_row + i * g.step_rows;
            if (row < 0 || row >= g.rows) continue;
            const float* line = image + (channel * g.rows + row) * g.columns;
            npy_intp j = 0, column = first_column;
            for (; column < 0; j++) column += g.step_columns;
            for (; j < g.plane_columns && column < g.columns; j++, column += g.step_columns)
                planes[j] = line[column];
        }
    }
}

void fill_weights(const Geometry& g, const float* filters, float* weights) {
    for (npy_intp f = 0; f < g.filters; f++)
        for (npy_intp c = 0; c < g.channels; c++)
            for (npy_intp u = 0; u < g.filter_rows; u++)
                for (npy_intp v = 0; v < g.filter_columns; v++, filters++) {
                    const npy_intp line = (f * g.n_planes + g.plane(c, u, v)) * g.weight_rows;
                    weights[(line + u / g.step_rows) * g.weight_columns + v / g.step_columns] =
                        *filters;
                }
}

// One tile of one feature map. `planes` points to the tile's top left cell in the first plane.
void compute_tile(const Geometry& g, const float* planes, const float* weights,
                  float* out, npy_intp n_rows, npy_intp n_columns) {
    Lanes sums[TILE_ROWS][VECTORS] = {};
    for (npy_intp p = 0; p < g.n_planes; p++, weights += g.weight_rows * g.weight_columns)
        for (npy_intp i = 0; i < g.weight_rows + TILE_ROWS - 1; i++) {
            const float* line = planes + (p * g.plane_rows + i) * g.plane_columns;
            // The plane's row i meets row i - t of the filter where it serves row t of the tile.
            if (i >= TILE_ROWS - 1 && i < g.weight_rows) {
                for (npy_intp v = 0; v < g.weight_columns; v++)
                    for (npy_intp q = 0; q < VECTORS; q++) {
                        const Lanes pixels = *(const Lanes*)(line + v + q * LANES);
                        for (npy_intp t = 0; t < TILE_ROWS; t++)
                            sums[t][q] += weights[(i - t) * g.weight_columns + v] * pixels;
                    }
                continue;
            }
            for (npy_intp t = 0; t < TILE_ROWS; t++)
                if (i - t >= 0 && i - t < g.weight_rows)
                    for (npy_intp v = 0; v < g.weight_columns; v++)
                        for (npy_intp q = 0; q < VECTORS; q++)
                            sums[t][q] += weights[(i - t) * g.weight_columns + v] *
                                          *(const Lanes*)(line + v + q * LANES);
        }
    float row[TILE_COLUMNS];
    for (npy_intp t = 0; t < n_rows; t++) {
        memcpy(row, sums[t], sizeof row);
        memcpy(out + t * g.out_columns, row, n_columns * sizeof(float));
    }
}

// images (batch, channels, rows, columns), filters (filters, channels, filter rows, filter
// columns) -> maps (batch, filters, out rows, out columns), a correlation: nothing is turned.
void direct_convolution(const Geometry& g, npy_intp batch, const float* images,
                        const float* filters, float* maps) {
    std::vector<float> weights(g.filters * g.n_planes * g.weight_rows * g.weight_columns);
    std::vector<float> planes(g.n_planes * g.plane_rows * g.plane_columns);
    fill_weights(g, filters, weights.data());
    for (npy_intp b = 0; b < batch; b++) {
        fill_planes(g, images + b * g.channels * g.rows * g.columns, planes.data());
        for (npy_intp y = 0; y < g.out_rows; y += TILE_ROWS)
            for (npy_intp f = 0; f < g.filters; f++)
                for (npy_intp x = 0; x < g.out_columns; x += TILE_COLUMNS)
                    compute_tile(g, planes.data() + y * g.plane_columns + x,
                                 weights.data() + f * g.n_planes * g.weight_rows * g.weight_columns,
                                 maps + ((b * g.filters + f) * g.out_rows + y) * g.out_columns + x,
                                 std::min(TILE_ROWS, g.out_rows - y),
                                 std::min(TILE_COLUMNS, g.out_columns - x));
    }
}

}  // namespace
