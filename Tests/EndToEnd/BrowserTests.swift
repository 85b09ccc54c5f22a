import Glibc
import TestSupport
import Testing

/// A real browser before the built program.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct BrowserTests {
  private static let chromium = ["chromium", "chromium-headless-shell"].first {
    HTTPClientTests.answers(["sh", "-c", "command -v \($0)"])
  }
  static let isThere =
    chromium != nil && HTTPClientTests.answers(["python3", "-c", "import http.server"])

  @Test(.enabled(if: isThere, "chromium or python3 is not installed: make deps-web"))
  func `a value is shown as what it is`() throws {
    let proxyd = try Proxyd()
    _ = try proxyd.connect().query("SET", "page", "hello <script>document.title = 1</script>")
    let shown = try Self.load("http://127.0.0.1:\(proxyd.httpPort)/page")
    // Text, whatever it looks like.
    #expect(shown.contains("hello &lt;script&gt;"), "\(shown)")
    #expect(try Self.load("http://localhost:\(proxyd.httpPort)/nothing").contains("no such key"))
  }

  @Test(.enabled(if: isThere, "chromium or python3 is not installed: make deps-web"))
  func `a page reads and writes what its origin may, and nothing else`() throws {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let pages = try PageServer(directory)
    let origin = "http://127.0.0.1:\(pages.port)"
    let open = try Proxyd([
      "--http-writes", "on", "--http-cors-origin", origin, "--http-cors-writes", "on",
    ])
    let closed = try Proxyd(["--http-writes", "on"])
    for server in [open, closed] { _ = try server.connect().query("SET", "greeting", "hello") }
    try pages.write(Self.page(open: open.httpPort, closed: closed.httpPort), as: "page.html")
    let shown = try Self.load("\(origin)/page.html")
    for line in [
      "read: 200 hello tag", "written: 204", "read again: 200 changed", "as JSON: changed",
      "missing: 404", "not read: TypeError", "not written: TypeError", "end",
    ] {
      #expect(shown.contains(line), "\(line) is missing: \(shown)")
    }
    #expect(try open.connect().query("GET", "greeting").text == "changed")
    #expect(try closed.connect().query("GET", "greeting").text == "hello")
  }

  private static func page(open: UInt16, closed: UInt16) -> String {
    """
    <!doctype html><title>page</title><pre id="log"></pre><script>
    const open = "http://127.0.0.1:\(open)/", closed = "http://127.0.0.1:\(closed)/";
    const say = line => { document.getElementById("log").textContent += line + "\\n" };
    const attempt = async (name, body) => {
      try { say(name + ": " + await body()) } catch (error) { say(name + ": " + error.name) }
    };
    (async () => {
      await attempt("read", async () => {
        const response = await fetch(open + "greeting");
        const tag = response.headers.get("ETag") ? " tag" : "";
        return response.status + " " + await response.text() + tag;
      });
      await attempt("written", async () =>
        (await fetch(open + "greeting", { method: "PUT", body: "changed" })).status);
      await attempt("read again", async () => {
        const response = await fetch(open + "greeting");
        return response.status + " " + await response.text();
      });
      await attempt("as JSON", async () =>
        (await (await fetch(open + "greeting", { headers: { Accept: "application/json" } }))
          .json()).value);
      await attempt("missing", async () => (await fetch(open + "missing")).status);
      await attempt("not read", async () => (await fetch(closed + "greeting")).text());
      await attempt("not written", async () =>
        (await fetch(closed + "greeting", { method: "PUT", body: "stolen" })).status);
      say("end");
    })();
    </script>
    """
  }

  /// The document, once its scripts have nothing more to do.
  static func load(_ address: String) throws -> String {
    let profile = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(profile) }
    let (status, output) = try Proxyd.run(
      program: "timeout",
      [
        "-s", "KILL", "120", try #require(chromium), "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir=\(profile)",
        "--virtual-time-budget=30000", "--dump-dom", address,
      ])
    #expect(status == 0, "\(output)")
    return output
  }
}

/// Serves the files of a directory, on another port and so from another origin.
private final class PageServer {
  let port: UInt16
  private let directory: String
  private let process: ChildProcess

  init(_ directory: String) throws {
    self.directory = directory
    port = try Loopback.freePort()
    process = try ChildProcess([
      "python3", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", directory,
    ])
    for _ in 0..<3_000 where process.isRunning {
      if let socket = try? Loopback.connect(port: port) {
        close(socket)
        return
      }
      usleep(10_000)
    }
    throw ToolError("no server for pages")
  }

  func write(_ page: String, as name: String) throws {
    guard let file = unsafe fopen("\(directory)/\(name)", "w") else { throw ToolError(name) }
    defer { unsafe fclose(file) }
    if unsafe fputs(page, file) < 0 { throw ToolError("\(name) cannot be written") }
  }
}
