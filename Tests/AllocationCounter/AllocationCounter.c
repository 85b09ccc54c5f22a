#include "AllocationCounter.h"
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTING 0
#endif
#endif
#ifndef COUNTING
#define COUNTING 1
#endif

#if COUNTING
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static __thread uint64_t count;
static _Atomic int64_t bytes;

static void *taken(void *block) {
  count++;
  if (block) atomic_fetch_add_explicit(&bytes, (int64_t)malloc_usable_size(block), memory_order_relaxed);
  return block;
}
static void given_back(void *block) {
  if (block) atomic_fetch_sub_explicit(&bytes, (int64_t)malloc_usable_size(block), memory_order_relaxed);
}

void *malloc(size_t size) { return taken(__libc_malloc(size)); }
void *calloc(size_t number, size_t size) { return taken(__libc_calloc(number, size)); }
void *realloc(void *old, size_t size) {
  int64_t before = old ? (int64_t)malloc_usable_size(old) : 0;
  void *block = __libc_realloc(old, size);
  if (block || size == 0) atomic_fetch_sub_explicit(&bytes, before, memory_order_relaxed);
  return block || size == 0 ? taken(block) : block;
}
void *memalign(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }
int posix_memalign(void **result, size_t alignment, size_t size) {
  void *block = taken(__libc_memalign(alignment, size));
  if (!block) return ENOMEM;
  *result = block;
  return 0;
}
void free(void *block) {
  given_back(block);
  __libc_free(block);
}

uint64_t allocation_count_of_thread(void) { return count; }
uint64_t allocation_bytes_in_use(void) { return (uint64_t)atomic_load(&bytes); }
bool allocation_counting_works(void) { return true; }
#else
uint64_t allocation_count_of_thread(void) { return 0; }
uint64_t allocation_bytes_in_use(void) { return 0; }
bool allocation_counting_works(void) { return false; }
#endif
