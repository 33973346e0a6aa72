// tanh and the logistic sigmoid without branches or tables, for one float or for all lanes of a
// vector at once. The C library's functions are correct to the last bit, but take one number at a
// time.
//
// Both rest on exp(2a). 2a = n ln 2 + 2r, with n a whole number and |r| <= ln 2 / 4, so that
// exp(2a) = 2^n (1 + 2 half) with half = (exp(2r) - 1) / 2, for which a polynomial is enough.
//
//     tanh(x) = h / (h + 1)  with  h = (exp(2x) - 1) / 2
//     sigmoid(x) = 1 / (1 + exp(-x)) = exp(x) / (1 + exp(x))
//
// lose no digits: tanh is within 2.6 units in the last place of the true one everywhere, and
// sigmoid within 3, above -87.3; from -87.7 on downwards it is 0.

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

// In what follows Number is a float or Lanes, Bits an unsigned integer as wide, or BitLanes.

template <class Number, class Bits>
inline Number choose(Bits mask, Number where_set, Number elsewhere) {
    return same_bits<Number>((same_bits<Bits>(where_set) & mask) |
                             (same_bits<Bits>(elsewhere) & ~mask));
}

template <class Number>
struct Exponential {
    Number power, half;  // exp(2a) = power * (1 + 2 half), and power is 2^n
};

// |a| must not be above 44.
template <class Number, class Bits>
inline Exponential<Number> exponential(Number a) {
    // Added to 1.5 * 2^23, a number is rounded to a whole one, which is in the lowest bits.
    const Number shifted = a * 2.88539008f + 12582912.0f, n = shifted - 12582912.0f;
    // ln 2 / 2 in two parts, so that n times the first is exact.
    const Number r = a - n * 0.3466796875f + n * 1.06097220e-4f;
    // Where float keeps the exponent, plus 127: from bit 23 on. It turns to 0 at n = -127.
    const Number power = same_bits<Number>((same_bits<Bits>(shifted) + 127u) << 23);
    // The coefficients keep half's relative error below 2^-25: a fit by least squares in double
    // precision, with weights raised again and again where the error is largest (Lawson).
    const Number curve =
        (((0.0446286425f * r + 0.133865342f) * r + 0.333330244f) * r + 0.666661739f) * r + 1.0f;
    return {power, r * r * curve + r};
}

const npy_uint32 SIGN_BIT = 0x80000000u;
// From here on the float nearest to tanh is 1, and exp(-x) as good as 0.
const float TANH_IS_ONE = 9.02f, EXP_IS_ZERO = 88.0f;

// |x|, or the limit if that is smaller. A NaN stays one, and passes all that follows.
template <class Number, class Bits>
inline Number limited_size(Number x, float limit) {
    const Number size = same_bits<Number>(same_bits<Bits>(x) & ~SIGN_BIT);
    const Number most = Number() + limit;
    return choose<Number, Bits>(above(size, most), most, size);
}

template <class Number, class Bits>
inline Number tanh_of(Number x) {
    const auto e = exponential<Number, Bits>(limited_size<Number, Bits>(x, TANH_IS_ONE));
    const Number h = e.power * e.half + (0.5f * e.power - 0.5f);
    return same_bits<Number>(same_bits<Bits>(h / (h + 1.0f)) |
                             (same_bits<Bits>(x) & SIGN_BIT));
}

template <class Number, class Bits>
inline Number sigmoid_of(Number x) {
    const Number size = limited_size<Number, Bits>(x, EXP_IS_ZERO);
    const auto e = exponential<Number, Bits>(-0.5f * size);
    const Number exp = 2.0f * e.power * e.half + e.power, one = Number() + 1.0f;
    return choose<Number, Bits>(above(Number(), x), exp, one) / (one + exp);
}

inline Lanes fast_tanh(Lanes x) { return tanh_of<Lanes, BitLanes>(x); }
inline Lanes fast_sigmoid(Lanes x) { return sigmoid_of<Lanes, BitLanes>(x); }

// Compilers turn a loop over these into vectors.
inline float fast_tanh(float x) { return tanh_of<float, npy_uint32>(x); }
inline float fast_sigmoid(float x) { return sigmoid_of<float, npy_uint32>(x); }

}  // namespace
