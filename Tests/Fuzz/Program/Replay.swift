// A fuzzer has a main function of its own.
#if !FUZZING
  import FuzzTargets
  import Glibc

  /// Runs files through a target, for a debugger: `FUZZ_TARGET=NAME fuzz FILE...`
  @main struct Replay {
    static func main() {
      for path in CommandLine.arguments.dropFirst() {
        let input = read(path)
        print("\(path): \(input.count) bytes")
        _ = unsafe input.withUnsafeBufferPointer {
          unsafe takeOneInput($0.baseAddress, $0.count)
        }
      }
    }

    private static func read(_ path: String) -> [UInt8] {
      guard let file = unsafe fopen(path, "r") else {
        print("\(path) cannot be read")
        exit(1)
      }
      defer { unsafe fclose(file) }
      var bytes: [UInt8] = []
      while case let byte = unsafe fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
      return bytes
    }
  }
#endif
