"""The vector tanh against the C library's in double precision, over floats of every size."""

import shutil
import subprocess

from lenet_helpers.fast import kernel

import pytest

from tests.test_direct_convolution import PROCESSOR_PARAMETERS

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

float in_a_vector(float x) {
    float places[LANES];
    for (float& place : places) place = x;
    *(Lanes*)places = fast_tanh(*(Lanes*)places);
    for (int i = 1; i < LANES; i++)
        if (memcmp(places, places + i, sizeof x)) printf("lanes differ at %g\n", x);
    return places[0];
}

int main() {
    std::vector<npy_uint32> all;
    for (npy_uint32 bits = 0; bits < 0x7f800000u; bits += 499) all.push_back(bits);
    for (npy_uint32 bits = 0; bits < 0x7f800000u; bits += 1u << 23)
        for (npy_uint32 step = 0; step < 100; step++) {
            all.push_back(bits + step);
            all.push_back((bits | 0x7fffff) - step);
        }
    double worst = 0;
    for (npy_uint32 bits : all) {
        const float x = same_bits<float>(bits);
        const float found[] = {fast_tanh(x), in_a_vector(x)};
        for (float y : found) {
            worst = fmax(worst, units(y, tanh(double(x))));
            if (!(y <= 1)) printf("beyond 1: %g -> %g\n", x, y);
        }
        if (fast_tanh(-x) != -found[0] || in_a_vector(-x) != -found[1])
            printf("not odd at %g\n", x);
    }
    if (!(worst <= 2.6)) printf("%g units in the last place\n", worst);
    const float specials[] = {INFINITY, 0.0f, 1e-45f, 1e-39f, 3e38f, 9.02f, NAN};
    for (float x : specials) {
        const float right = x < 1e-30f ? x : 1.0f;
        const float found[] = {fast_tanh(x), in_a_vector(x)};
        for (float y : found)
            if (x == x ? y != right : y == y) printf("%g -> %g\n", x, y);
        if (!signbit(fast_tanh(-fabsf(x))) || !signbit(in_a_vector(-fabsf(x))))
            printf("the sign of %g is lost\n", x);
    }
    printf("all done\n");
    return 0;
}
"""


def compiled(compiler, tmp_path, processor, *options):
    """Return the program that a compiler makes of the harness, for a processor."""
    command = shutil.which(compiler) or pytest.skip(f"left out: there is no {compiler}")
    source, program = tmp_path / "harness.cpp", tmp_path / "harness"
    source.write_text(HARNESS)
    options = ["-std=c++11", "-Wall", "-Werror", f"-march={processor}", *options]
    done = subprocess.run(
        [command, *options, f"-I{kernel.FOLDER}", str(source), "-o", str(program)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return program


@pytest.mark.parametrize("processor", PROCESSOR_PARAMETERS)
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_tanh_is_within_its_bound(tmp_path, compiler, processor):
    program = compiled(compiler, tmp_path, processor, "-O3")
    done = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "all done\n"
