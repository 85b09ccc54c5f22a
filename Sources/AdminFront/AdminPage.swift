internal import ProxyCore

/// The live page.
enum AdminPage {
  static func write(to document: inout ByteBuffer) { document.append("") }
  static let lines: StaticString = "Content-Type: text/html; charset=utf-8\r\n"
}
