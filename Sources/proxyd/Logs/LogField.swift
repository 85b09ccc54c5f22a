internal import Glibc
internal import ProxyCore

/// What a line says for programs beside its message.
struct LogField: Equatable, Sendable {
  enum LogValue: Equatable, Sendable {
    case text(String)
    case number(Int)
  }

  let name: String
  let value: LogValue

  init(_ name: String, _ text: String) {
    self.name = name
    value = .text(text)
  }

  init(_ name: String, _ number: Int) {
    self.name = name
    value = .number(number)
  }
}

extension LogField {
  func write(to output: inout ByteBuffer) {
    output.append(UInt8(ascii: ","))
    output.appendJSONString(Array(name.utf8).rawSpan)
    output.append(UInt8(ascii: ":"))
    switch value {
    case .number(let number): output.appendDecimal(number)
    case .text(let text):
      output.appendJSONString(Array(text.utf8).rawSpan, limit: Limits.logNameBytesMax)
    }
  }
}
