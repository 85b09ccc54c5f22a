internal import Glibc

/// What the program does by its words: runs, or says something and ends.
package enum Program {
  /// What `sysexits.h` has for a configuration error.
  private static let misconfigured: Int32 = 78

  /// Reads the command line and does as it says.
  package static func main() {
    StandardStream.openAll()
    let words = Array(CommandLine.arguments.dropFirst())
    ArgumentMemory.hideSecrets(among: words)
    do throws(ConfigurationError) {
      let invocation = try Invocation(words)
      switch invocation.action {
      case .help:
        StandardStream.output.write(Invocation.help)
        return
      case .version:
        StandardStream.output.write("proxyd \(ProgramVersion.current)\n")
        return
      case .run, .check, .printConfiguration, .top: break
      }
      let configuration = try invocation.configuration()
      switch invocation.action {
      case .check: show(configuration)
      case .printConfiguration:
        StandardStream.output.write(ConfigurationFile.text(of: configuration))
      case .top(let options): show(options, configuration)
      case .run, .help, .version: try run(invocation, configuration)
      }
    } catch {
      fail(error.description, status: misconfigured)
    }
  }

  private static func run(_ invocation: Invocation, _ configuration: Configuration)
    throws(ConfigurationError)
  {
    let supervisor = try Supervisor.fromEnvironment()
    do throws(Server.StartFailure) {
      var service = try Service(invocation, configuration, supervisor)
      service.run()
    } catch {
      fail(error.description, status: error.isMisconfiguration ? misconfigured : 1)
    }
  }

  private static func show(_ options: TopOptions, _ configuration: Configuration) {
    do throws(StatisticsRequest.StatisticsFailure) {
      let number = try Top(options, configuration).run(once: options.isOnce)
      if let number { Signals.die(of: number) }
    } catch {
      fail(error.description, status: 1)
    }
  }

  private static func show(_ configuration: Configuration) {
    for warning in configuration.warnings { StandardStream.error.write("proxyd: \(warning)\n") }
    for setting in Setting.all where !setting.isPart {
      StandardStream.output.write("\(setting.name)=\(setting.text(configuration))\n")
    }
  }

  private static func fail(_ reason: String, status: Int32) -> Never {
    StandardStream.error.write("proxyd: \(reason)\n")
    exit(status)
  }
}

extension Invocation {
  /// What is in force by what it says, and by the file and the environment as they are now.
  func configuration() throws(ConfigurationError) -> Configuration {
    let path = file ?? ConfigurationFile.defaultPath
    let bytes = try TextFile.read(path, limit: ConfigurationFile.bytesMax)
    if bytes == nil && file != nil { throw ConfigurationError("\(path): there is no such file") }
    let file = try bytes.map { bytes throws(ConfigurationError) in
      try ConfigurationFile(bytes, path: path)
    }
    let environment = { (name: String) in unsafe getenv(name).map { unsafe String(cString: $0) } }
    return try Configuration(flags: flags, environment: environment, file: file)
  }
}
