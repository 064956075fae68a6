package import WeirTerminal

/// By which right a person looks at a run.
package enum Standpoint: Equatable, Sendable {
    /// This program runs the run, and leaving the screen ends it.
    case owner
    /// The run belongs to another process, or is over: nothing here touches it.
    case watcher

    /// The command that shows the screen.
    package var command: String {
        switch self {
        case .owner: "run"
        case .watcher: "top"
        }
    }
}

/// What lies over the screen until a key closes it.
package enum Overlay: Sendable {
    /// The keys of the view and of the screen.
    case help
    /// Something that is read whole.
    case details(any Details)
}

/// What all views of a screen share: they read it when they paint, and change it when a key asks.
///
/// The selection and the shown moment are here and not in a view, so that they stay when another
/// view is gone to. A view that is given this `inout` may select, move the playhead, open something
/// to be read whole and say what a key could not do. The rest is the screen's: it alone hands on
/// events, the clock and sizes. Everything else that a key wants is a `ScreenEffect`.
package struct ScreenState: Sendable {
    /// The run, and the moment of it that is shown.
    package var timeline: Timeline
    package let standpoint: Standpoint
    package let theme: Theme
    package internal(set) var size: CanvasSize
    /// The stage that is selected, by number. It may lie behind the last one of a run without any.
    package var selectedStage = 0
    /// Asked to end by a key; what was read is being drained.
    package internal(set) var isEnding = false
    /// What the last key could not do; the next one clears it.
    package internal(set) var message: String?
    package internal(set) var overlay: Overlay?
    /// Rows of the overlay that were moved out of sight at its top.
    package internal(set) var overlayScroll = 0

    package init(facts: RunFacts, standpoint: Standpoint, size: CanvasSize, theme: Theme) {
        timeline = Timeline(facts)
        self.standpoint = standpoint
        self.size = size
        self.theme = theme
    }

    package var symbols: Symbols { theme.symbols }

    /// Half a screen: what PgDn and PgUp move by in a list.
    package var page: Int { max(1, size.height / 2) }

    /// Below this there is the one line that matters, and what a view has room for below it.
    package static let smallest = CanvasSize(width: 40, height: 10)

    package var isReduced: Bool {
        size.width < Self.smallest.width || size.height < Self.smallest.height
    }

    /// Says at the bottom what a key could not do.
    package mutating func say(_ message: String) { self.message = message }

    /// Lays something over the screen, from its first row on.
    package mutating func open(_ overlay: Overlay) {
        self.overlay = overlay
        overlayScroll = 0
    }

    /// Lays something that is to be read whole over the screen.
    package mutating func open(_ details: some Details) { open(.details(details)) }
}
