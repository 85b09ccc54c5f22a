import TestSupport

/// Servers of HTTP that are known by name, each on one core and with one worker.
extension Candidate {
  static func httpServer(_ name: String, _ bench: Bench) throws -> Candidate? {
    let bytes = bench.options.valueBytes
    switch name {
    case "floor":
      let command = "\(try own("floor")) {port} http \(bytes)"
      return try start(Recipe(name: name, command: command, isHTTP: true), bench)
    case "proxyd":
      let command =
        "\(try proxyd(bench.options)) --http-port {port} --resp-port \(try Loopback.freePort())"
      return try start(
        Recipe(name: name, command: command, needsRedis: true, isHTTP: true), bench)
    case "nginx":
      let command = "nginx -p {directory} -c {settings} -e stderr"
      let body = String(repeating: "x", count: bytes)
      return try start(
        Recipe(name: name, command: command, isHTTP: true, settings: nginx(body: body)), bench)
    case "webdis":
      return try start(
        Recipe(
          name: name, command: "webdis {settings}", needsRedis: true,
          isHTTP: true, path: "/GET\(Load.path)", settings: webdis), bench)
    case "memory", "redis", "nutcracker", "envoy": return skip(name, "it speaks no HTTP")
    default: throw Options.Misuse(reason: "no server \(name) is known; give it with --server")
    }
  }

  /// In one process, so that its processor time is all of it.
  private static func nginx(body: String) -> String {
    """
    daemon off;
    master_process off;
    worker_processes 1;
    pid {directory}/nginx-{port}.pid;
    events { worker_connections 1024; }
    http {
      access_log off;
      client_body_temp_path {directory}/nginx-body;
      proxy_temp_path {directory}/nginx-proxy;
      fastcgi_temp_path {directory}/nginx-fastcgi;
      uwsgi_temp_path {directory}/nginx-uwsgi;
      scgi_temp_path {directory}/nginx-scgi;
      keepalive_requests 1000000000;
      server {
        listen 127.0.0.1:{port};
        default_type text/plain;
        location / { return 200 "\(body)"; }
      }
    }

    """
  }

  private static let webdis = """
    {"redis_host": "127.0.0.1", "redis_port": {redis}, "http_host": "127.0.0.1",
     "http_port": {port}, "threads": 1, "daemonize": false, "database": 0, "verbosity": 0,
     "logfile": "{directory}/webdis-{port}.log"}

    """
}
