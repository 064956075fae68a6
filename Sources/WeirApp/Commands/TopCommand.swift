import ArgumentParser
import Glibc
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal
import WeirTrace

/// `weir top`: watches a run of another process by its trace while that grows, on the screen of
/// `weir run` or as lines.
///
/// Nothing of the run is touched. The trace is found by `RunningTraces`, read by `TraceFeed`, and
/// shown by `RunScreen` or `TopLines`.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch a run by its trace while it grows.",
        discussion: """
            Nothing of the run is touched: what is shown is read from its trace. Without an \
            argument it is the newest run that is being recorded here, else the newest trace. \
            q or Ctrl-C leaves; the run goes on.
            """)

    @Argument(help: "A trace, or the id of a process that records one.")
    var trace: String?

    @Option(help: "auto, tui, plain or none; plain prints a line a stage and sample.")
    var ui: String = "auto"

    @OptionGroup var flags: ScreenFlags

    /// Checks the flags, finds the trace and watches it.
    func run() throws {
        let wanted = try OneOf.check(ui, "--ui", ["auto", "tui", "plain", "none"])
        // Top's own rows go to standard output; no sink competes for the terminal.
        let look = try flags.screen(wanted, writesRows: false)
        let path = try RunningTraces.trace(for: trace)
        try Damage.explained(path) { try watch(path, look) }
    }

    /// Watches a trace until it ends, a signal comes or the person leaves.
    private func watch(_ path: String, _ look: RunOptions.Screen) throws {
        let opened = try Trace.open(path: path)
        // Whoever named no trace expects a run that goes on, and should know that there is none.
        if trace == nil, !opened.isRecording {
            Output.error(
                "weir: note: nothing is being recorded here; "
                    + "\(PrintableText.escaped(path)) is the newest trace\n")
        }
        // Signals are blocked before the screen's thread starts.
        let interrupts = Interrupts(patience: 2)
        // Lines of the log are for screens; warnings and errors come as notices as well.
        let givesLines = if case .tui = look { true } else { false }
        let feed = TraceFeed(opened, givesLines: givesLines)
        switch look {
        case .tui(let look): try Self.show(feed, look, interrupts)
        case .plain: TopLines(feed, interrupts).run()
        case .none: TopLines(feed, interrupts, isSilent: true).run()
        }
        // The trace could not be read on: said last, when the terminal is a person's again.
        if let failure = feed.failure { throw failure }
        let code = interrupts.codeWhenAskedToEnd
        if code != 0 { throw ExitCodeOnly(code: code) }
    }

    /// Shows the screen until it is left. Nothing is asked of the run, as it belongs to another
    /// process.
    private static func show(
        _ feed: TraceFeed, _ look: ScreenLook, _ interrupts: Interrupts
    ) throws {
        let screen = try RunScreen(
            look: look, facts: feed.facts, source: feed, standpoint: .watcher,
            run: RunScreen.Run(request: {}, isLeaving: { interrupts.isPending }))
        screen.start()
        screen.wait()
        interrupts.stop()
    }
}

/// `--ui plain` of `weir top`: what the screen shows, as lines on standard output, and what
/// concerns the watching itself on standard error. `TopCommand` makes it and calls `run`, once.
struct TopLines {
    /// Where news come from.
    private let feed: TraceFeed
    private let interrupts: Interrupts
    /// Whether nothing is shown, and only the run's end is waited for (`--ui none`).
    private let isSilent: Bool
    /// What a screen would show.
    private var timeline: Timeline
    /// What is said of the newest sample's age.
    private var ageNotes = AgeNotes()

    /// Lines of a trace's run, from its start on.
    init(_ feed: TraceFeed, _ interrupts: Interrupts, isSilent: Bool = false) {
        self.feed = feed
        self.interrupts = interrupts
        self.isSilent = isSilent
        timeline = Timeline(feed.facts)
    }

    /// Goes on until the run ended, a signal came, or nobody reads any more.
    consuming func run() {
        // What was recorded before counts as one look: its last sample is shown.
        var isCaughtUp = false
        // Lines that nobody can read any more are not made.
        while Output.failure == nil, !Output.isClosed {
            let news = feed.take()
            take(news, isCaughtUp: isCaughtUp)
            if timeline.ending != nil { break }
            // More can be had at once: what is shown waits until the newest moment is reached.
            if news.hasMore { continue }
            isCaughtUp = true
            tellAge()
            // A signal ends the wait, so that Ctrl-C is felt at once.
            if interrupts.wait(nanoseconds: feed.pollNanoseconds) { break }
        }
        interrupts.stop()
    }

    /// Takes what is new and shows it. What was recorded before the watching began is summed up: of
    /// its samples only the last is shown, and of its notices none.
    private mutating func take(_ news: TimelineNews, isCaughtUp: Bool) {
        let lastSample = news.events.lastIndex { if case .sample = $0 { true } else { false } }
        for (index, event) in news.events.enumerated() {
            timeline.take(event)
            switch event {
            case .notice(let notice): if isCaughtUp { show(notice) }
            case .sample:
                // Of what was recorded before, the newest moment alone is worth lines.
                let isLast = index == lastSample && !news.hasMore
                if isCaughtUp || isLast { showRates() }
            // A person at a terminal may want to look there; lines go on with the run that was
            // asked for.
            case .restarted(let newer):
                Output.error("weir: note: a newer run: \(PrintableText.escaped(newer))\n")
            case .logs, .recordingStopped, .ended: break
            }
        }
        timeline.tick(now: news.now)
        guard let ending = timeline.ending else { return }
        // The run was over before the watching began: its last figures are shown once.
        if !isCaughtUp, news.samples.isEmpty { showRates() }
        Output.error("weir: note: the run \(ending)\n")
        if let look = feed.look { Output.error("weir: note: look: \(look)\n") }
    }

    /// The lines of all stages at the newest sample.
    private func showRates() {
        guard !isSilent, let frame = timeline.shownFrame else { return }
        Output.standard(
            PlainLines.text(timeline, at: instant(of: frame.time)))
    }

    /// A notice as a line.
    private func show(_ notice: Notice) {
        guard !isSilent else { return }
        let time = instant(of: notice.time)
        Output.standard(
            "\(Figures.clock(time))  \(notice.severity)  step \(notice.step)  "
                + "\(PrintableText.escaped(notice.origin)): \(PrintableText.escaped(notice.text))\n"
        )
    }

    /// Says that nothing came for a while, and when it goes on.
    private mutating func tellAge() {
        switch ageNotes.look(timeline.age) {
        case .nothing: break
        case .old:
            Output.error(
                "weir: note: the newest sample is \(Figures.age(timeline.age)) old\n")
        case .again: Output.error("weir: note: samples come again\n")
        }
    }

    /// The time of day of a moment of the run.
    private func instant(of time: RunTime) -> Instant {
        time.instant(after: timeline.facts.started)
    }
}

/// When it is worth a line that no sample comes: at 2, 4, 8 … seconds, and when one comes again.
struct AgeNotes {
    /// What is to be said.
    enum Note: Equatable {
        case nothing
        /// The newest sample is that old.
        case old
        /// There are new ones, after it was said that there were none.
        case again
    }

    /// The age that was told last, in seconds; 0 where none was.
    private var told: Int64 = 0

    /// Looks at the age of the newest sample.
    mutating func look(_ age: RunTime) -> Note {
        let seconds = age.wholeSeconds
        // Twice as long each time: a run that rests for an hour is worth a dozen lines and not a
        // thousand.
        if seconds >= max(2, told * 2) {
            told = seconds
            return .old
        }
        guard seconds < 2, told > 0 else { return .nothing }
        told = 0
        return .again
    }
}
