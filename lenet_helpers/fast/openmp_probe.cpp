// Does the compiler have OpenMP, and can what it makes be linked and loaded? Returns 0 if so.
#include <omp.h>

int main() {
    int seen = 0;
    #pragma omp parallel reduction(+ : seen)
    seen += 1;
    return seen < 1 || omp_get_max_threads() < 1;
}
