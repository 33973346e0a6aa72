// tanh without branches or tables, for one float or for all lanes of a vector at once. The C
// library's is correct to the last bit, but takes one number at a time.
//
// With h = (exp(2x) - 1) / 2, tanh(x) = h / (h + 1) loses no digits anywhere. 2x = n ln 2 + 2r, so
// that exp(2x) = 2^n exp(2r), with n a whole number and |r| <= ln 2 / 4, where a polynomial gives
// (exp(2r) - 1) / 2. The result is within 2.6 units in the last place of the true one.

namespace {

typedef npy_uint32 BitLanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

template <class To, class From>
inline To same_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "as many bits");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

// All bits where a is above b. No "?:", which for g++ is control flow that keeps a loop scalar.
inline BitLanes above(Lanes a, Lanes b) { return (BitLanes)(a > b); }
inline npy_uint32 above(float a, float b) { return -(npy_uint32)(a > b); }

const npy_uint32 SIGN_BIT = 0x80000000u;
// From here on the nearest float is 1.
const float TANH_IS_ONE = 9.02f;

// Number is a float or Lanes, Bits an unsigned integer as wide, or BitLanes.
template <class Number, class Bits>
inline Number tanh_of(Number x) {
    const Bits sign = same_bits<Bits>(x) & SIGN_BIT, bits = same_bits<Bits>(x) ^ sign;
    const Number limit = Number() + TANH_IS_ONE;
    // A NaN is not above the limit, and passes all that follows.
    const Bits beyond = above(same_bits<Number>(bits), limit);
    const Number a = same_bits<Number>((bits & ~beyond) | (same_bits<Bits>(limit) & beyond));
    // Added to 1.5 * 2^23, a number is rounded to a whole one, which is in the lowest bits.
    const Number shifted = a * 2.88539008f + 12582912.0f;
    const Number r = a - (shifted - 12582912.0f) * 0.346573591f;
    // In float's layout the exponent, plus 127, begins at bit 23.
    const Number power = same_bits<Number>((same_bits<Bits>(shifted) + 127u) << 23);
    // The largest relative error on |r| <= ln 2 / 4 is smallest: 2^-26.
    const Number curve =
        (((0.0446286425f * r + 0.133865342f) * r + 0.333330244f) * r + 0.666661739f) * r + 1.0f;
    const Number h = power * (r * r * curve + r) + (0.5f * power - 0.5f);
    return same_bits<Number>(same_bits<Bits>(h / (h + 1.0f)) | sign);
}

inline Lanes fast_tanh(Lanes x) { return tanh_of<Lanes, BitLanes>(x); }

// Compilers turn a loop over this into vectors.
inline float fast_tanh(float x) { return tanh_of<float, npy_uint32>(x); }

}  // namespace
