package import WeirTerminal

/// What a key asks the overview to do.
package enum OverviewCommand: CaseIterable, Sendable {
    case next, previous, first, last, pageDown, pageUp
    case panel, details, run, back
    case pause, live, sampleBack, sampleForward, previousNotice, nextNotice
    case debug, newer, help, redraw, suspend, quit
}

/// A row of the table of keys: the one place that says which key does what.
///
/// `OverviewModel.update` looks keys up here, the line at the bottom and the help are made of it.
package struct KeyBinding: Sendable {
    package enum Group: String, CaseIterable, Sendable {
        case move = "MOVE"
        case time = "TIME  (the run and its recording go on)"
        case read = "READ"
        case other = "OTHER"
    }

    package var command: OverviewCommand
    package var group: Group
    package var keys: [Key]
    /// How the keys are written.
    package var label: String
    package var help: String
    /// A word for the line at the bottom; nil where the help alone names it.
    package var short: String?
    /// What the help says where the run belongs to another process; nil where that is the same.
    package var watching: String?
}

package enum KeyTable {
    package static let overview: [KeyBinding] = [
        KeyBinding(
            command: .next, group: .move, keys: [.character("j"), .down], label: "j Down",
            help: "next stage, or line of the panel"),
        KeyBinding(
            command: .previous, group: .move, keys: [.character("k"), .up], label: "k Up",
            help: "previous one"),
        KeyBinding(
            command: .first, group: .move, keys: [.character("g"), .home], label: "g Home",
            help: "first one"),
        KeyBinding(
            command: .last, group: .move, keys: [.character("G")], label: "G",
            help: "last one"),
        KeyBinding(
            command: .pageDown, group: .move, keys: [.pageDown, .control("d")],
            label: "PgDn ^D", help: "half a screen down"),
        KeyBinding(
            command: .pageUp, group: .move, keys: [.pageUp, .control("u")],
            label: "PgUp ^U", help: "half a screen up"),
        KeyBinding(
            command: .pause, group: .time, keys: [.character(" "), .function(5)],
            label: "space F5", help: "pause the view; again: play on from there",
            short: "pause"),
        KeyBinding(
            command: .live, group: .time, keys: [.character("L"), .end], label: "L End",
            help: "back to live", short: "live"),
        KeyBinding(
            command: .sampleBack, group: .time, keys: [.character("t"), .left], label: "t Left",
            help: "one sample back", short: "back"),
        KeyBinding(
            command: .sampleForward, group: .time, keys: [.character("T"), .right],
            label: "T Right", help: "one sample forward", short: "forward"),
        KeyBinding(
            command: .previousNotice, group: .time, keys: [.character("{")], label: "{",
            help: "to the previous warning, error or violation"),
        KeyBinding(
            command: .nextNotice, group: .time, keys: [.character("}")], label: "}",
            help: "to the next warning, error or violation"),
        KeyBinding(
            command: .panel, group: .read,
            keys: Panel.allCases.map { .character(Unicode.Scalar(UInt8(0x30 + $0.rawValue))) },
            label: "1-5",
            help: "graph, stages, output, lag, notices; again: alone", short: "panel"),
        KeyBinding(
            command: .details, group: .read, keys: [.enter], label: "Enter",
            help: "read the stage or line whole"),
        KeyBinding(
            command: .run, group: .read, keys: [.character("i")], label: "i",
            help: "read everything about the run"),
        KeyBinding(
            command: .back, group: .read, keys: [.escape], label: "Esc",
            help: "back to all panels"),
        KeyBinding(
            command: .debug, group: .other, keys: [.character("d")], label: "d",
            help: "debugger at the last violation or error, else here", short: "debug"),
        KeyBinding(
            command: .newer, group: .other, keys: [.character("r")], label: "r",
            help: "to the newer run, once there is one"),
        KeyBinding(
            command: .help, group: .other, keys: [.character("?"), .function(1)],
            label: "? F1", help: "this help; any key closes it", short: "help"),
        KeyBinding(
            command: .redraw, group: .other, keys: [.control("l")], label: "^L",
            help: "paint everything again"),
        KeyBinding(
            command: .suspend, group: .other, keys: [.control("z")], label: "^Z",
            help: "stop the program here; fg goes on"),
        KeyBinding(
            command: .quit, group: .other, keys: [.character("q"), .function(10)],
            label: "q F10", help: "end the run as Ctrl-C does; again: stop it now",
            short: "quit", watching: "leave; the run goes on"),
    ]

    package static func command(for key: Key) -> OverviewCommand? {
        overview.first { $0.keys.contains(key) }?.command
    }
}
