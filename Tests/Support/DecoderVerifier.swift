/// What a decoder made of the bytes from the first that was not consumed on.
package enum DecoderStep: Equatable, Sendable {
  case needsMore
  case decoded(String, consumed: Int)
  case refused(String)
}

/// A decoder of buffered bytes, as the verifier drives it: everything it says, as text.
package protocol VerifiableDecoder: ~Copyable {
  init()
  mutating func decode(_ bytes: RawSpan) -> DecoderStep
}

/// Feeds bytes to a decoder in every way in which a network may deliver them, and says where the outcome
/// differs from that of all at once.
package enum DecoderVerifier {
  /// All that a decoder made of some bytes: what it decoded, and `refused …` or how many bytes wait.
  package typealias Transcript = [String]

  /// The outcome where the bytes come in these pieces. Between other bytes, of all kinds that might be
  /// taken for more of the input, lies only what has arrived.
  package static func transcript<Decoder: VerifiableDecoder & ~Copyable>(
    _ type: Decoder.Type, _ input: [UInt8], pieces: [Int], sentinel: UInt8 = 0xA5
  ) -> Transcript {
    var decoder = Decoder()
    var transcript: Transcript = []
    var consumed = 0
    var arrived = 0
    for piece in pieces {
      arrived = min(input.count, arrived + piece)
      while consumed < arrived {
        // Each look is at fresh memory, as after a buffer has moved.
        let margin = [UInt8](repeating: sentinel, count: 16)
        let memory = margin + input[consumed..<arrived] + margin
        let waiting = unsafe memory.span.bytes.extracting(16..<memory.count - 16)
        switch decoder.decode(waiting) {
        case .needsMore: break
        case .decoded(let text, let length):
          if length <= 0 || length > waiting.byteCount {
            return transcript + ["consumed \(length)"]
          }
          transcript.append(text)
          consumed += length
          continue
        case .refused(let why): return transcript + ["refused: \(why)"]
        }
        break
      }
    }
    return transcript + ["\(input.count - consumed) left"]
  }

  /// Differences between the outcome of all at once and of: twice in a row, byte by byte, every split in
  /// two, and all of them between different neighbours. Empty: there are none.
  package static func differences<Decoder: VerifiableDecoder & ~Copyable>(
    _ type: Decoder.Type, _ input: [UInt8]
  ) -> [String] {
    let whole = transcript(type, input, pieces: [input.count])
    var differences: [String] = []
    func compare(_ how: String, _ other: Transcript, with expected: Transcript) {
      if other != expected { differences.append("\(how): \(other), whole: \(expected)") }
    }
    for sentinel: UInt8 in [0x31, 0x0D, 0x0A, 0x00] {
      compare(
        "beside \(sentinel)", transcript(type, input, pieces: [input.count], sentinel: sentinel),
        with: whole)
    }
    let single = [Int](repeating: 1, count: input.count)
    compare("byte by byte", transcript(type, input, pieces: single), with: whole)
    for split in input.indices.dropFirst() {
      compare(
        "split at \(split)", transcript(type, input, pieces: [split, input.count]), with: whole)
    }
    if whole.last == "0 left" {
      let several = transcript(type, input + input + input, pieces: [input.count * 3])
      let once = whole.dropLast()
      compare("three at once", several, with: once + once + once + ["0 left"])
    }
    return differences
  }

  /// Pieces of random sizes that add up to `count`.
  package static func randomPieces(
    of count: Int, _ generator: inout SeededGenerator
  ) -> [Int] {
    var pieces: [Int] = []
    var left = count
    while left > 0 {
      let piece = min(
        left, Int.random(in: 1...(Bool.random(using: &generator) ? 3 : 40), using: &generator))
      pieces.append(piece)
      left -= piece
    }
    return pieces
  }
}
