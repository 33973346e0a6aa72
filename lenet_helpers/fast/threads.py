"""On how many threads the course computes."""


def compiler_flags():
    """Return the options that make the compiler use OpenMP."""
    return ["-fopenmp"]
