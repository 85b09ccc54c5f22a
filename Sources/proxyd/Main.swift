internal import Glibc

@main struct Main {
  static let version = "0.1.0"

  /// What `sysexits.h` has for a configuration error.
  private static let misconfigured: Int32 = 78

  static func main() {
    do throws(ConfigurationError) {
      let invocation = try Invocation(CommandLine.arguments.dropFirst())
      switch invocation.action {
      case .help: return say(Invocation.help, to: STDOUT_FILENO)
      case .version: return say("proxyd \(version)\n", to: STDOUT_FILENO)
      case .run, .check: break
      }
      let configuration = try Configuration(flags: invocation.flags) { name in
        unsafe getenv(name).map { unsafe String(cString: $0) }
      }
      if invocation.action == .check { return show(configuration) }
      run(configuration)
    } catch {
      fail(error.description, status: misconfigured)
    }
  }

  private static func run(_ configuration: Configuration) {
    Termination.prepare()
    do throws(Server.Failure) {
      let server = try Server(configuration)
      say("proxyd \(version): \(server.description)\n", to: STDERR_FILENO)
      Termination.wait()
      server.stop()
    } catch {
      fail(error.description, status: error.isMisconfiguration ? misconfigured : 1)
    }
  }

  private static func show(_ configuration: Configuration) {
    for setting in Setting.all {
      say("\(setting.name)=\(setting.text(configuration))\n", to: STDOUT_FILENO)
    }
  }

  private static func fail(_ reason: String, status: Int32) -> Never {
    say("proxyd: \(reason)\n", to: STDERR_FILENO)
    exit(status)
  }

  /// Unbuffered, so that whoever waits for a line has it. Nobody can be told that it failed.
  private static func say(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
}
