extension Connection {
  /// Appends to the output what Redis would reply to a GET.
  package func append(replyWith hit: borrowing ByteCache.Hit, _ version: RESPVersion) {
    if takesOutput { hit.appendReply(version, to: &pending.bytes) }
  }
}

extension ByteCache.Hit {
  /// Appends what Redis would reply to a GET.
  package func appendReply(_ version: RESPVersion, to output: inout ByteBuffer) {
    if isAbsent { output.appendNull(version) } else { output.appendBulk(bytes) }
  }
}
