import Glibc
import WeirBase
import WeirTerminal

/// Which screen a command shows, and how it looks there: from flags, environment and terminal.
/// `run` and `top` call `choose` before they touch anything, so that a screen that cannot be shown
/// is refused before a run begins.
struct ScreenLook: Equatable {
    /// The terminal's kind, as in TERM.
    var kind: String
    /// Whether only ASCII is drawn: because that was asked for, or because the locale writes
    /// nothing else.
    var isASCII: Bool
    var hasColor: Bool
    /// Whether graphs may be drawn in braille.
    var hasBraille: Bool

    /// The theme for a terminal like this.
    var theme: Theme {
        var symbols = isASCII ? Symbols.ascii : Symbols.unicode
        symbols.hasBraille = symbols.hasBraille && hasBraille
        return Theme(symbols: symbols, hasColor: hasColor)
    }

    /// The screen for `--ui WANTED`, which is one of `auto`, `tui`, `plain` and `none`.
    ///
    /// `tui` refuses where there is no terminal that can show a screen; `auto` takes lines then,
    /// and says so when it is for TERM's sake. `writesRows` says that a sink writes to standard
    /// output, where the screen would be.
    static func choose(
        _ wanted: String, color: String, isASCII: Bool, writesRows: Bool
    ) throws -> RunOptions.Screen {
        if wanted == "none" { return .none }
        if wanted == "plain" { return .plain }
        let kind = variable("TERM")
        if let obstacle = CursesTerminal.obstacle(output: STDOUT_FILENO, kind: kind) {
            if wanted == "tui" {
                throw CommandFailure.usage(
                    obstacle.code == .noTerminal
                        ? obstacle.description : "no screen: \(obstacle.description)",
                    obstacle.code == .noTerminal
                        ? "Use --ui plain" : "Set TERM to the terminal's kind, or use --ui plain")
            }
            if obstacle.code != .noTerminal {
                Output.error("weir: note: \(obstacle.description); lines instead of the screen\n")
            }
            return .plain
        }
        if writesRows {
            if wanted == "tui" {
                throw CommandFailure.usage(
                    "--ui tui and --output - both want the terminal",
                    "Write to a file, or use --ui plain")
            }
            return .plain
        }
        let writesUTF8 = CursesTerminal.takeLocale()
        let hasColor =
            switch color {
            case "always": true
            case "never": false
            default: (variable("NO_COLOR") ?? "").isEmpty
            }
        return .tui(
            ScreenLook(
                kind: kind ?? "", isASCII: isASCII || !writesUTF8, hasColor: hasColor,
                // The console of Linux has a font of 512 signs, and braille is not among them.
                hasBraille: kind != "linux"))
    }

    /// A variable of the environment.
    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
