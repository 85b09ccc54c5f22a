internal import HTTP
internal import ProxyCore

/// The live page: one document with all that it needs, drawn by a script of its own from what `/stats`
/// tells every second.
///
/// The script and the style are let in by a number that is new each time; nothing else is, from nowhere.
enum AdminPage {
  /// Appends the page, and says which header lines go with it.
  static func write(to document: inout ByteBuffer) -> [UInt8] {
    let nonce = makeNonce()
    document.append("<!doctype html>\n<html lang=\"en\">\n<head>\n")
    document.append(head)
    appendPart("style", nonce, [style], to: &document)
    document.append("</head>\n<body>\n")
    document.append(markup)
    appendPart("script", nonce, [script, plots, panels], to: &document)
    document.append("</body>\n</html>\n")
    return Array(
      """
      Content-Type: text/html; charset=utf-8\r
      Cache-Control: no-store\r
      X-Content-Type-Options: nosniff\r
      Referrer-Policy: no-referrer\r
      Cross-Origin-Resource-Policy: same-origin\r
      Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src data:; \
      script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; base-uri 'none'; form-action 'none'; \
      frame-ancestors 'none'\r\n
      """.utf8)
  }

  private static func appendPart(
    _ tag: StaticString, _ nonce: String, _ parts: [StaticString], to document: inout ByteBuffer
  ) {
    document.append("<")
    document.append(tag)
    document.append(text: " nonce=\"\(nonce)\">\n")
    for part in parts {
      document.append(part)
      document.append("\n")
    }
    document.append("</")
    document.append(tag)
    document.append(">\n")
  }

  private static func makeNonce() -> String {
    var random = SystemRandomNumberGenerator()
    return String(random.next(), radix: 36) + String(random.next(), radix: 36)
  }

  private static let head: StaticString = """
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>proxyd</title>
    <link rel="icon" href="data:,">

    """
}
