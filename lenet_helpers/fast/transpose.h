// From images one after the other to images side by side in the lanes of vectors, and back.
//
// Outside of the kernels, the numbers of an image lie side by side: (images, numbers). Inside, the
// same number of LANES images does: (numbers, LANES). Then one instruction works on LANES images,
// whatever the shape of the filter, and nothing is ever left over at the end of a row.

namespace {

// (a0, b0, a1, b1, ...) of the lower halves of two vectors, and of the upper halves.
#ifdef __clang__
#if LANES == 16
inline Lanes zip_low(Lanes a, Lanes b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Lanes zip_high(Lanes a, Lanes b) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                   31);
}
#elif LANES == 8
inline Lanes zip_low(Lanes a, Lanes b) {
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
inline Lanes zip_high(Lanes a, Lanes b) {
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
#else
inline Lanes zip_low(Lanes a, Lanes b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
inline Lanes zip_high(Lanes a, Lanes b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
#endif
#else
inline Lanes zip(Lanes a, Lanes b, int first) {
    IntLanes order;
    for (int lane = 0; lane < LANES; lane++) order[lane] = first + lane / 2 + lane % 2 * LANES;
    return __builtin_shuffle(a, b, order);
}
inline Lanes zip_low(Lanes a, Lanes b) { return zip(a, b, 0); }
inline Lanes zip_high(Lanes a, Lanes b) { return zip(a, b, LANES / 2); }
#endif

// Turn LANES vectors of LANES numbers: row i, lane j goes to row j, lane i. In each round the rows
// of the upper half are zipped into those of the lower half; after log2(LANES) rounds every number
// has arrived.
inline void transpose(Lanes* rows) {
    for (int round = 1; round < LANES; round *= 2) {
        Lanes zipped[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            zipped[2 * i] = zip_low(rows[i], rows[i + LANES / 2]);
            zipped[2 * i + 1] = zip_high(rows[i], rows[i + LANES / 2]);
        }
        for (int i = 0; i < LANES; i++) rows[i] = zipped[i];
    }
}

inline Lanes load(const float* from) { return *(const Lanes*)from; }
inline void store(float* to, Lanes values) { *(Lanes*)to = values; }
inline void add(float* to, Lanes values) { *(Lanes*)to += values; }

// The winners (conv_pool.h) travel as 16-bit numbers.
typedef npy_uint16 ShortLanes __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
inline Lanes load(const npy_uint16* from) {
    return __builtin_convertvector(
        __builtin_convertvector(*(const ShortLanes*)from, IntLanes), Lanes);
}
inline void store(npy_uint16* to, Lanes values) {
    *(ShortLanes*)to =
        __builtin_convertvector(__builtin_convertvector(values, IntLanes), ShortLanes);
}

// rows (n_rows <= LANES, stride) -> lanes (count, LANES), with zeros in the lanes that are left.
template <class Number>
inline void to_lanes(const Number* rows, npy_intp stride, npy_intp n_rows, npy_intp count,
                     float* lanes) {
    npy_intp at = 0;
    for (; at + LANES <= count; at += LANES) {
        Lanes block[LANES];
        for (npy_intp row = 0; row < LANES; row++)
            block[row] = row < n_rows ? load(rows + row * stride + at) : Lanes{};
        transpose(block);
        for (npy_intp i = 0; i < LANES; i++) store(lanes + (at + i) * LANES, block[i]);
    }
    for (; at < count; at++)
        for (npy_intp row = 0; row < LANES; row++)
            lanes[at * LANES + row] = row < n_rows ? (float)rows[row * stride + at] : 0;
}

// lanes (count, lane stride) -> rows (n_rows <= LANES, stride); the way back.
template <class Number>
inline void from_lanes(const float* lanes, npy_intp lane_stride, npy_intp count, npy_intp n_rows,
                       npy_intp stride, Number* rows) {
    npy_intp at = 0;
    for (; at + LANES <= count; at += LANES) {
        Lanes block[LANES];
        for (npy_intp i = 0; i < LANES; i++) block[i] = load(lanes + (at + i) * lane_stride);
        transpose(block);
        for (npy_intp row = 0; row < n_rows; row++) store(rows + row * stride + at, block[row]);
    }
    for (; at < count; at++)
        for (npy_intp row = 0; row < n_rows; row++)
            rows[row * stride + at] = (Number)lanes[at * lane_stride + row];
}

// (rows, columns) -> (columns, rows)
inline void transpose_matrix(const float* from, npy_intp rows, npy_intp columns, float* to) {
    npy_intp row = 0;
    for (; row + LANES <= rows; row += LANES) {
        npy_intp column = 0;
        for (; column + LANES <= columns; column += LANES) {
            Lanes block[LANES];
            for (int i = 0; i < LANES; i++) block[i] = load(from + (row + i) * columns + column);
            transpose(block);
            for (int i = 0; i < LANES; i++) store(to + (column + i) * rows + row, block[i]);
        }
        for (; column < columns; column++)
            for (int i = 0; i < LANES; i++)
                to[column * rows + row + i] = from[(row + i) * columns + column];
    }
    for (; row < rows; row++)
        for (npy_intp column = 0; column < columns; column++)
            to[column * rows + row] = from[row * columns + column];
}

}  // namespace
