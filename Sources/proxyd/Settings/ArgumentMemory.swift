internal import CLinux
internal import Glibc

/// The command line as the system shows it to every user of the machine: in `ps`, in `/proc/PID/cmdline`.
enum ArgumentMemory {
  /// What is not to be seen there: words by their numbers, without the program's name, each from an offset on.
  struct Secret: Equatable {
    let word: Int
    let offset: Int
  }

  /// Where values of secret settings stand among the words after the program's name.
  static func secrets(in words: [String]) -> [Secret] {
    var secrets: [Secret] = []
    var followsFlag = false
    for (number, word) in words.enumerated() {
      if followsFlag { secrets.append(Secret(word: number, offset: 0)) }
      let flag = word.utf8.prefix { $0 != UInt8(ascii: "=") }
      let isSecret = !followsFlag && flags.contains(String(Substring(flag)))
      followsFlag = isSecret && flag.count == word.utf8.count
      if isSecret && !followsFlag {
        secrets.append(Secret(word: number, offset: flag.count + 1))
      }
    }
    return secrets
  }

  private static let flags = Set(Setting.all.filter(\.isSecret).map(\.flag))

  /// Overwrites the secrets among `words`, the program's own after its name, once they were read. What was
  /// seen before, in the moment between the start and this, was seen.
  static func hideSecrets(among words: [String]) {
    let secrets = secrets(in: words)
    guard !secrets.isEmpty, var place = unsafe clinux_first_argument() else { return }
    // The kernel lays the words out one behind the other, each with a zero at its end, the program's name
    // first; there are as many as there are `words`, and that one.
    for number in -1..<words.count {
      let count = unsafe strlen(place)
      for secret in secrets where secret.word == number && secret.offset < count {
        unsafe memset(
          place + secret.offset, Int32(UInt8(ascii: "*")), count - secret.offset)
      }
      unsafe place += count + 1
    }
  }
}
