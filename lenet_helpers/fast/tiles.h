// Products of whole tiles of numbers. Some x86 processors (AMX, since 2023) multiply a matrix of 16 x 32
// by one of 32 x 16 in one instruction, sixteen times as fast as with vectors. But they take
// bfloat16 only, the upper half of a float32, with 8 of its 24 binary digits. So each number is split
// into three of them, which together hold all its digits:
//
//     a = high + middle + low
//
// Of the nine products of two numbers' parts the six largest are added up in float32. What the
// other three would add is no more than rounding one product to float32 may lose. So the results are
// as exact as a float32's, and in spite of six products for one still twice as fast. Not so at the
// ends of float32's range: what is infinite, or overflows, may become NaN; and numbers below 1e-32 and
// products below 1e-29 lose digits, because tiles take subnormal numbers for 0.
//
// How the numbers lie: a word holds two bfloat16, and a line of 16 words is a row of a tile. A sum
// runs over the words of a line of the left tile, and over the lines of the right one.

#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#if defined(__x86_64__) && defined(__linux__) && LANES == 16
#define HAS_TILES
#endif
#endif

#ifdef HAS_TILES
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define WITH_TILES __attribute__((target("amx-tile,amx-bf16")))

namespace {

const int PARTS = 3;
// Lines of a tile, and products that are added up in one instruction.
const npy_intp TILE_LINES = 16, TILE_DEPTH = 32;
typedef npy_uint32 Words __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// The upper halves of two vectors' numbers, side by side in words.
inline Words upper_halves(Words first, Words second) { return first >> 16 | (second & 0xffff0000); }

// The nearest bfloat16 of each number; of two that are as near, the one that is larger in size.
inline Words nearest(Lanes numbers) { return ((Words)numbers + 0x8000) & 0xffff0000; }

// Splits pairs of numbers into high, middle and low words. What is left for the low ones has at most
// 8 digits, and is NaN if a number is: so it is whole without being rounded.
inline void split(Lanes first, Lanes second, Words* parts) {
    for (int part = 0; part < PARTS - 1; part++) {
        const Words one = nearest(first), other = nearest(second);
        parts[part] = upper_halves(one, other);
        first -= (Lanes)one, second -= (Lanes)other;
    }
    parts[PARTS - 1] = upper_halves((Words)first, (Words)second);
}

// LANES numbers, or those that are left, and zeros.
inline Lanes load_some(const float* from, npy_intp count) {
    if (count >= LANES) return *(const Lanes*)from;
    Lanes some = {};
    for (npy_intp i = 0; i < count; i++) some[i] = from[i];
    return some;
}

// Whether the processor has tiles and the system lets this process use them.
inline bool tiles_are_there() {
    static const bool are_there = [] {
        const unsigned bfloat16_and_tiles = 1 << 22 | 1 << 24;
        const long request_permission = 0x1023, for_tiles = 18;  // of Linux's arch_prctl
        unsigned a, b, c, d;
        return __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
               (d & bfloat16_and_tiles) == bfloat16_and_tiles &&
               syscall(SYS_arch_prctl, request_permission, for_tiles) == 0;
    }();
    return are_there;
}

// g++ does not know that tiles read and write memory.
inline void settle_memory() { __asm__ volatile("" ::: "memory"); }

// While it lives, this thread has four tiles of sums: two left tiles of so many lines, each of so
// many words, times two right tiles.
struct Tiles {
    WITH_TILES Tiles(npy_intp lines, npy_intp words) {
        unsigned char shape[64] = {1};  // then bytes of a line from 16 on, and lines from 48 on
        for (int tile = 0; tile < 8; tile++) {
            const bool is_left = tile == 4 || tile == 5, is_right = tile > 5;
            shape[16 + 2 * tile] = (unsigned char)(4 * (is_left ? words : 16));
            shape[48 + tile] = (unsigned char)(is_right ? words : lines);
        }
        __asm__ volatile("" ::"r"(shape) : "memory");
        _tile_loadconfig(shape);
    }
    Tiles(const Tiles&) = delete;
    WITH_TILES ~Tiles() { _tile_release(); }
};

// Two tiles, of which each has a high, a middle and a low form, so many words apart.
struct TwoTiles {
    const npy_uint32 *first, *second;
    npy_intp part;
};

WITH_TILES inline void start_sums() {
    settle_memory();
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

// Adds the products of the loaded tiles to the sums, and then loads others in the place of both left
// tiles, or of both right ones; each of them as soon as nobody needs the old one.
WITH_TILES inline void add_then_load_left(const TwoTiles& tiles, int part) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(4, tiles.first + part * tiles.part, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(5, tiles.second + part * tiles.part, 64);
}

WITH_TILES inline void add_then_load_right(const TwoTiles& tiles, int part) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(6, tiles.first + part * tiles.part, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(7, tiles.second + part * tiles.part, 64);
}

WITH_TILES inline void add_last() {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

// Adds the products of left and right tiles to the sums, those with small parts first.
WITH_TILES inline void add_products(const TwoTiles& left, const TwoTiles& right) {
    _tile_loadd(4, left.first, 64);
    _tile_loadd(5, left.second, 64);
    _tile_loadd(6, right.first + 2 * right.part, 64);
    _tile_loadd(7, right.second + 2 * right.part, 64);
    add_then_load_right(right, 1);  // high * low
    add_then_load_left(left, 1);    // high * middle
    add_then_load_right(right, 0);  // middle * middle
    add_then_load_left(left, 2);    // middle * high
    add_then_load_left(left, 0);    // low * high
    add_last();                     // high * high
}

// The same, where the numbers of both right tiles have no other part than the high one. Their lines
// begin so many bytes apart.
WITH_TILES inline void add_products(const TwoTiles& left, const npy_uint32* first,
                                    const npy_uint32* second, npy_intp bytes) {
    _tile_loadd(6, first, bytes);
    _tile_loadd(7, second, bytes);
    _tile_loadd(4, left.first + 2 * left.part, 64);
    _tile_loadd(5, left.second + 2 * left.part, 64);
    add_then_load_left(left, 1);  // low * high
    add_then_load_left(left, 0);  // middle * high
    add_last();                   // high * high
}

// Writes the sums: lines are so many floats apart, and tiles of the second left and right tile lie
// behind those of the first.
WITH_TILES inline void store_sums(float* to, npy_intp line, npy_intp second_left,
                                  npy_intp second_right) {
    _tile_stored(0, to, 4 * line);
    _tile_stored(1, to + second_right, 4 * line);
    _tile_stored(2, to + second_left, 4 * line);
    _tile_stored(3, to + second_left + second_right, 4 * line);
    settle_memory();
}

}  // namespace
#endif
