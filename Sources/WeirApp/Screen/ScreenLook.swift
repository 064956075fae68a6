import Glibc
import WeirBase
import WeirTerminal

/// Which screen a command shows, and how it looks there: from flags, environment and terminal.
struct ScreenLook: Equatable {
    /// The terminal's kind, as in TERM.
    var kind: String
    var isASCII: Bool
    var hasColor: Bool
    var hasBraille: Bool

    var theme: Theme {
        var symbols = isASCII ? Symbols.ascii : Symbols.unicode
        symbols.hasBraille = symbols.hasBraille && hasBraille
        return Theme(symbols: symbols, hasColor: hasColor)
    }

    /// The screen for `--ui WANTED`.
    ///
    /// `tui` refuses where there is no terminal that can; `auto` takes lines then, and says so
    /// when it is for TERM's sake. `writesRows`: a sink writes to standard output.
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
                hasBraille: kind != "linux"))
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
