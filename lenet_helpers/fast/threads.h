// OpenMP's two questions, with answers also where the compiler has no OpenMP.

#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

// How many threads a parallel region may have.
inline npy_intp thread_limit() {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

// Which of them this is, from 0.
inline npy_intp thread_number() {
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

}  // namespace
