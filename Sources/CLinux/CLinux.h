// The parts of Linux that the Glibc module leaves out, and C's variadic calls in a shape Swift can call.
#ifndef CLINUX_H
#define CLINUX_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// Sleeps while *word is still `expected`; may wake for no reason, so the caller looks again.
static inline void clinux_futex_wait(const void *word, unsigned expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

// The same, for so many milliseconds at most.
static inline void clinux_futex_wait_for(const void *word, unsigned expected, long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &time, NULL, 0);
}

static inline void clinux_futex_wake(const void *word, int sleepers) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, sleepers, NULL, NULL, 0);
}

// The hint that this core is spinning.
static inline void clinux_spin_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Hints that a cache line will be read, or written, soon. Any address will do.
static inline void clinux_prefetch(const void *line) { __builtin_prefetch(line, 0, 3); }
static inline void clinux_prefetch_to_write(const void *line) { __builtin_prefetch(line, 1, 3); }

static inline int clinux_accept(int listener, struct sockaddr_storage *peer, socklen_t *length) {
  // glibc hides accept4 without _GNU_SOURCE, which must not differ from how the Glibc module was built.
  return (int)syscall(SYS_accept4, listener, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// A call of the kernel in place, which answers with the negated error. The C library's functions would be
// cancellation points, at two locked instructions a call in a program of several threads, and one return more:
// a kernel that guards against speculation clears the processor's memory of return addresses, so that
// after each call every return is mispredicted.
static inline long clinux_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "cc", "memory");
  return x0;
#else
  long result = syscall(number, a, b, c, d, e, f);
  return result < 0 ? -errno : result;
#endif
}

static inline long clinux_recv(int descriptor, void *memory, size_t size) {
  return clinux_call(SYS_recvfrom, descriptor, (long)memory, (long)size, 0, 0, 0);
}

static inline long clinux_send(int descriptor, const void *memory, size_t size) {
  return clinux_call(SYS_sendto, descriptor, (long)memory, (long)size, MSG_NOSIGNAL, 0, 0);
}

static inline long clinux_epoll_wait(int descriptor, struct epoll_event *events, int room, int milliseconds) {
  return clinux_call(SYS_epoll_pwait, descriptor, (long)events, room, milliseconds, 0, 0);
}

// A descriptor from another program: non-blocking, and not for programs that this one starts.
static inline int clinux_set_flags(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

// For what lines are added to; a pipe without a reader must not block opening or writing.
static inline int clinux_open_to_append(const char *path) {
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
}

// At most 15 bytes of `name` are kept.
static inline void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline void clinux_trim_heap(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// Where the kernel has put the program's words, the first of them; glibc keeps it, and shows it to few.
extern char *program_invocation_name;
static inline char *clinux_first_argument(void) { return program_invocation_name; }

static inline void *clinux_map_failed(void) { return MAP_FAILED; }

#endif
