"""The vector tanh and sigmoid against the C library in double precision, at all sizes."""

import re

from lenet_helpers.fast import kernel

import numpy
import pytest

from tests.kernels import PROCESSORS, SANITIZERS, run_harness

# Every 499th of all 2^32 floats, and both ends of every exponent; the special ones by name.
HARNESS = r"""
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <vector>
typedef long npy_intp;
typedef int npy_int32;
typedef unsigned npy_uint32;
#include "lanes.h"
#include "activations.h"

// The distance in units of the last place that the true value has as a float.
double units(float found, double truth) {
    int exponent;
    frexp(float(truth), &exponent);
    if (fabsf(float(truth)) == 1) exponent = 0;  // below 1 floats are closer
    return fabs(found - truth) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

double true_sigmoid(double x) { return 1 / (1 + exp(-x)); }

// A function for a float and, on all lanes of a vector, for Lanes.
struct Case {
    const char* name;
    float (*alone)(float);
    Lanes (*together)(Lanes);
    double (*truth)(double);
    double most_units;

    float in_a_vector(float x) const {
        float places[LANES];
        for (float& place : places) place = x;
        *(Lanes*)places = together(*(Lanes*)places);
        for (int i = 1; i < LANES; i++)
            if (memcmp(places, places + i, sizeof x)) printf("%s: lanes differ at %g\n", name, x);
        return places[0];
    }

    void report(bool is_right, float x, float y) const {
        if (!is_right) printf("%s(%.9g) = %.9g\n", name, x, y);
    }
};

int main() {
    const Case tanh_case = {"tanh", fast_tanh, fast_tanh, tanh, 2.6};
    const Case sigmoid_case = {"sigmoid", fast_sigmoid, fast_sigmoid, true_sigmoid, 3};
    std::vector<npy_uint32> all;
    for (npy_uint32 bits = 0; bits < 0x7f800000u; bits += 499) all.push_back(bits);
    for (npy_uint32 bits = 0; bits < 0x7f800000u; bits += 1u << 23)
        for (npy_uint32 step = 0; step < 100; step++) {
            all.push_back(bits + step);
            all.push_back((bits | 0x7fffff) - step);
        }
    for (npy_uint32 bits : all) {
        const float x = same_bits<float>(bits);
        const float sizes[] = {tanh_case.alone(x), tanh_case.in_a_vector(x)};
        const float opposites[] = {tanh_case.alone(-x), tanh_case.in_a_vector(-x)};
        for (int i = 0; i < 2; i++) {
            const double error = units(sizes[i], tanh(double(x)));
            tanh_case.report(error <= tanh_case.most_units && sizes[i] <= 1, x, sizes[i]);
            tanh_case.report(opposites[i] == -sizes[i], -x, opposites[i]);
        }
        for (float number : {x, -x})
            for (float y : {sigmoid_case.alone(number), sigmoid_case.in_a_vector(number)}) {
                const double truth = true_sigmoid(number);
                const bool is_near = number < -87.3f
                                         ? y >= 0 && fabs(y - truth) < 1e-38
                                         : units(y, truth) <= sigmoid_case.most_units;
                sigmoid_case.report(is_near && y <= 1, number, y);
            }
    }
    const float specials[] = {INFINITY, 0.0f, 1e-45f, 1e-39f, 3e38f, 9.02f, 88.0f, 89.0f, NAN};
    for (float size : specials)
        for (float x : {size, -size}) {
            const float tanh_right = size < 1e-30f ? x : copysignf(1, x);
            for (float y : {tanh_case.alone(x), tanh_case.in_a_vector(x)}) {
                tanh_case.report(x == x ? y == tanh_right : y != y, x, y);
                tanh_case.report(signbit(y) == signbit(x), x, y);
            }
            const float right = size < 1e-30f ? 0.5f : x > 0;
            for (float y : {sigmoid_case.alone(x), sigmoid_case.in_a_vector(x)})
                if (size != 9.02f)
                    sigmoid_case.report(x == x ? y == right : y != y, x, y);
        }
    printf("all done\n");
    return 0;
}
"""


def test_the_polynomial_is_as_exact_as_its_comment_says():
    text = (kernel.FOLDER / "activations.h").read_text(encoding="utf-8")
    curve = re.search(r"Number curve =(.*?);", text, re.DOTALL).group(1)
    coefficients = [float(number) for number in re.findall(r"(\d\.\d+)f", curve)]
    assert len(coefficients) == 5
    limit = numpy.log(2) / 4
    r = numpy.linspace(-limit, limit, 100_000)
    half = r * r * numpy.polyval(coefficients, r) + r
    error = abs(half / (numpy.expm1(2 * r) / 2) - 1)
    assert error.max() < 2**-25


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_tanh_and_sigmoid_are_within_their_bounds(tmp_path, compiler, processor):
    assert run_harness(HARNESS, tmp_path, compiler, "-O3", f"-march={processor}") == "all done\n"


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_under_sanitizers(tmp_path, compiler):
    assert run_harness(HARNESS, tmp_path, compiler, "-O1", *SANITIZERS) == "all done\n"
