import WeirBase
import WeirTelemetry
import WeirTerminal

/// The line at the top, the same in every view: whose run it is, whether it is live, how it ended,
/// what is recorded of it and what it takes of the machine.
///
/// A function of what all views share. Where it is too narrow, what changes least goes first; the
/// state is always there.
struct StatusLine {
    /// From this age on, microseconds, what is shown as live counts as old.
    static let oldMicroseconds: Int64 = 2_000_000

    private let screen: ScreenState
    private let timeline: Timeline
    private let symbols: Symbols

    init(_ screen: ScreenState) {
        self.screen = screen
        timeline = screen.timeline
        symbols = screen.symbols
    }

    func paint(on canvas: inout Canvas) { canvas.put(pieces, y: 0, symbols: symbols) }

    /// Where there is no room for parts: the state, and of the name what fits behind it.
    func paintReduced(on canvas: inout Canvas) {
        guard canvas.size.width > 0, canvas.size.height > 0 else { return }
        let used = canvas.put(state.text, x: 0, y: 0, style: state.style)
        guard canvas.size.width >= 12 else { return }
        let name = SafeText(timeline.facts.pipeline)
            .cut(to: canvas.size.width - used - 1, ellipsis: symbols.ellipsis)
        canvas.put(name, x: used + 1, y: 0, style: .heading)
    }

    private var pieces: [Piece] {
        let facts = timeline.facts
        let time = timeline.shownTime ?? 0
        var pieces = [
            Piece(SafeText("weir \(screen.standpoint.command)"), .faint, rank: 6),
            Piece(cut(facts.pipeline), .heading, rank: 1), state,
        ]
        pieces += news
        pieces.append(Piece(SafeText("up \(Figures.elapsed(microseconds: time))"), rank: 4))
        pieces += recording
        if let load { pieces.append(load) }
        pieces.append(Piece(SafeText("step \(timeline.shownFrame?.step ?? 0)"), rank: 5))
        pieces.append(Piece(SafeText("\(timeline.clock(time)) UTC"), .faint, rank: 7))
        return pieces
    }

    // MARK: Pieces

    /// Live, paused or replay, and where.
    private var state: Piece {
        if timeline.ending != nil { return endedState }
        let behind = "-\(Figures.tenths(Double(timeline.behind) / 1e6)) s"
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

    /// A run that ended has no live edge any more, only a place between its ends.
    private var endedState: Piece {
        let place = Figures.elapsed(microseconds: timeline.shownTime ?? 0)
        let end = Figures.elapsed(microseconds: timeline.history.newest?.time ?? 0)
        let sign = timeline.playhead.isPlaying ? symbols.playing.play : symbols.playing.pause
        let style = Style(.busy, bold: true, reversed: true)
        return Piece(SafeText("\(sign) REPLAY \(place)/\(end)"), style)
    }

    /// Another process's run is always shown with its age, one's own only when that is odd.
    private var liveState: Piece {
        let rest = timeline.history.newest?.restsFor ?? 0
        let isOld = timeline.age > Self.oldMicroseconds + rest
        guard isOld || screen.standpoint == .watcher else {
            return Piece(SafeText("\(symbols.playing.live) LIVE"), Style(.live, bold: true))
        }
        // A run at rest says beforehand for how long it will say nothing.
        let word = isOld || timeline.age <= Self.oldMicroseconds ? "old" : "at rest"
        let age = Figures.age(microseconds: timeline.age)
        let style = Style(isOld ? .warning : .live, bold: true)
        return Piece(SafeText("\(symbols.playing.live) LIVE \(age) \(word)"), style)
    }

    /// How the run ended, that it is about to, and that there is a newer one.
    private var news: [Piece] {
        let style = Style(.warning, bold: true)
        var pieces: [Piece] = []
        if let how = timeline.shownEnding {
            pieces.append(Piece(cut(how), style, rank: 1))
        } else if screen.isEnding {
            pieces.append(Piece("ENDING, q stops now", style, rank: 1))
        }
        if let newer = timeline.newer {
            let name = newer.split(separator: "/").last.map(String.init) ?? newer
            pieces.append(Piece(cut("newer run \(name): r goes there"), style, rank: 1))
        }
        return pieces
    }

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

    /// What the run takes of the machine; nil where nothing is known of it.
    private var load: Piece? {
        guard let load = timeline.load else { return nil }
        let workers = timeline.facts.workers
        var parts: [String] = []
        if workers > 0 {
            let busy = min(load.busyWorkers, Double(workers))
            parts.append("workers \(Figures.tenths(busy))/\(workers)")
        }
        if let cores = load.cores { parts.append("cpu \(Int((cores * 100).rounded())) %") }
        if let memory = load.memory { parts.append("mem \(Figures.bytes(memory))") }
        return parts.isEmpty ? nil : Piece(SafeText(parts.joined(separator: "  ")), rank: 3)
    }

    /// Texts from outside are cut, so that a long one does not drive the others off the line.
    private func cut(_ text: String) -> SafeText {
        SafeText(text).cut(to: max(12, screen.size.width / 2), ellipsis: symbols.ellipsis)
    }
}

extension Timeline {
    /// The time of day of a moment of the run, in UTC: `12:04:31.2`.
    func clock(_ microseconds: Int64) -> String {
        Figures.clock(Instant(nanoseconds: facts.started) + .microseconds(microseconds))
    }

    /// `00:02:14 after the start`.
    func sinceStart(_ microseconds: Int64) -> String {
        "\(Figures.elapsed(microseconds: microseconds)) after the start"
    }

    /// Both, for texts that are read whole.
    func clockAndAge(_ microseconds: Int64) -> String {
        "\(clock(microseconds)) UTC, \(sinceStart(microseconds))"
    }
}
