/// What is wrong with a request. The connection gets one reply, in Redis's words, and is closed.
package enum ProtocolError: Error, Equatable, Sendable {
  case inlineTooBig
  case countLineTooBig
  case lengthLineTooBig
  case countInvalid
  case countUnauthenticated
  case lengthInvalid
  case lengthUnauthenticated
  case dollarExpected(got: UInt8)
  case quotesUnbalanced
  /// Past `Limits.requestBytesMax`, where Redis closes the connection without a word.
  case requestTooBig

  private var text: StaticString {
    switch self {
    case .inlineTooBig: "too big inline request"
    case .countLineTooBig: "too big mbulk count string"
    case .lengthLineTooBig: "too big bulk count string"
    case .countInvalid: "invalid multibulk length"
    case .countUnauthenticated: "unauthenticated multibulk length"
    case .lengthInvalid: "invalid bulk length"
    case .lengthUnauthenticated: "unauthenticated bulk length"
    case .dollarExpected: "expected '$', got '"
    case .quotesUnbalanced: "unbalanced quotes in request"
    case .requestTooBig: "too big request"
    }
  }

  /// Appends the error as Redis sends it: `-ERR Protocol error: …`.
  package func write(to output: inout ByteBuffer) {
    output.append("-ERR Protocol error: ")
    output.append(text)
    if case .dollarExpected(let got) = self {
      output.append(ByteBuffer.harmless(got))
      output.append(UInt8(ascii: "'"))
    }
    output.append("\r\n")
  }
}

extension ProtocolError: CustomStringConvertible {
  /// For logs: the text without `-ERR`; bytes that are no ASCII letters are escaped.
  package var description: String {
    if case .dollarExpected(let got) = self {
      return "\(text)\(Unicode.Scalar(got).escaped(asASCII: true))'"
    }
    return text.description
  }
}
