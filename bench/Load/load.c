// The load that redis-benchmark cannot make: keys by Zipf's law, reads mixed with writes, and
// connections that are merely there.
//
//   load PORT fill KEYS BYTES       sets every key once
//   load PORT touch KEYS            gets every key once
//   load PORT hold CONNECTIONS      opens them, has each answered once, says "held", and keeps them
//   load PORT run SECONDS CONNECTIONS DEPTH KEYS SKEW READ_PERCENT BYTES SEED
//
// A run says how many requests were answered, and in how many seconds.
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, INPUT_BYTES = 1 << 18, LINE_MAX_BYTES = 256, REQUEST_BYTES = 128 };
enum { DEPTH_MAX = 1000, CONNECTIONS_MAX = 20000, KEYS_MAX = 10000000, VALUE_MAX = 1 << 20 };

struct connection {
  int socket;
  long unanswered;
  // Of the bulk that is being received, with its line end.
  size_t bulk_left;
  // The line that is being received, as far as it fits.
  size_t line_length;
  char line[LINE_MAX_BYTES];
};

struct plan {
  double seconds;
  long connections, depth, keys, read_percent, value_bytes;
  // Each key once, in order, instead of keys by chance.
  bool is_sequential;
};

static struct plan plan;
static long key_next, sent_total, answered_total;
// The weights of the keys, added up; none where all weigh the same.
static double *weights;
static uint64_t random_state;
static char *output, input[INPUT_BYTES], *value;

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "");
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// SplitMix64.
static uint64_t random_bits(void) {
  uint64_t mixed = random_state += 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

// At least 0, less than 1.
static double random_fraction(void) { return (double)(random_bits() >> 11) * 0x1p-53; }

static void weigh(long keys, double skew) {
  weights = malloc((size_t)keys * sizeof *weights);
  if (!weights) fail("malloc");
  double sum = 0;
  for (long rank = 0; rank < keys; rank++) weights[rank] = sum += pow((double)rank + 1, -skew);
}

// Key 0 is asked for most often: the first one up to which the weights make more than a random share.
static long random_key(void) {
  if (!weights) return (long)(random_fraction() * (double)plan.keys);
  double wanted = random_fraction() * weights[plan.keys - 1];
  long low = 0, high = plan.keys - 1;
  while (low < high) {
    long middle = (low + high) / 2;
    if (weights[middle] > wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

static bool is_over(double end) {
  return plan.is_sequential ? key_next >= plan.keys : now() >= end;
}

static size_t write_request(char *to) {
  long key = plan.is_sequential ? key_next++ : random_key();
  bool is_read = (long)(random_bits() % 100) < plan.read_percent;
  if (is_read) {
    return (size_t)snprintf(to, REQUEST_BYTES, "*2\r\n$3\r\nGET\r\n$16\r\nkey:%012ld\r\n", key);
  }
  int head = snprintf(to, REQUEST_BYTES, "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012ld\r\n$%ld\r\n", key,
                      plan.value_bytes);
  memcpy(to + head, value, (size_t)plan.value_bytes + 2);
  return (size_t)head + (size_t)plan.value_bytes + 2;
}

static void send_all(int to, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(to, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("send");
    bytes += sent;
    length -= (size_t)sent;
  }
}

// The next pipeline, now that the last one was answered in full.
static void ask(struct connection *from) {
  size_t length = 0;
  for (; from->unanswered < plan.depth; from->unanswered++) {
    if (plan.is_sequential && key_next >= plan.keys) break;
    length += write_request(output + length);
  }
  sent_total += from->unanswered;
  send_all(from->socket, output, length);
}

// A line without its line end: a whole reply, or the head of a bulk.
static void take_line(struct connection *of) {
  char *line = of->line;
  line[of->line_length < LINE_MAX_BYTES ? of->line_length : LINE_MAX_BYTES - 1] = 0;
  of->line_length = 0;
  if (line[0] == '$' && line[1] != '-') {
    of->bulk_left = strtoul(line + 1, NULL, 10) + 2;
    return;
  }
  if (!strchr("+:$_", line[0])) {
    errno = 0;
    fail(line);
  }
  of->unanswered--;
}

static void take(struct connection *of, const char *bytes, size_t length) {
  const char *end = bytes + length;
  while (bytes < end) {
    if (of->bulk_left > 0) {
      size_t count = (size_t)(end - bytes) < of->bulk_left ? (size_t)(end - bytes) : of->bulk_left;
      bytes += count;
      of->bulk_left -= count;
      if (of->bulk_left == 0) of->unanswered--;
      continue;
    }
    char byte = *bytes++;
    if (byte == '\n') {
      take_line(of);
    } else if (byte != '\r' && of->line_length < LINE_MAX_BYTES - 1) {
      of->line[of->line_length++] = byte;
    }
  }
}

static void receive(struct connection *from) {
  ssize_t count = recv(from->socket, input, sizeof input, 0);
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) fail("recv");
  take(from, input, (size_t)count);
}

static struct connection *connect_all(int port, long count, int epoll) {
  struct connection *connections = calloc((size_t)count, sizeof *connections);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!connections) fail("calloc");
  for (long i = 0; i < count; i++) {
    int yes = 1, one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (one < 0 || connect(one, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, one, &event)) fail("epoll_ctl");
    connections[i].socket = one;
  }
  return connections;
}

static void run(int port) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct connection *connections = connect_all(port, plan.connections, epoll);
  double begin = now(), end = begin + plan.seconds;
  for (long i = 0; i < plan.connections && !is_over(end); i++) ask(&connections[i]);
  struct epoll_event events[EVENTS_MAX];
  while (answered_total < sent_total) {
    int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
    bool over = is_over(end);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      long before = connection->unanswered;
      receive(connection);
      answered_total += before - connection->unanswered;
      if (connection->unanswered == 0 && !over) ask(connection);
    }
  }
  printf("%ld %f\n", answered_total, now() - begin);
}

// Until whoever started it ends it.
static void hold(int port, long count) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct connection *connections = connect_all(port, count, epoll);
  static const char request[] = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n";
  for (long i = 0; i < count; i++) {
    connections[i].unanswered = 1;
    send_all(connections[i].socket, request, sizeof request - 1);
    while (connections[i].unanswered > 0) receive(&connections[i]);
  }
  puts("held");
  fflush(stdout);
  for (;;) pause();
}

static void prepare(double skew, long seed) {
  output = malloc((size_t)plan.depth * (size_t)(REQUEST_BYTES + plan.value_bytes));
  value = malloc((size_t)plan.value_bytes + 2);
  if (!output || !value) fail("malloc");
  memset(value, 'x', (size_t)plan.value_bytes);
  memcpy(value + plan.value_bytes, "\r\n", 2);
  random_state = (uint64_t)seed;
  if (skew > 0) weigh(plan.keys, skew);
}

// Each word of the command line that is a number, within its bounds.
static long number(const char *word, long most) {
  char *end;
  long number = strtol(word, &end, 10);
  if (*end || number < 0 || number > most) {
    fprintf(stderr, "load: %s is no number up to %ld\n", word, most);
    exit(64);
  }
  return number;
}

int main(int count, char **words) {
  const char *task = count > 3 ? words[2] : "";
  struct rlimit files;
  if (!getrlimit(RLIMIT_NOFILE, &files)) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  int port = count > 1 ? (int)number(words[1], 65535) : 0;
  if (!strcmp(task, "hold") && count == 4) {
    hold(port, number(words[3], CONNECTIONS_MAX));
  } else if (!strcmp(task, "fill") && count == 5) {
    long bytes = number(words[4], VALUE_MAX), depth = (1 << 16) / (bytes + 1);
    plan = (struct plan){.connections = 1, .keys = number(words[3], KEYS_MAX)};
    plan.depth = depth < 1 ? 1 : depth > 500 ? 500 : depth;
    plan.value_bytes = bytes;
    plan.is_sequential = true;
  } else if (!strcmp(task, "touch") && count == 4) {
    plan = (struct plan){.connections = 1, .depth = 100, .keys = number(words[3], KEYS_MAX)};
    plan.read_percent = 100;
    plan.is_sequential = true;
  } else if (!strcmp(task, "run") && count == 11) {
    plan = (struct plan){.seconds = atof(words[3]), .keys = number(words[6], KEYS_MAX)};
    plan.connections = number(words[4], CONNECTIONS_MAX);
    plan.depth = number(words[5], DEPTH_MAX);
    plan.read_percent = number(words[8], 100);
    plan.value_bytes = number(words[9], VALUE_MAX);
  } else {
    fputs("usage: load PORT fill KEYS BYTES | touch KEYS | hold CONNECTIONS | run SECONDS"
          " CONNECTIONS DEPTH KEYS SKEW READ_PERCENT BYTES SEED\n", stderr);
    return 64;
  }
  bool is_run = !strcmp(task, "run");
  prepare(is_run ? atof(words[7]) : 0, is_run ? number(words[10], 1000000000) : 0);
  run(port);
}
