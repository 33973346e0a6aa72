// Matrix products where there are tiles (tiles.h). Both factors are first split and packed into tiles,
// with zeros where they end. A sum of 32 products takes two numbers of each line at a time: those
// of a word are 16 apart, so that whole vectors are read, whether lines or sums lie in one piece.

#ifdef HAS_TILES

namespace {

const npy_intp TILE_WORDS = 256;
// So many words of one factor stay in a core's own cache while the other one passes by.
const npy_intp MOST_KEPT = 1280 * 1024 / 4;
// Longer sums are taken in pieces, of which some lines at least can be kept.
const npy_intp MOST_DEPTH = 2048;

// Tiles are taken in twos.
inline npy_intp even_tiles(npy_intp lines) { return 2 * divide_up(lines, 2 * TILE_LINES); }

// Packs one step of 16 lines of a matrix whose sums run along its columns, from a row and a column
// on: for the left factor a line after the other, for the right one (`turned`) a pair of the sum
// after the other.
inline void pack_tile(const Matrix& m, npy_intp row, npy_intp column, bool turned,
                      npy_uint32* to) {
    const npy_intp lines = std::min(m.rows - row, TILE_LINES), depth = m.columns - column;
    const bool along_sums = m.column_step == 1;
    const float* from = m.data + row * m.row_step + column * m.column_step;
    Lanes first[LANES] = {}, second[LANES] = {};
    for (npy_intp i = 0; i < (along_sums ? lines : TILE_DEPTH / 2); i++) {
        const float* at = from + i * (along_sums ? m.row_step : m.column_step);
        if (along_sums) {
            first[i] = load_some(at, depth);
            if (depth > LANES) second[i] = load_some(at + LANES, depth - LANES);
        } else if (lines > 0) {
            if (i < depth) first[i] = load_some(at, lines);
            if (i + LANES < depth) second[i] = load_some(at + LANES * m.column_step, lines);
        }
    }
    if (along_sums == turned) transpose(first), transpose(second);
    for (npy_intp i = 0; i < LANES; i++, to += TILE_LINES) {
        Words parts[PARTS];
        split(first[i], second[i], parts);
        for (int part = 0; part < PARTS; part++) *(Words*)(to + part * TILE_WORDS) = parts[part];
    }
}

// Some lines of a factor in tiles: (tiles of lines, steps of the sum, high middle low, 16, 16).
class Packed {
    // New memory would cost more than splitting all numbers, so it is kept for the next product.
    Aligned<npy_uint32> memory{0};
    npy_intp line;  // words of a tile's lines over the whole sum

   public:
    npy_intp n_tiles;  // even

    static npy_intp words_of_a_line(npy_intp depth) {
        return divide_up(depth, TILE_DEPTH) * PARTS * TILE_WORDS;
    }

    void pack(const Matrix& m, npy_intp first, npy_intp count, bool turned) {
        n_tiles = even_tiles(count);
        line = words_of_a_line(m.columns);
        if (memory.size() < size_t(n_tiles * line)) memory = Aligned<npy_uint32>(n_tiles * line);
        npy_uint32* to = memory.data();
        for (npy_intp tile = 0; tile < n_tiles; tile++)
            for (npy_intp column = 0; column < m.columns; column += TILE_DEPTH) {
                pack_tile(m.panel(first, count), tile * TILE_LINES, column, turned, to);
                to += PARTS * TILE_WORDS;
            }
    }

    // Two tiles from number `tile` on, in their first step.
    TwoTiles two(npy_intp tile) {
        const npy_uint32* first = memory.data() + tile * line;
        return {first, first + line, TILE_WORDS};
    }
};

// 32 x 32 cells of c = alpha a b + beta c from a row and a column on, or those of them that c has.
// Where beta is 0, c may hold no numbers yet.
WITH_TILES inline void multiply_two(float alpha, TwoTiles left, TwoTiles right, npy_intp depth,
                                    float beta, const Matrix& c, npy_intp row, npy_intp column) {
    const npy_intp side = 2 * TILE_LINES;
    alignas(64) float sums[side * side];
    start_sums();
    for (npy_intp done = 0; done < depth; done += TILE_DEPTH) {
        add_products(left, right);
        for (const npy_uint32** tile : {&left.first, &left.second, &right.first, &right.second})
            *tile += PARTS * TILE_WORDS;
    }
    store_sums(sums, side, TILE_LINES * side, TILE_LINES);
    const npy_intp count = std::min(c.columns - column, side);
    for (npy_intp i = 0; i < std::min(c.rows - row, side); i++) {
        float* to = c.data + (row + i) * c.row_step + column;
        const float* sum = sums + i * side;
        if (beta == 0)
            for (npy_intp j = 0; j < count; j++) to[j] = alpha * sum[j];
        else
            for (npy_intp j = 0; j < count; j++) to[j] = alpha * sum[j] + beta * to[j];
    }
}

// Whether this is faster than BLAS, which takes about a processor's cycle for 26 products. Tiles take
// one for 512 / 6, and a third of one for each number that is packed.
inline bool tiles_are_faster(npy_intp rows, npy_intp depth, npy_intp columns) {
    const double lines = TILE_LINES * (even_tiles(rows) + even_tiles(columns));
    const double padded_depth = TILE_DEPTH * divide_up(depth, TILE_DEPTH);
    const double cells = TILE_LINES * TILE_LINES * even_tiles(rows) * even_tiles(columns);
    const double of_tiles = padded_depth * (cells * 1.15 * 6 / 512 + lines / 3);
    return tiles_are_there() && of_tiles < (double)rows * depth * columns / 26;
}

// c = alpha a b + beta c, where c has whole rows, and a and b whole rows or columns.
void multiply_in_tiles(float alpha, const Matrix& a, const Matrix& b, float beta, const Matrix& c) {
    if (a.columns > MOST_DEPTH) {
        const npy_intp rest = a.columns - MOST_DEPTH;
        multiply_in_tiles(alpha, a.columns_of(0, MOST_DEPTH), b.panel(0, MOST_DEPTH), beta, c);
        return multiply_in_tiles(alpha, a.columns_of(MOST_DEPTH, rest), b.panel(MOST_DEPTH, rest),
                                 1, c);
    }
    static thread_local Packed kept, passing;
    // The smaller factor is kept, the other one is packed while it passes.
    const bool keeps_left = c.rows < c.columns;
    const Matrix turned = b.transposed(), &of_kept = keeps_left ? a : turned,
                 &of_passing = keeps_left ? turned : a;
    const npy_intp side = 2 * TILE_LINES;
    const npy_intp words_of_two = std::max<npy_intp>(2 * Packed::words_of_a_line(a.columns), 1);
    const npy_intp most_lines = std::max<npy_intp>(1, MOST_KEPT / words_of_two) * side;
    const Tiles tiles(TILE_LINES, TILE_LINES);
    for (npy_intp first = 0; first < of_kept.rows; first += most_lines) {
        const npy_intp count = std::min(most_lines, of_kept.rows - first);
        kept.pack(of_kept, first, count, !keeps_left);
        for (npy_intp pass = 0; pass < of_passing.rows; pass += side) {
            passing.pack(of_passing, pass, std::min(side, of_passing.rows - pass), keeps_left);
            for (npy_intp n = 0; n < kept.n_tiles; n += 2) {
                const npy_intp keep = first + n * TILE_LINES;
                if (keeps_left)
                    multiply_two(alpha, kept.two(n), passing.two(0), a.columns, beta, c, keep, pass);
                else
                    multiply_two(alpha, passing.two(0), kept.two(n), a.columns, beta, c, pass, keep);
            }
        }
    }
}

}  // namespace
#endif
