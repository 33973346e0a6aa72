// A vector of float32 as wide as the processor's registers, and of int32 with as many lanes. Compiler
// vector extensions, of g++ and clang alike, turn into AVX-512, AVX2, SSE2 or NEON instructions.

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

// They may lie at any address of a float.
typedef float Lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef npy_int32 IntLanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// Before a loop over sums that are to stay in registers: g++ keeps them there only if no loop is left
// when it decides. (clang does so anyway.)
#ifdef __clang__
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif
