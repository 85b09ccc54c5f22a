internal import Glibc

/// The user's terminal. Where there is none, nothing is changed, and what is shown is plain
/// text.
final class Terminal {
  let isInteractive = isatty(STDOUT_FILENO) == 1
  private var former: termios?

  /// Takes the screen, until `restore`; what is typed is not shown meanwhile.
  func take() {
    guard isInteractive else { return }
    StandardStream.output.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    var settings = termios()
    guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
    former = settings
    settings.c_lflag &= ~tcflag_t(ECHO | ICANON)
    unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
  }

  /// Gives it back as it was.
  func restore() {
    guard isInteractive else { return }
    if var former { unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &former) }
    former = nil
    StandardStream.output.write("\u{1B}[?25h\u{1B}[?1049l")
  }

  /// Shows lines in place of what was shown before. False if the terminal is gone.
  func show(_ lines: [String]) -> Bool {
    guard isInteractive else {
      return StandardStream.output.write(lines.joined(separator: "\n") + "\n")
    }
    // The end of each line is cleared, not the screen first: it would flicker.
    let text = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\n")
    return StandardStream.output.write("\u{1B}[H\(text)\u{1B}[J")
  }

  /// Columns and rows; 80 and 24 if unknown, and any number of rows for a pipe.
  var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return (80, isInteractive ? 24 : Int.max)
    }
    return (Int(size.ws_col), max(1, Int(size.ws_row)))
  }

  /// Whether `q` was typed within a tenth of a second.
  func wantsToEnd() -> Bool {
    guard former != nil else {
      usleep(100_000)
      return false
    }
    var question = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&question, 1, 100) > 0 else { return false }
    var byte: UInt8 = 0
    guard unsafe read(STDIN_FILENO, &byte, 1) == 1 else {
      usleep(100_000)
      return false
    }
    return byte == UInt8(ascii: "q") || byte == 4
  }
}
