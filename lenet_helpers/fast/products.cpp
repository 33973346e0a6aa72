// Matrix products on several threads. The result is cut into panels of rows or of columns, and
// each panel is computed in tiles (products_tiles.cpp) or by one call of BLAS's sgemm. BLAS itself
// then stays on one thread: two pools of threads would fight for the same cores.
//
// There is one panel for each thread: the whole other factor is prepared for each of them, so more
// would be slower. Beside a busy neighbour the team (team.h) then goes on with one thread.

extern "C" {
void sgemm_(char*, char*, const int*, const int*, const int*, const float*, const float*,
            const int*, const float*, const int*, const float*, float*, const int*);
// These are there if BLAS is OpenBLAS.
void openblas_set_num_threads(int) __attribute__((weak));
int openblas_get_num_threads(void) __attribute__((weak));
}

namespace {

// From so many multiplications on, a quarter of a millisecond of them, threads are worth waking:
// beside another program that can take longer than the product.
const double WORTH_THREADS = 2e7;
// Rows that an innermost loop takes together: panels are cut between them.
const npy_intp ROWS_TOGETHER = 16;

// c = alpha a b + beta c. c has whole rows, a and b whole rows or columns.
void call_sgemm(float alpha, const Matrix& a, const Matrix& b, float beta, const Matrix& c) {
    // BLAS goes by columns, so it is given the transposed product: c' = b' a'.
    char order_a = a.has_whole_rows() ? 'N' : 'T', order_b = b.has_whole_rows() ? 'N' : 'T';
    const int rows = c.rows, columns = c.columns, depth = a.columns, step = c.row_step;
    const int step_a = a.has_whole_rows() ? a.row_step : a.column_step;
    const int step_b = b.has_whole_rows() ? b.row_step : b.column_step;
    sgemm_(&order_b, &order_a, &columns, &rows, &depth, &alpha, b.data, &step_b, a.data, &step_a,
           &beta, c.data, &step);
}

// While it lives, OpenBLAS computes on the thread that calls it.
struct BlasOnOneThread {
    const bool is_there = openblas_get_num_threads && openblas_set_num_threads;
    const int before = is_there ? openblas_get_num_threads() : 1;
    BlasOnOneThread() { if (before > 1) openblas_set_num_threads(1); }
    ~BlasOnOneThread() { if (before > 1) openblas_set_num_threads(before); }
};

// c = alpha a b + beta c, where a, b and c have whole rows or whole columns.
void multiply(float alpha, const Matrix& a, const Matrix& b, float beta, const Matrix& c) {
    if (!c.rows || !c.columns) return;
    if (!c.has_whole_rows())
        return multiply(alpha, b.transposed(), a.transposed(), beta, c.transposed());
    auto call = call_sgemm;
#ifdef HAS_TILES
    if (tiles_are_faster(c.rows, a.columns, c.columns)) call = multiply_in_tiles;
#endif
    // The panels depend on nothing that changes from run to run, so that neither do the sums.
    const bool is_large = (double)c.rows * c.columns * a.columns > WORTH_THREADS;
    if (thread_limit() == 1 || !is_large) return call(alpha, a, b, beta, c);
    const BlasOnOneThread while_this_runs;
    const bool by_rows = c.rows >= c.columns;
    const npy_intp length = by_rows ? c.rows : c.columns;
    const npy_intp pieces = divide_up(length, ROWS_TOGETHER);
    const npy_intp size = divide_up(pieces, thread_limit()) * ROWS_TOGETHER;
    const npy_intp n_panels = divide_up(length, size);
    static Team team;
    const int threads = team.size();
    const double start = seconds(CLOCK_MONOTONIC);
    double work = 0;
    bool is_short_of_memory = false;
#pragma omp parallel for schedule(dynamic) num_threads(threads) reduction(+ : work) \
    reduction(|| : is_short_of_memory)
    for (npy_intp p = 0; p < n_panels; p++) {
        const npy_intp first = p * size, count = std::min(size, length - first);
        const double before = seconds(CLOCK_THREAD_CPUTIME_ID);
        try {
            if (by_rows)
                call(alpha, a.panel(first, count), b, beta, c.panel(first, count));
            else
                call(alpha, a, b.columns_of(first, count), beta, c.columns_of(first, count));
        } catch (const std::bad_alloc&) {  // no exception may leave a parallel region
            is_short_of_memory = true;
        }
        work += seconds(CLOCK_THREAD_CPUTIME_ID) - before;
    }
    if (is_short_of_memory) throw std::bad_alloc();
    if (threads > 1) team.took(seconds(CLOCK_MONOTONIC) - start, work);
}

}  // namespace
