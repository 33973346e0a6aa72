// Work is cut into parts whose number does not depend on that of the threads. Threads take one part
// after the other, so that one that a neighbour slows down takes fewer; sums over parts are added
// up in the order of the parts. So results are the same bits on any number of threads.

namespace {

inline npy_intp divide_up(npy_intp a, npy_intp b) { return (a + b - 1) / b; }

// Into how many parts work is cut whose sums are added up in the end; at least one.
inline npy_intp number_of_parts(npy_intp n_pieces) {
    return std::max<npy_intp>(1, std::min<npy_intp>(n_pieces, 8));
}

inline int threads_for(npy_intp n_parts) {
    return (int)std::max<npy_intp>(1, std::min<npy_intp>(thread_limit(), n_parts));
}

// Zeros at first, and beginning where a cache line begins: no vector then lies across two of them.
template <class Number>
class Aligned {
    enum { LINE = 64 / sizeof(Number) };
    std::vector<Number> memory;

   public:
    explicit Aligned(size_t size) : memory(size + LINE) {}
    size_t size() const { return memory.size() - LINE; }
    Number* data() {
        const size_t misaligned = (size_t)memory.data() / sizeof(Number) % LINE;
        return memory.data() + (LINE - misaligned) % LINE;
    }
};
typedef Aligned<float> Floats;

// Asks for memory that is needed soon, so that it is near when it is.
inline void fetch(const void* memory, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch((const char*)memory + at, 0, 2);
}

// Adds all parts' sums to the first part's, in the order of the parts.
inline void add_up(std::vector<Floats>& parts, npy_intp size) {
    for (size_t part = 1; part < parts.size(); part++)
        for (npy_intp i = 0; i < size; i++) parts[0].data()[i] += parts[part].data()[i];
}

}  // namespace
