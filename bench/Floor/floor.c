// The floor: the least that a server can do. It waits, receives, counts the requests it received,
// and sends as many copies of one reply: one recv and one send a batch, no parsing, no lookup, no
// state. What a real server costs beyond this is its own work; what this costs is the kernel's.
//
//   floor PORT resp|http REPLY_BYTES
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, INPUT_BYTES = 1 << 16, REPLIES_MAX = 4096, REPLY_BYTES_MAX = 1 << 20 };
enum { REPLIES_BYTES_MAX = 1 << 26 };

// What is remembered of a connection between two reads: how far the end of a request was matched.
struct connection {
  int socket;
  unsigned matched;
};

static const char http_end[] = "\r\n\r\n";
static char input[INPUT_BYTES];
static char *replies;
static size_t reply_length, reply_count;
static bool is_http;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void prepare_replies(size_t body_bytes) {
  char head[256];
  int head_length =
      is_http ? snprintf(head, sizeof head,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                         "ETag: \"0123456789abcdef\"\r\nAge: 1\r\nContent-Length: %zu\r\n\r\n",
                         body_bytes)
              : snprintf(head, sizeof head, "$%zu\r\n", body_bytes);
  size_t tail_length = is_http ? 0 : 2;
  reply_length = (size_t)head_length + body_bytes + tail_length;
  reply_count = REPLIES_BYTES_MAX / reply_length;
  if (reply_count > REPLIES_MAX) reply_count = REPLIES_MAX;
  replies = malloc(reply_length * reply_count);
  if (!replies) fail("malloc");
  for (size_t i = 0; i < reply_count; i++) {
    char *reply = replies + i * reply_length;
    memcpy(reply, head, (size_t)head_length);
    memset(reply + head_length, 'x', body_bytes);
    if (tail_length) memcpy(reply + head_length + body_bytes, "\r\n", 2);
  }
}

// A RESP request has one asterisk, as long as no key has one.
static size_t count_resp(const char *bytes, size_t length) {
  size_t count = 0;
  const char *end = bytes + length;
  for (const char *p = bytes; p < end && (p = memchr(p, '*', (size_t)(end - p))); p++) count++;
  return count;
}

// An HTTP request ends with an empty line, which two reads may share.
static size_t count_http(struct connection *from, const char *bytes, size_t length) {
  size_t count = 0, at = 0;
  while (at < length) {
    if (from->matched == 0) {
      const char *found = memchr(bytes + at, '\r', length - at);
      if (!found) break;
      at = (size_t)(found - bytes);
    }
    if (bytes[at] == http_end[from->matched]) {
      if (++from->matched == 4) {
        from->matched = 0;
        count++;
      }
    } else {
      from->matched = bytes[at] == '\r';
    }
    at++;
  }
  return count;
}

static bool send_all(int to, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(to, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes += sent;
    length -= (size_t)sent;
  }
  return true;
}

// False at the end of the connection. Sockets block, and every event means that there is something
// to read.
static bool serve(struct connection *client) {
  ssize_t received = recv(client->socket, input, sizeof input, 0);
  if (received < 0 && errno == EINTR) return true;
  if (received <= 0) return false;
  size_t length = (size_t)received;
  size_t count = is_http ? count_http(client, input, length) : count_resp(input, length);
  while (count > 0) {
    size_t batch = count < reply_count ? count : reply_count;
    if (!send_all(client->socket, replies, batch * reply_length)) return false;
    count -= batch;
  }
  return true;
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0) fail("socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("bind");
  if (listen(listener, 1024)) fail("listen");
  return listener;
}

static void admit(int epoll, int listener) {
  int yes = 1;
  struct connection *client = calloc(1, sizeof *client);
  if (!client) fail("calloc");
  client->socket = accept(listener, NULL, NULL);
  if (client->socket < 0) {
    free(client);
    return;
  }
  setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, client->socket, &event)) fail("epoll_ctl");
}

int main(int count, char **words) {
  int port = count == 4 ? atoi(words[1]) : 0, body_bytes = count == 4 ? atoi(words[3]) : -1;
  if (port <= 0 || port > 65535 || body_bytes < 0 || body_bytes > REPLY_BYTES_MAX ||
      (strcmp(words[2], "resp") && strcmp(words[2], "http"))) {
    fprintf(stderr, "usage: floor PORT resp|http REPLY_BYTES (at most %d)\n", REPLY_BYTES_MAX);
    return 64;
  }
  is_http = !strcmp(words[2], "http");
  prepare_replies((size_t)body_bytes);
  int listener = listen_on(port), epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail("epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_MAX];
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) fail("epoll_ctl");
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *client = events[i].data.ptr;
      if (!client) {
        admit(epoll, listener);
      } else if (!serve(client)) {
        close(client->socket);
        free(client);
      }
    }
  }
}
