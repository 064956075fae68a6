package import WeirBase
import WeirTelemetry
package import WeirTerminal

/// By what right a person looks at a run. It decides what leaving the screen means, and whether the
/// age of what is shown is always said.
package enum Standpoint: Equatable, Sendable {
    /// This program runs the run, and leaving the screen ends it.
    case owner
    /// The run belongs to another process, or is over: nothing here touches it.
    case watcher

    /// The command that shows the screen, for the status line.
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
/// view is gone to. A view's action is given this `inout`, and may select a stage, move the
/// playhead, open something that is read whole, and say what a key could not do. The rest is
/// `ScreenModel`'s: it alone hands on events, the clock and sizes, which is why those have setters
/// that views outside this module cannot reach. Everything else that a key wants is a
/// `ScreenEffect`.
package struct ScreenState: Sendable {
    /// The run, and the moment of it that is shown.
    package var timeline: Timeline
    /// The replay of the run, where one was opened.
    package var replay = ReplayState()
    /// Constant for as long as the screen is open.
    package let standpoint: Standpoint
    /// How roles look on this terminal. Views use its signs and never its colours.
    package let theme: Theme
    /// The size of the whole screen in cells, not that of the area that a view is given.
    package internal(set) var size: CanvasSize
    /// The number of the selected stage. It starts at the first and survives a change of view; it
    /// may lie behind the last stage where a run has none at all, so that readers check it.
    package var selectedStage = 0
    /// The step of the notice or line that was chosen last: where a replay is gone to next. Nil
    /// once it was.
    package var selectedStep: Step?
    /// Whether a key asked for the run's end. What was read before is being drained meanwhile, and
    /// the next such key stops the run at once.
    package internal(set) var isEnding = false
    /// What the last key could not do, for the line at the bottom; the next key clears it.
    package internal(set) var message: String?
    /// What lies over the screen; nil when nothing does. There is one at most: opening another
    /// replaces it.
    package internal(set) var overlay: Overlay?
    /// How many rows of the overlay were scrolled out of sight at its top.
    package internal(set) var overlayScroll = 0

    /// The name of the view that a key asked for; `ScreenModel` goes there behind the key.
    var wantedView: String?

    package init(facts: RunFacts, standpoint: Standpoint, size: CanvasSize, theme: Theme) {
        timeline = Timeline(facts)
        self.standpoint = standpoint
        self.size = size
        self.theme = theme
    }

    /// The signs that this terminal can show.
    package var symbols: Symbols { theme.symbols }

    /// Half a screen: what PgDn and PgUp move by in a list.
    package var page: Int { max(1, size.height / 2) }

    /// A screen that is narrower or lower than this is *reduced*: it shows the one line that
    /// matters, and below it what the view has room for. Forty cells hold a stage's name and a few
    /// of its figures, and ten rows the lines around a view and a few stages; on less than that the
    /// parts of a view would be headings without contents.
    package static let minimumSize = CanvasSize(width: 40, height: 10)

    /// Whether the screen is too small for parts.
    package var isReduced: Bool {
        size.width < Self.minimumSize.width || size.height < Self.minimumSize.height
    }

    /// Says at the bottom what a key could not do.
    package mutating func say(_ message: String) { self.message = message }

    /// Plays the past ten times as fast, or at a tenth of the speed where `offset` is negative.
    package mutating func changeSpeed(by offset: Int) {
        if timeline.changeSpeed(by: offset) {
            say("playing at \(timeline.speedText) of the recorded pace")
        } else {
            say(offset > 0 ? "it goes no faster" : "it goes no slower")
        }
    }

    /// Gives the replay a command, or says why it cannot be given.
    package mutating func obey(_ command: String) {
        if replay.obey(command) { return }
        switch replay.phase {
        case .open: say("the replay is at work: Esc stops it")
        case .closed: say("there is no replay to move")
        case .ended:
            replay.open(at: replay.picture.map { "\($0.step)" })
            say("the replay begins again")
        }
    }

    /// Goes to another view behind this key. A screen that does not host it stays where it is.
    package mutating func show<View: ScreenView>(_ view: View.Type) { wantedView = view.name }

    /// Lays something over the screen, from its first row on. On a reduced screen nothing is
    /// opened: nobody would see it, and it would come up by itself once the window grows.
    package mutating func open(_ overlay: Overlay) {
        guard !isReduced else { return say("the window was too small for that") }
        self.overlay = overlay
        overlayScroll = 0
    }

    /// Lays something that is to be read whole over the screen.
    package mutating func open(_ details: some Details) { open(.details(details)) }
}
