// What applications do with hiredis, through the port that is given: one request at a time, pipelines, large
// values, transactions, subscribers, and with hiredis 1 pushes in RESP3.

#include <hiredis.h>
#include <async.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/poll.h"

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
      exit(1);                                                         \
    }                                                                  \
  } while (0)

static int port;

static redisContext *connectSync(void) {
  redisContext *context = redisConnect("127.0.0.1", port);
  CHECK(context && !context->err);
  struct timeval timeout = {60, 0};
  CHECK(redisSetTimeout(context, timeout) == REDIS_OK);
  return context;
}

static redisReply *ask(redisContext *context, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  redisReply *reply = redisvCommand(context, format, arguments);
  va_end(arguments);
  CHECK(reply);
  return reply;
}

#define EXPECT(context, condition, ...)            \
  do {                                             \
    redisReply *reply = ask(context, __VA_ARGS__); \
    CHECK(condition);                              \
    freeReplyObject(reply);                        \
  } while (0)

static void checkRequests(void) {
  redisContext *context = connectSync();
  EXPECT(context, !strcmp(reply->str, "OK"), "FLUSHALL");
  EXPECT(context, !strcmp(reply->str, "OK"), "SET %s %b", "binary", "a\0b\r\n", (size_t)5);
  EXPECT(context, reply->len == 5 && !memcmp(reply->str, "a\0b\r\n", 5), "GET binary");
  EXPECT(context, reply->type == REDIS_REPLY_NIL, "GET missing");
  EXPECT(context, reply->type == REDIS_REPLY_ERROR, "INCR binary");
  size_t size = 3 << 20;
  char *large = malloc(size);
  memset(large, 'x', size);
  for (int round = 0; round < 3; round++) {
    EXPECT(context, !strcmp(reply->str, "OK"), "SET large %b", large, size);
    EXPECT(context, reply->len == size && !memcmp(reply->str, large, size), "GET large");
  }
  free(large);
  EXPECT(context, reply->integer == 3, "RPUSH list a b c");
  EXPECT(context, reply->elements == 3 && !strcmp(reply->element[2]->str, "c"), "LRANGE list 0 -1");
  EXPECT(context, reply->type == REDIS_REPLY_STATUS, "MULTI");
  EXPECT(context, !strcmp(reply->str, "QUEUED"), "INCR number");
  EXPECT(context, !strcmp(reply->str, "QUEUED"), "LPOP list");
  EXPECT(context, reply->elements == 2 && reply->element[0]->integer == 1, "EXEC");
  EXPECT(context, reply->integer == 7, "EVAL %s 1 k 7", "return tonumber(ARGV[1])");
  EXPECT(context, !strcmp(reply->str, "OK"), "SELECT 3");
  EXPECT(context, reply->type == REDIS_REPLY_NIL, "GET binary");
  CHECK(redisReconnect(context) == REDIS_OK);
  EXPECT(context, reply->len == 5, "GET binary");
  redisFree(context);
}

static void checkPipelines(void) {
  enum { depth = 20000 };
  redisContext *context = connectSync();
  for (int number = 0; number < depth; number++) {
    CHECK(redisAppendCommand(context, "INCR counter") == REDIS_OK);
    CHECK(redisAppendCommand(context, "GET counter") == REDIS_OK);
    CHECK(redisAppendCommand(context, "GET key:%d", number % 7) == REDIS_OK);
  }
  for (int number = 1; number <= depth; number++) {
    redisReply *reply;
    CHECK(redisGetReply(context, (void **)&reply) == REDIS_OK && reply->integer == number);
    freeReplyObject(reply);
    CHECK(redisGetReply(context, (void **)&reply) == REDIS_OK && atoi(reply->str) == number);
    freeReplyObject(reply);
    CHECK(redisGetReply(context, (void **)&reply) == REDIS_OK);
    CHECK(reply->type == REDIS_REPLY_NIL);
    freeReplyObject(reply);
  }
  redisFree(context);
}

// What the asynchronous client has heard, and what it is to hear.
static struct {
  int replies, messages, ended;
} heard;

static void disconnected(const redisAsyncContext *context, int status) {
  (void)context;
  (void)status;
  heard.ended = 1;
}

static redisAsyncContext *connectAsync(void) {
  memset(&heard, 0, sizeof(heard));
  redisAsyncContext *context = redisAsyncConnect("127.0.0.1", port);
  CHECK(context && !context->err);
  CHECK(redisPollAttach(context) == REDIS_OK);
  CHECK(redisAsyncSetDisconnectCallback(context, disconnected) == REDIS_OK);
  return context;
}

static void replied(redisAsyncContext *context, void *data, void *expected) {
  (void)context;
  redisReply *reply = data;
  CHECK(reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == (long long)(size_t)expected);
  heard.replies++;
}

static void checkAsync(void) {
  redisContext *other = connectSync();
  EXPECT(other, reply->type == REDIS_REPLY_INTEGER, "DEL async");
  redisAsyncContext *context = connectAsync();
  for (size_t number = 1; number <= 1000; number++) {
    CHECK(redisAsyncCommand(context, replied, (void *)number, "INCR async") == REDIS_OK);
  }
  while (heard.replies < 1000) redisPollTick(context, 1);
  redisAsyncDisconnect(context);
  while (!heard.ended) redisPollTick(context, 1);
  redisFree(other);
}

static void noted(redisAsyncContext *context, void *data, void *unused) {
  (void)context;
  (void)unused;
  redisReply *reply = data;
  if (!reply) return;
  CHECK(reply->elements == 3);
  if (!strcmp(reply->element[0]->str, "message")) {
    CHECK(!strcmp(reply->element[2]->str, "hello"));
    heard.messages++;
  } else {
    heard.replies++;
  }
}

static void checkSubscriber(void) {
  redisContext *publisher = connectSync();
  redisAsyncContext *context = connectAsync();
  CHECK(redisAsyncCommand(context, noted, NULL, "SUBSCRIBE news sport") == REDIS_OK);
  while (heard.replies < 2) redisPollTick(context, 1);
  for (int number = 0; number < 100; number++) {
    EXPECT(publisher, reply->integer == 1, "PUBLISH news hello");
  }
  while (heard.messages < 100) redisPollTick(context, 1);
  CHECK(redisAsyncCommand(context, noted, NULL, "UNSUBSCRIBE") == REDIS_OK);
  while (heard.replies < 4) redisPollTick(context, 1);
  redisAsyncDisconnect(context);
  while (!heard.ended) redisPollTick(context, 1);
  redisFree(publisher);
}

#if HIREDIS_MAJOR >= 1
static void pushed(void *data, void *unused) {
  (void)data;
  redisReply *reply = unused;
  CHECK(reply->type == REDIS_REPLY_PUSH);
  heard.messages++;
  freeReplyObject(reply);
}

static void pushedAsync(redisAsyncContext *context, void *data) {
  (void)context;
  redisReply *reply = data;
  CHECK(reply->type == REDIS_REPLY_PUSH && !strcmp(reply->element[0]->str, "invalidate"));
  heard.messages++;
}

static void ignored(redisAsyncContext *context, void *data, void *unused) {
  (void)context;
  (void)unused;
  CHECK(data);
  heard.replies++;
}

static void checkPushes(void) {
  memset(&heard, 0, sizeof(heard));
  redisContext *context = connectSync();
  redisContext *writer = connectSync();
  redisSetPushCallback(context, pushed);
  EXPECT(context, reply->type == REDIS_REPLY_MAP, "HELLO 3");
  EXPECT(context, !strcmp(reply->str, "OK"), "CLIENT TRACKING ON");
  EXPECT(writer, !strcmp(reply->str, "OK"), "SET tracked 1");
  EXPECT(context, !strcmp(reply->str, "1"), "GET tracked");
  EXPECT(writer, !strcmp(reply->str, "OK"), "SET tracked 2");
  while (!heard.messages) EXPECT(context, reply->str != NULL, "PING");
  EXPECT(context, reply->type == REDIS_REPLY_MAP, "CONFIG GET maxmemory");
  redisFree(context);

  redisAsyncContext *async = connectAsync();
  redisAsyncSetPushCallback(async, pushedAsync);
  CHECK(redisAsyncCommand(async, ignored, NULL, "HELLO 3") == REDIS_OK);
  CHECK(redisAsyncCommand(async, ignored, NULL, "CLIENT TRACKING ON BCAST PREFIX track") == REDIS_OK);
  while (heard.replies < 2) redisPollTick(async, 1);
  EXPECT(writer, !strcmp(reply->str, "OK"), "SET tracked 3");
  while (!heard.messages) redisPollTick(async, 1);
  redisAsyncDisconnect(async);
  while (!heard.ended) redisPollTick(async, 1);
  redisFree(writer);
}
#endif

int main(int count, char **words) {
  if (count != 2) return 2;
  port = atoi(words[1]);
  checkRequests();
  checkPipelines();
  checkAsync();
  checkSubscriber();
#if HIREDIS_MAJOR >= 1
  checkPushes();
#endif
  printf("everything as with Redis\n");
  return 0;
}
