// What the thread sanitizer, where it is linked, asks for when it starts.
const char *__tsan_default_suppressions(void);

// Where a continuation is resumed before its task has suspended, Swift's runtime orders the two by an
// atomic operation that the sanitizer does not see, so that resuming, which reads the task's frame,
// seems to race with what the task does there next. A thread, a lock and a continuation suffice to
// show it. `race_top`: only where UnsafeContinuation.resume itself is at the top of a stack.
const char *__tsan_default_suppressions(void) { return "race_top:sScc6resume\n"; }
