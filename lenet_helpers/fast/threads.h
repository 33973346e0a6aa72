// OpenMP's two questions, with answers also where the compiler has no OpenMP.

#ifdef _OPENMP
#include <omp.h>
#include <pthread.h>
#endif

namespace {

#ifdef _OPENMP
// A forked process has none of OpenMP's threads, but g++'s OpenMP would wait for them for ever.
void use_one_thread() { omp_set_num_threads(1); }
const int is_told_of_forks = pthread_atfork(NULL, NULL, use_one_thread);
#endif

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
