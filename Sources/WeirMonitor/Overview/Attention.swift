/// The parts of the overview, by the number that stands in their title and is their key.
package enum Panel: Int, CaseIterable, Sendable {
    case graph = 1
    case stages, output, lag, news
}

/// What can be read whole, over the screen.
package enum Subject: Equatable, Sendable {
    /// By number.
    case stage(Int)
    /// A line of the news, by its id.
    case line(UInt64)
    case run
}

/// What lies over the screen.
package enum Overlay: Equatable, Sendable {
    case help
    case details(Subject)
}

/// Which part of the screen keys are for, and what covers the others.
package struct Attention: Equatable, Sendable {
    package internal(set) var panel = Panel.stages
    /// Whether that panel has the screen to itself.
    package internal(set) var isWhole = false
    package internal(set) var overlay: Overlay?
    /// Rows of the overlay that were moved out of sight at its top.
    package internal(set) var scroll = 0
    /// The line of the news that was chosen, by its id; nil for none.
    package internal(set) var line: UInt64?

    package init() {}
}
