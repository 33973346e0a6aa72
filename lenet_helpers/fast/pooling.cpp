// Max and average pooling, separably: every row of a map is first pooled along its columns, then the
// joined rows of a window are pooled along the rows. A window of 31 x 31 takes 62 steps a cell
// instead of 961, and both loops run over neighbouring cells, which compilers turn into vectors.
//
// Theano's rule for the maximum: it begins with the window's first cell, and a later one counts if
// it is larger. So of equal values (0 and -0) the first stays, row by row; NaN is left out, except
// in the first cell, where it stays. Here the maximum begins with minus infinity, which leaves out
// every NaN, and the first cell is looked at again at the end.
//
// Threads take bands of output rows; every cell is computed by one of them.

namespace {

const npy_intp POOL_BAND_ROWS = 32;
// Fewer steps than this take no longer than threads take to start, or to fetch the next band.
const npy_intp POOL_WORTH_THREADS = 400000, POOL_WORTH_FETCHING = 20000;

struct PoolGeometry {
    npy_intp rows, columns;  // of a map
    npy_intp window_rows, window_columns, step_rows, step_columns;
    npy_intp out_rows, out_columns;

    // The number of windows along one side, as Theano counts them.
    static npy_intp windows(npy_intp side, npy_intp window, npy_intp step, bool ignore_border) {
        if (ignore_border) return side < window ? 0 : (side - window) / step + 1;
        if (side == 0) return 0;
        if (step >= window) return (side - 1) / step + 1;
        return std::max<npy_intp>(0, side - 1 - window + step) / step + 1;
    }

    // False if the numbers describe no windows.
    bool complete(bool ignore_border) {
        if (std::min(std::min(window_rows, window_columns), std::min(step_rows, step_columns)) < 1)
            return false;
        // No map reaches farther, and sums of larger numbers could overflow.
        step_rows = std::min(step_rows, rows + 1);
        step_columns = std::min(step_columns, columns + 1);
        window_rows = std::min(window_rows, rows + 1);
        window_columns = std::min(window_columns, columns + 1);
        out_rows = windows(rows, window_rows, step_rows, ignore_border);
        out_columns = windows(columns, window_columns, step_columns, ignore_border);
        return true;
    }

    npy_intp bands() const { return (out_rows + POOL_BAND_ROWS - 1) / POOL_BAND_ROWS; }

    // The rows of the map that a band reaches, at most.
    npy_intp band_reach() const {
        const npy_intp n = std::min(POOL_BAND_ROWS, out_rows);
        return std::min(rows, (n - 1) * step_rows + window_rows);
    }

    npy_intp steps_of_band() const {
        return band_reach() * out_columns * window_columns +
               std::min(POOL_BAND_ROWS, out_rows) * out_columns * window_rows;
    }

    // So many small bands does a thread fetch together.
    npy_intp bands_at_once() const { return 1 + POOL_WORTH_FETCHING / (1 + steps_of_band()); }
};

template <typename Number>
struct Largest {
    static Number start() { return -INFINITY; }
    static Number join(Number so_far, Number next) { return next > so_far ? next : so_far; }
};

template <typename Number>
struct Average {
    static Number start() { return 0; }
    static Number join(Number so_far, Number next) { return so_far + next; }
};

// A line of cells, joined into n windows. STEP is the step, or 0 where compilers can't know it.
template <class Join, int STEP, typename Number>
void join_line(const PoolGeometry& g, const Number* line, npy_intp cells, npy_intp n,
               Number* __restrict__ joined) {
    const npy_intp step = STEP ? STEP : g.step_columns;
    std::fill(joined, joined + n, Join::start());
    for (npy_intp k = 0; k < std::min(g.window_columns, cells); k++) {
        // The last windows may reach over the border.
        const npy_intp reach = std::min(n, (cells - k + step - 1) / step);
        for (npy_intp j = 0; j < reach; j++) joined[j] = Join::join(joined[j], line[j * step + k]);
    }
}

template <class Join, typename Number>
void join_line(const PoolGeometry& g, const Number* line, npy_intp cells, npy_intp n,
               Number* joined) {
    switch (g.step_columns) {
        case 1: return join_line<Join, 1>(g, line, cells, n, joined);
        case 2: return join_line<Join, 2>(g, line, cells, n, joined);
        case 3: return join_line<Join, 3>(g, line, cells, n, joined);
        default: return join_line<Join, 0>(g, line, cells, n, joined);
    }
}

// Rows `first` to `last` of a map, each joined along its columns.
template <class Join, typename Number>
void join_columns(const PoolGeometry& g, npy_intp first, npy_intp last, const Number* map,
                  Number* joined) {
    const Number* line = map + first * g.columns;
    const npy_intp n_rows = last - first;
    // Where steps fill a row wholly, and no window reaches into the next step, rows are one line.
    if (g.out_columns * g.step_columns == g.columns && g.window_columns <= g.step_columns)
        return join_line<Join>(g, line, n_rows * g.columns, n_rows * g.out_columns, joined);
    for (npy_intp i = 0; i < n_rows; i++)
        if ((first + i) % g.step_rows < g.window_rows)  // else it lies between two windows
            join_line<Join>(g, line + i * g.columns, g.columns, g.out_columns,
                            joined + i * g.out_columns);
}

// A row of averages out of sums over windows of so many rows.
template <typename Number>
void finish(Average<Number>, const PoolGeometry& g, const Number*, npy_intp n_rows, Number* out) {
    npy_intp j = 0;
    const Number whole = n_rows * g.window_columns;
    for (; j < g.out_columns && j * g.step_columns + g.window_columns <= g.columns; j++)
        out[j] /= whole;
    for (; j < g.out_columns; j++) out[j] /= n_rows * (g.columns - j * g.step_columns);
}

// A row of maxima; `corners` points to the map's row with the first cells of their windows.
template <typename Number>
void finish(Largest<Number>, const PoolGeometry& g, const Number* corners, npy_intp, Number* out) {
    for (npy_intp j = 0; j < g.out_columns; j++) {
        const Number corner = corners[j * g.step_columns];
        if (corner != corner) out[j] = corner;
    }
}

// The output's rows from `top` on, as many as a band has. `joined` has room for all rows that
// they reach.
template <class Join, typename Number>
void pool_band(const PoolGeometry& g, npy_intp top, const Number* map, Number* joined,
               Number* pooled) {
    const npy_intp bottom = std::min(top + POOL_BAND_ROWS, g.out_rows);
    const npy_intp first = top * g.step_rows;
    const npy_intp last = std::min(g.rows, (bottom - 1) * g.step_rows + g.window_rows);
    join_columns<Join>(g, first, last, map, joined);
    for (npy_intp i = top; i < bottom; i++) {
        const npy_intp row = i * g.step_rows, n_rows = std::min(g.window_rows, g.rows - row);
        const Number* line = joined + (row - first) * g.out_columns;
        Number* __restrict__ out = pooled + i * g.out_columns;
        std::copy(line, line + g.out_columns, out);
        for (npy_intp u = 1; u < n_rows; u++) {
            line += g.out_columns;
            for (npy_intp j = 0; j < g.out_columns; j++) out[j] = Join::join(out[j], line[j]);
        }
        finish(Join(), g, map + row * g.columns, n_rows, out);
    }
}

// On how many threads so many maps are worth pooling.
inline npy_intp pooling_threads(const PoolGeometry& g, npy_intp n_maps) {
    const double steps = (double)n_maps * g.bands() * g.steps_of_band();
    return steps < POOL_WORTH_THREADS ? 1 : std::min(thread_limit(), n_maps * g.bands());
}

// maps (maps, rows, columns) -> pooled (maps, out rows, out columns)
template <class Join, typename Number>
void pool_maps(const PoolGeometry& g, npy_intp n_maps, npy_intp threads, const Number* maps,
               Number* pooled) {
    const npy_intp bands = g.bands(), tasks = n_maps * bands;
    if (!tasks || !g.out_columns) return;
    const npy_intp size = g.band_reach() * g.out_columns;
    std::vector<Number> joined(threads * size);
    #pragma omp parallel for schedule(dynamic, g.bands_at_once()) num_threads(threads)
    for (npy_intp task = 0; task < tasks; task++)
        pool_band<Join>(g, task % bands * POOL_BAND_ROWS, maps + task / bands * g.rows * g.columns,
                        joined.data() + thread_number() * size,
                        pooled + task / bands * g.out_rows * g.out_columns);
}

// The gradient of one map's maxima: every cell that equals a window's maximum, and so each of
// several that do, gets that window's gradient. Windows are taken in their order, so that a cell of
// several windows sums up their gradients as Theano does.
template <int STEP, typename Number>
void spread_map(const PoolGeometry& g, const Number* map, const Number* largest,
                const Number* gradients, Number* __restrict__ spread) {
    const npy_intp step = STEP ? STEP : g.step_columns;
    std::fill(spread, spread + g.rows * g.columns, Number(0));
    for (npy_intp i = 0; i < g.out_rows; i++, largest += g.out_columns, gradients += g.out_columns) {
        const npy_intp top = i * g.step_rows, bottom = std::min(g.rows, top + g.window_rows);
        for (npy_intp row = top; row < bottom; row++)
            for (npy_intp k = std::min(g.window_columns, g.columns) - 1; k >= 0; k--) {
                const Number* cells = map + row * g.columns + k;
                Number* out = spread + row * g.columns + k;
                const npy_intp reach = std::min(g.out_columns, (g.columns - k + step - 1) / step);
                for (npy_intp j = 0; j < reach; j++)
                    out[j * step] += cells[j * step] == largest[j] ? gradients[j] : Number(0);
            }
    }
}

// maps and spread (maps, rows, columns), largest and gradients (maps, out rows, out columns)
template <typename Number>
void spread_maps(const PoolGeometry& g, npy_intp n_maps, npy_intp threads, const Number* maps,
                 const Number* largest, const Number* gradients, Number* spread) {
    const npy_intp size = g.rows * g.columns, out_size = g.out_rows * g.out_columns;
    #pragma omp parallel for schedule(dynamic, g.bands_at_once()) num_threads(threads)
    for (npy_intp m = 0; m < n_maps; m++) {
        const Number *map = maps + m * size, *most = largest + m * out_size;
        const Number* gradient = gradients + m * out_size;
        switch (g.step_columns) {
            case 1: spread_map<1>(g, map, most, gradient, spread + m * size); break;
            case 2: spread_map<2>(g, map, most, gradient, spread + m * size); break;
            case 3: spread_map<3>(g, map, most, gradient, spread + m * size); break;
            default: spread_map<0>(g, map, most, gradient, spread + m * size);
        }
    }
}

}  // namespace
