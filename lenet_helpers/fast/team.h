// How many threads a loop is worth. At its end all wait for the slowest, and where another program
// keeps a core busy, a thread may wait for that core longer than the whole loop takes alone.

#include <time.h>
#include <atomic>

namespace {

inline double seconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

// Measures what several threads gain. Where that is nothing, the next loop runs on one, and then
// several are tried again; after 2, 4, ... loops while they go on gaining nothing. (Once can be no more
// than threads that were asleep.)
class Team {
    static const int SHORTEST = 1, LONGEST = 512;
    std::atomic<int> alone{0}, next{SHORTEST};

   public:
    // The number of threads for the next loop.
    int size() {
        if (alone <= 0) return thread_limit();
        alone--;
        return 1;
    }

    // The loop took so long by the clock, and so much of processors' time in all its threads.
    void took(double by_the_clock, double of_processors) {
        const bool gained = by_the_clock < of_processors;
        if (!gained) alone = int(next);
        next = gained ? SHORTEST : std::min(2 * next, int(LONGEST));
    }
};

}  // namespace
