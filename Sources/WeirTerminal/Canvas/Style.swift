/// What a cell means. The theme says how that looks on a terminal, and no view names a colour. The
/// raw value is the number of the colour pair in curses, less one.
package enum Role: UInt8, CaseIterable, Sendable {
    case text, faint, frame, heading, busy, blocked, waiting, idle, failed, warning, live, recording

    /// The letter that stands for the role in a canvas's second plane of text.
    package var letter: Character {
        switch self {
        case .text: " "
        case .faint: "."
        case .frame: "-"
        case .heading: "H"
        case .busy: "R"
        case .blocked: "B"
        case .waiting: "Q"
        case .idle: "I"
        case .failed: "F"
        case .warning: "W"
        case .live: "L"
        case .recording: "C"
        }
    }
}

/// How a cell is to look: a role, and two attributes that every terminal has.
package struct Style: Equatable, Sendable {
    package var role: Role
    package var isBold: Bool
    package var isReversed: Bool

    package init(_ role: Role = .text, bold: Bool = false, reversed: Bool = false) {
        self.role = role
        isBold = bold
        isReversed = reversed
    }

    package static let plain = Style()
    package static let faint = Style(.faint)
    package static let frame = Style(.frame)
    package static let heading = Style(.heading, bold: true)
}
