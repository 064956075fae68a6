import WeirBase
import WeirTelemetry
import WeirTerminal

/// The line at the top, the same in every view: whose run it is, whether it is live, how it ended,
/// what is recorded of it, and what it takes of the machine.
///
/// `ScreenModel` makes one for each frame and paints it in the first row. It is a function of what
/// all views share. Where the line is too narrow, what changes least goes first, by the pieces'
/// ranks; the state has rank 0 and is always there.
struct StatusLine {
    /// From this age on, in microseconds, what is shown as live counts as old. Samples come ten
    /// times a second, and a trace of another process is read with some delay; two seconds without
    /// any mean that something is wrong, or that the run is at rest, which it announces.
    static let oldAge = RunTime.seconds(2)

    private let screen: ScreenState
    private let timeline: Timeline
    private let symbols: Symbols

    init(_ screen: ScreenState) {
        self.screen = screen
        timeline = screen.timeline
        symbols = screen.symbols
    }

    func paint(on canvas: inout Canvas) { canvas.put(pieces, y: 0, symbols: symbols) }

    /// Where there is no room for parts: the state, and of the pipeline's name what fits behind it.
    func paintReduced(on canvas: inout Canvas) {
        guard canvas.size.width > 0, canvas.size.height > 0 else { return }
        let used = canvas.put(state.text, x: 0, y: 0, style: state.style)
        // On less than this the state alone fills the row.
        guard canvas.size.width >= 12 else { return }
        let name = SafeText(timeline.facts.pipeline)
            .cut(to: canvas.size.width - used - 1, ellipsis: symbols.ellipsis)
        canvas.put(name, x: used + 1, y: 0, style: .heading)
    }

    /// All pieces of the line, left to right. The ranks say in which order they go: first the
    /// trace's path (8) and the time of day (7), which never tell anything new, then the command,
    /// the step, the time since the start and the load, then what is recorded, and last the name
    /// and how the run ended (1).
    private var pieces: [Piece] {
        let facts = timeline.facts
        let time = timeline.shownTime ?? .start
        var pieces = [
            Piece(SafeText("weir \(screen.standpoint.command)"), .faint, rank: 6),
            Piece(cut(facts.pipeline), .heading, rank: 1), state,
        ]
        pieces += news
        pieces.append(Piece(SafeText("up \(Figures.elapsed(time))"), rank: 4))
        pieces += recording
        if let load { pieces.append(load) }
        pieces.append(Piece(SafeText("step \(timeline.shownFrame?.step ?? 0)"), rank: 5))
        pieces.append(Piece(SafeText("\(timeline.clock(time)) UTC"), .faint, rank: 7))
        return pieces
    }

    // MARK: Pieces

    /// Whether one sees the live edge, a held moment or one that is played, and how far behind the
    /// edge that is.
    private var state: Piece {
        if screen.replay.phase == .open, let picture = screen.replay.picture {
            let style = Style(.busy, bold: true, reversed: true)
            let sign =
                timeline.playhead.isPlaying ? symbols.playing.play : symbols.playing.pause
            let speed = timeline.speed == 0 ? "" : " \(timeline.speedText)"
            return Piece(
                SafeText("\(sign) REPLAY\(speed) step \(picture.step)/\(picture.lastStep)"), style)
        }
        if timeline.ending != nil { return endedState }
        let behind = "-\(Figures.tenths(timeline.behind.seconds)) s"
        switch timeline.playhead {
        case .live: return liveState
        case .paused:
            let style = Style(.warning, bold: true, reversed: true)
            return Piece(SafeText("\(symbols.playing.pause) PAUSED \(behind)"), style)
        case .playing:
            let style = Style(.busy, bold: true, reversed: true)
            return Piece(SafeText("\(symbols.playing.play) REPLAY \(behind)"), style)
        }
    }

    /// A run that ended has no live edge any more, only a position between its start and its end.
    private var endedState: Piece {
        let position = Figures.elapsed(timeline.shownTime ?? .start)
        let end = Figures.elapsed(timeline.history.newest?.time ?? .start)
        let sign = timeline.playhead.isPlaying ? symbols.playing.play : symbols.playing.pause
        let style = Style(.busy, bold: true, reversed: true)
        return Piece(SafeText("\(sign) REPLAY \(position)/\(end)"), style)
    }

    /// Another process's run is always shown with the age of its newest sample; one's own only when
    /// that is odd, because otherwise it is always a tenth of a second.
    private var liveState: Piece {
        let rest = timeline.history.newest?.restsFor ?? .zero
        let isOld = timeline.age > Self.oldAge + rest
        guard isOld || screen.standpoint == .watcher else {
            return Piece(SafeText("\(symbols.playing.live) LIVE"), Style(.live, bold: true))
        }
        // A run at rest says beforehand for how long it will say nothing.
        let word = isOld || timeline.age <= Self.oldAge ? "old" : "at rest"
        let age = Figures.age(timeline.age)
        let style = Style(isOld ? .warning : .live, bold: true)
        return Piece(SafeText("\(symbols.playing.live) LIVE \(age) \(word)"), style)
    }

    /// How the run ended, or that it is about to, and that there is a newer one.
    private var news: [Piece] {
        let style = Style(.warning, bold: true)
        var pieces: [Piece] = []
        if let how = timeline.shownEnding {
            pieces.append(Piece(cut(how), style, rank: 1))
        } else if screen.isEnding, timeline.ending == nil {
            // Of a run that has ended, and is shown at an earlier moment, nothing is left to stop.
            pieces.append(Piece("ENDING, q stops now", style, rank: 1))
        }
        if let newer = timeline.newer {
            // The folder is the one that is shown already; the name tells the runs apart.
            let name = newer.split(separator: "/").last.map(String.init) ?? newer
            pieces.append(Piece(cut("newer run \(name): r goes there"), style, rank: 1))
        }
        return pieces
    }

    /// What is recorded: how much and into which trace, that recording stopped, or that there is
    /// none. Records of the log that were lost are named, because their absence cannot be seen
    /// otherwise.
    private var recording: [Piece] {
        guard let path = timeline.facts.tracePath else {
            return [Piece("not recorded", Style(.warning), rank: 2)]
        }
        if timeline.recordingEnd != nil {
            return [Piece("REC stopped", Style(.warning, bold: true), rank: 2)]
        }
        let recorder = timeline.shownFrame?.recorder
        let size = Figures.bytes(recorder?.bytes ?? 0)
        let isOver = timeline.shownEnding != nil
        let text = SafeText(isOver ? "trace \(size)" : "\(symbols.playing.live) REC \(size)")
        var pieces = [
            Piece(text, isOver ? .plain : Style(.recording), rank: 2),
            Piece(SafeText(path), .faint, rank: 8),
        ]
        if let lost = recorder?.logsDropped, lost > 0 {
            pieces.append(Piece(SafeText("\(lost) logs lost"), Style(.warning), rank: 2))
        }
        return pieces
    }

    /// What the run takes of the machine: workers that are busy, cores, memory. Nil where nothing
    /// is known of it.
    private var load: Piece? {
        guard let load = timeline.load else { return nil }
        let workers = timeline.facts.workers
        var parts: [String] = []
        if workers > 0 {
            // Two clocks are compared, and the quotient may be a little more than there are
            // workers.
            let busy = min(load.busyWorkers, Double(workers))
            parts.append("workers \(Figures.tenths(busy))/\(workers)")
        }
        if let cores = load.cores { parts.append("cpu \(Int((cores * 100).rounded())) %") }
        if let memory = load.memory { parts.append("mem \(Figures.bytes(memory))") }
        return parts.isEmpty ? nil : Piece(SafeText(parts.joined(separator: "  ")), rank: 3)
    }

    /// A text from outside, cut to half the line but at least to twelve cells, so that a long one
    /// does not drive the others off.
    private func cut(_ text: String) -> SafeText {
        SafeText(text).cut(to: max(12, screen.size.width / 2), ellipsis: symbols.ellipsis)
    }
}

/// Moments of a run as people write them.
extension Timeline {
    /// The time of day of a moment of the run, in UTC: `12:04:31.2`.
    func clock(_ time: RunTime) -> String {
        Figures.clock(time.instant(after: facts.started))
    }

    /// `00:02:14 after the start`.
    func sinceStart(_ time: RunTime) -> String {
        "\(Figures.elapsed(time)) after the start"
    }

    /// The time of day and the time since the start, for texts that are read whole.
    func clockAndAge(_ time: RunTime) -> String {
        "\(clock(time)) UTC, \(sinceStart(time))"
    }
}
