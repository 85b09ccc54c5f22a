import Glibc
import TestSupport

/// Servers of HTTP that are known by name, each on one core and with one worker.
extension Candidate {
  static func start(knownForHTTP name: String, _ bench: Bench) throws -> Candidate? {
    let bytes = bench.options.valueBytes
    switch name {
    case "floor":
      return try start(name: name, program: "floor", arguments: "{port} http \(bytes)", bench)
    case "proxyd":
      let resp = try Loopback.freePort()
      return try start(
        name: name, program: "proxyd",
        arguments: "--http-port {port} --resp-port \(resp) --threads 1"
          + " --admin-port 0 --redis-url redis://127.0.0.1:{redis}", bench)
    case "nginx":
      guard isInstalled("nginx") else { return skip(name, "nginx is not installed") }
      let command = "nginx -p {directory} -c {directory}/nginx-{port}.conf -e stderr"
      return try start(name: name, command: command, bench) { port, _ in
        try TextFile.write(
          nginx(port, body: String(repeating: "x", count: bytes), bench.directory),
          to: "\(bench.directory)/nginx-\(port).conf")
      }
    case "memory", "redis", "nutcracker": return skip(name, "it speaks no HTTP")
    default: throw Options.Misuse(reason: "no server \(name) is known; give it with --server")
    }
  }

  /// In one process, so that its processor time is all of it.
  private static func nginx(_ port: UInt16, body: String, _ directory: String) -> String {
    """
    daemon off;
    master_process off;
    worker_processes 1;
    pid \(directory)/nginx-\(port).pid;
    events { worker_connections 1024; }
    http {
      access_log off;
      client_body_temp_path \(directory)/nginx-body;
      proxy_temp_path \(directory)/nginx-proxy;
      fastcgi_temp_path \(directory)/nginx-fastcgi;
      uwsgi_temp_path \(directory)/nginx-uwsgi;
      scgi_temp_path \(directory)/nginx-scgi;
      keepalive_requests 1000000000;
      server {
        listen 127.0.0.1:\(port);
        default_type text/plain;
        location / { return 200 "\(body)"; }
      }
    }

    """
  }

  /// Whether it answers, and has the value.
  static func answersHTTP(_ port: UInt16) -> Bool {
    guard let socket = try? Loopback.connect(port: port) else { return false }
    defer { close(socket) }
    Loopback.setTimeout(socket, seconds: 1)
    let request = "GET \(Load.path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    guard (try? Loopback.send(Array(request.utf8), to: socket)) != nil,
      let answer = try? Loopback.receive(from: socket)
    else { return false }
    return String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200 ")
  }
}
