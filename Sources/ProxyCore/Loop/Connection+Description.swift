/// What a connection is, for lists of them.
extension Connection {
  /// The end that is here. A system call.
  package var localAddress: SocketAddress? { try? descriptor.localAddress() }
  /// The kernel's number for it.
  package var descriptorNumber: Int32 { descriptor.number }
  /// Bytes of requests that have not come as a whole, or wait.
  package var inputCount: Int { input.count }
  /// Memory that is kept for those.
  package var inputAllocated: Int { input.allocated }
}
