import HTTP
import HTTPFront
import ProxyCore

/// What operators write: a URL is read or refused in one line, and no secret is printed.
enum URLTarget {
  static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    do throws(RedisURLError) {
      let url = try RedisURL(text)
      demand(!url.host.isEmpty, "no host in \(text)")
      let shown = url.description
      demand(shown.utf8.allSatisfy { $0 >= 0x20 }, "\(text) is shown as \(shown.debugDescription)")
      // What is shown can be read again, with the same meaning but for the secret.
      guard let again = try? RedisURL(shown) else {
        return demand(false, "\(text) is shown as \(shown), which is no URL")
      }
      demand(
        again.host == url.host && again.port == url.port && again.database == url.database,
        "\(text) is shown as \(shown)")
    } catch {
      demand(error.description.utf8.allSatisfy { $0 >= 0x20 }, error.description.debugDescription)
    }
    if case .listed(let origins) = CrossOrigin(text) {
      demand(origins.allSatisfy { $0.allSatisfy { $0 > 0x20 && $0 < 0x7F } }, "\(origins)")
    }
  }
}
