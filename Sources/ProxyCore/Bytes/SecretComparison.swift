/// Compares what a client gives with a secret, byte by byte, in a time that depends only on what was given.
package struct SecretComparison {
  private let secret: [UInt8]
  private var count = 0
  private var place = 0
  private var difference: UInt8 = 0

  package init(_ secret: [UInt8]) { self.secret = secret }

  package mutating func take(_ byte: UInt8) {
    count &+= 1
    if secret.isEmpty { return }
    difference |= byte ^ secret[place]
    place = place &+ 1 == secret.count ? 0 : place &+ 1
  }

  /// Whether all bytes taken so far are the secret.
  package var isEqual: Bool { difference | (count == secret.count ? 0 : 1) == 0 }

  /// Whether `given` is `secret`.
  package static func areEqual(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
    var comparison = SecretComparison(secret)
    for byte in given { comparison.take(byte) }
    return comparison.isEqual
  }
}
