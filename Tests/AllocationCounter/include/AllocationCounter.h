// Counts the calling process's heap allocations, for tests and benchmarks that promise none.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H
#include <stdbool.h>
#include <stdint.h>

// Allocations of the calling thread since it started (malloc, calloc, realloc, aligned ones).
uint64_t allocation_count_of_thread(void);
// Bytes of heap in use by the whole process, as the allocator rounds them.
uint64_t allocation_bytes_in_use(void);
// False under a sanitizer, which owns malloc itself: both counts are then always 0.
bool allocation_counting_works(void);
#endif
