import TestSupport

/// Servers of RESP that are known by name, each on one core and with one thread that serves.
extension Candidate {
  static func respServer(_ name: String, _ bench: Bench) throws -> Candidate? {
    let options = bench.options
    // Room for idle connections and for those that ask.
    let clients = options.idleConnections + 1_100
    switch name {
    case "redis":
      return try start(
        Recipe(
          name: name,
          command: "redis-server --bind 127.0.0.1 --port {port} --save '' --appendonly no"
            + " --dir {directory} --maxclients \(max(clients, 10_000))", isFilled: true), bench)
    case "floor":
      let command = "\(try own("floor")) {port} resp \(options.valueBytes)"
      return try start(Recipe(name: name, command: command), bench)
    case "memory":
      if options.loads.contains(.incr) { return skip(name, "it knows no INCR") }
      return try start(
        Recipe(name: name, command: "\(try own("memory-server")) {port}", isFilled: true), bench)
    case "proxyd":
      let cache = options.cacheCapacity.map { " --cache-capacity \($0)" } ?? ""
      let room = " --max-clients \(max(clients, 10_000)) --pinned-max 100"
      let command = "\(try proxyd(options)) --resp-port {port} --http-port 0\(cache)\(room)"
      return try start(Recipe(name: name, command: command, needsRedis: true), bench)
    case "nutcracker":
      let command = "nutcracker -c {settings} -a 127.0.0.1 -s \(try Loopback.freePort())"
      return try start(
        Recipe(name: name, command: command, needsRedis: true, settings: nutcracker), bench)
    case "envoy":
      let command = "envoy -c {settings} --concurrency 1 --use-dynamic-base-id -l off"
      return try start(
        Recipe(name: name, command: command, needsRedis: true, settings: envoy), bench)
    case "nginx", "webdis": return skip(name, "it does not speak RESP")
    default: throw Options.Misuse(reason: "no server \(name) is known; give it with --server")
    }
  }

  /// proxyd as far as both fronts have it in common: one thread, as its peers have one, and patient as
  /// they are, where the machine is so busy that Redis gets no time for a second.
  static func proxyd(_ options: Options) throws -> String {
    let program = try options.proxyd ?? own("proxyd")
    return "\(program) --threads 1 --admin-port 0 --queue-timeout 60"
      + " --redis-url redis://127.0.0.1:{redis}"
  }

  private static let nutcracker = """
    pool:
      listen: 127.0.0.1:{port}
      redis: true
      hash: fnv1a_64
      distribution: modula
      servers:
        - 127.0.0.1:{redis}:1

    """

  private static let envoy = """
    {"static_resources": {
      "listeners": [{
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": {port}}},
        "filter_chains": [{"filters": [{
          "name": "envoy.filters.network.redis_proxy",
          "typed_config": {
            "@type":
              "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy",
            "stat_prefix": "redis", "settings": {"op_timeout": "5s"},
            "prefix_routes": {"catch_all_route": {"cluster": "redis"}}
          }
        }]}]
      }],
      "clusters": [{
        "name": "redis", "type": "STATIC",
        "load_assignment": {"cluster_name": "redis", "endpoints": [{"lb_endpoints": [{"endpoint":
          {"address": {"socket_address": {"address": "127.0.0.1", "port_value": {redis}}}}}]}]}
      }]
    }}

    """
}
