// The adapter for poll(2) that hiredis' own tests are written for, which its Python package does not carry.
#ifndef SUITES_ADAPTERS_POLL_H
#define SUITES_ADAPTERS_POLL_H

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "async.h"

typedef struct {
  redisAsyncContext *context;
  int reads;
  int writes;
  // When the connection or the reply that is waited for is late; 0 for never.
  double deadline;
  int isUsed;
  int isOver;
} redisPollEvents;

static double redisPollNow(void) {
  struct timeval now;
  gettimeofday(&now, NULL);
  return now.tv_sec + now.tv_usec / 1e6;
}

static void redisPollAddRead(void *data) { ((redisPollEvents *)data)->reads = 1; }
static void redisPollDelRead(void *data) { ((redisPollEvents *)data)->reads = 0; }
static void redisPollAddWrite(void *data) { ((redisPollEvents *)data)->writes = 1; }
static void redisPollDelWrite(void *data) { ((redisPollEvents *)data)->writes = 0; }

#if HIREDIS_MAJOR >= 1
static void redisPollScheduleTimer(void *data, struct timeval wait) {
  ((redisPollEvents *)data)->deadline = redisPollNow() + wait.tv_sec + wait.tv_usec / 1e6;
}
#endif

static void redisPollCleanup(void *data) {
  redisPollEvents *events = data;
  // A callback may end the context while a tick uses it.
  if (events->isUsed) {
    events->isOver = 1;
  } else {
    free(events);
  }
}

// Waits for something to happen, for `timeout` seconds at most, and has it handled.
static int redisPollTick(redisAsyncContext *context, double timeout) {
  redisPollEvents *events = context->ev.data;
  if (!events) return 0;
  short wanted = (events->reads ? POLLIN : 0) | (events->writes ? POLLOUT : 0);
  if (!wanted) return 0;
  double wait = timeout;
  if (events->deadline > 0) {
    double left = events->deadline - redisPollNow();
    if (wait < 0 || left < wait) wait = left > 0 ? left : 0;
  }
  struct pollfd descriptor = {.fd = context->c.fd, .events = wanted};
  int count = poll(&descriptor, 1, wait < 0 ? -1 : (int)(wait * 1000 + 0.5));
  int handled = 0;
  events->isUsed = 1;
  if (count > 0 && events->reads && (descriptor.revents & (POLLIN | POLLERR | POLLHUP))) {
    redisAsyncHandleRead(context);
    handled |= POLLIN;
  }
  if (!events->isOver && count > 0 && events->writes
      && (descriptor.revents & (POLLOUT | POLLERR | POLLHUP))) {
    redisAsyncHandleWrite(context);
    handled |= POLLOUT;
  }
#if HIREDIS_MAJOR >= 1
  if (!events->isOver && events->deadline > 0 && redisPollNow() >= events->deadline) {
    events->deadline = 0;
    redisAsyncHandleTimeout(context);
  }
#endif
  events->isUsed = 0;
  if (events->isOver) free(events);
  return handled;
}

static int redisPollAttach(redisAsyncContext *context) {
  if (context->ev.data) return REDIS_ERR;
  redisPollEvents *events = calloc(1, sizeof(*events));
  if (!events) return REDIS_ERR;
  events->context = context;
  context->ev.data = events;
  context->ev.addRead = redisPollAddRead;
  context->ev.delRead = redisPollDelRead;
  context->ev.addWrite = redisPollAddWrite;
  context->ev.delWrite = redisPollDelWrite;
  context->ev.cleanup = redisPollCleanup;
#if HIREDIS_MAJOR >= 1
  context->ev.scheduleTimer = redisPollScheduleTimer;
#endif
  return REDIS_OK;
}

#endif
