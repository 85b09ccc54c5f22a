extension Connection {
  /// Appends to the output what Redis would reply to a GET.
  package func append(replyWith hit: borrowing ByteCache.Hit, _ version: RESPVersion) {
    if takesOutput { hit.appendReply(version, to: &pending.bytes) }
  }
}
