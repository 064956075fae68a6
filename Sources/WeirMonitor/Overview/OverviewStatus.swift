import WeirBase
import WeirTelemetry
import WeirTerminal

/// The two lines at the top and the one at the bottom.
extension OverviewPainter {
    /// A piece of a line; where room is short, those of the highest rank go first.
    struct Piece {
        var text: SafeText
        var style = Style.plain
        var rank = 0
    }

    /// From this age on what is shown as live counts as old.
    static let oldMicroseconds: Int64 = 2_000_000

    /// Live, paused or replay; always on the screen.
    var statePill: (text: SafeText, style: Style) {
        let s = symbols
        let behind = "-\(Figures.tenths(Double(model.behind) / 1e6)) s"
        if model.ending != nil {
            // A run that ended has no live edge any more, only a place between its ends.
            let place = Figures.elapsed(microseconds: model.shownTime ?? 0)
            let end = Figures.elapsed(microseconds: model.history.newest?.time ?? 0)
            let isPlaying = if case .playing = model.playhead { true } else { false }
            let sign = isPlaying ? s.play : s.pause
            return (
                "\(sign) REPLAY \(place)/\(end)", Style(.busy, bold: true, reversed: true)
            )
        }
        switch model.playhead {
        case .live:
            // Another process's run is always shown with its age.
            let rest = model.history.newest?.restsFor ?? 0
            let isOld = model.age > Self.oldMicroseconds + rest
            if isOld || !model.facts.ownsRun {
                // A run at rest says beforehand for how long it will say nothing.
                let word = isOld || model.age <= Self.oldMicroseconds ? "old" : "at rest"
                let age = "\(s.dot) LIVE \(Figures.age(microseconds: model.age)) \(word)"
                return (SafeText(age), Style(isOld ? .warning : .live, bold: true))
            }
            return ("\(s.dot) LIVE", Style(.live, bold: true))
        case .paused:
            return ("\(s.pause) PAUSED \(behind)", Style(.warning, bold: true, reversed: true))
        case .playing:
            return ("\(s.play) REPLAY \(behind)", Style(.busy, bold: true, reversed: true))
        }
    }

    mutating func paintStatus() {
        let facts = model.facts
        let pill = statePill
        let time = model.shownTime ?? 0
        let clock = Figures.clock(
            Instant(nanoseconds: facts.started) + .microseconds(time))
        var first = [
            Piece(text: SafeText("weir \(facts.command)"), style: .faint, rank: 6),
            Piece(text: cut(facts.pipeline), style: .heading, rank: 1),
            Piece(text: pill.text, style: pill.style, rank: 0),
        ]
        if let how = model.shownEnding {
            first.append(Piece(text: cut(how), style: Style(.warning, bold: true), rank: 1))
        } else if model.isEnding {
            first.append(
                Piece(text: "ENDING, q stops now", style: Style(.warning, bold: true), rank: 1))
        }
        if let newer = model.newer {
            let name = newer.split(separator: "/").last.map(String.init) ?? newer
            first.append(
                Piece(
                    text: cut("newer run \(name): r goes there"),
                    style: Style(.warning, bold: true), rank: 1))
        }
        first.append(
            Piece(text: SafeText("up \(Figures.elapsed(microseconds: time))"), rank: 4))
        first.append(contentsOf: recordingPieces)
        if let load = loadPiece { first.append(load) }
        first.append(
            Piece(text: SafeText("step \(model.shownFrame?.step ?? 0)"), rank: 5))
        first.append(Piece(text: SafeText("\(clock) UTC"), style: .faint, rank: 7))
        put(first, y: 0)
        put(figures, y: 1)
    }

    /// Texts from outside are cut, so that a long one does not drive the others off the line.
    private func cut(_ text: String) -> SafeText {
        SafeText(text).cut(to: max(12, canvas.size.width / 2), ellipsis: symbols.ellipsis)
    }

    private var recordingPieces: [Piece] {
        guard let path = model.facts.tracePath else {
            return [Piece(text: "not recorded", style: Style(.warning), rank: 2)]
        }
        if model.recordingEnd != nil {
            return [Piece(text: "REC stopped", style: Style(.warning, bold: true), rank: 2)]
        }
        let recorder = model.shownFrame?.recorder
        let size = Figures.bytes(recorder?.bytes ?? 0)
        let isOver = model.shownEnding != nil
        var pieces = [
            Piece(
                text: SafeText(isOver ? "trace \(size)" : "\(symbols.dot) REC \(size)"),
                style: isOver ? .plain : Style(.recording), rank: 2),
            Piece(text: SafeText(path), style: .faint, rank: 8),
        ]
        if let lost = recorder?.logsDropped, lost > 0 {
            pieces.append(
                Piece(text: SafeText("\(lost) logs lost"), style: Style(.warning), rank: 2))
        }
        return pieces
    }

    /// What the run takes of the machine; nil where nothing is known of it.
    private var loadPiece: Piece? {
        guard let load = model.load else { return nil }
        var parts: [String] = []
        if model.facts.workers > 0 {
            let busy = min(load.busyWorkers, Double(model.facts.workers))
            parts.append("workers \(Figures.tenths(busy))/\(model.facts.workers)")
        }
        if let cores = load.cores { parts.append("cpu \(Int((cores * 100).rounded())) %") }
        if let memory = load.memory { parts.append("mem \(Figures.bytes(memory))") }
        return parts.isEmpty ? nil : Piece(text: SafeText(parts.joined(separator: "  ")), rank: 3)
    }

    /// How long it takes from source to sink, and how far watermarks lie behind the newest event
    /// time, with what of that comes from sources that are not equally far.
    private var delays: [Piece] {
        func time(_ nanoseconds: Int64) -> String {
            Figures.duration(microseconds: nanoseconds / 1_000)
        }
        let frame = model.shownFrame
        let latency = frame?.latency.map(Figures.latency) ?? "latency -"
        var lag = "lag -"
        if let most = rates.compactMap(\.watermarkLag).max() {
            lag = "lag \(time(max(0, most)))"
            if let skew = frame?.skew, skew > 0 { lag += " (skew \(time(skew)))" }
        }
        return [Piece(text: SafeText(latency), rank: 2), Piece(text: SafeText(lag), rank: 3)]
    }

    /// The second line, whole.
    var figures: [Piece] {
        guard !rates.isEmpty else { return [Piece(text: "no rates before the second sample")] }
        let into = model.facts.sources.reduce(0) { $0 + rates[$1].recordsIn }
        let out = model.facts.sinks.reduce(0) { $0 + rates[$1].recordsIn }
        let dropped = model.shownFrame?.stages.reduce(UInt64(0)) { $0 &+ $1.dropped } ?? 0
        let errors = model.shownFrame?.stages.reduce(UInt64(0)) { $0 &+ $1.errors } ?? 0
        let counts = model.shownCounts
        let found = counts.violations
        let bad = Style(.failed, bold: true)
        return [
            Piece(text: SafeText("in \(Figures.count(into))/s"), rank: 0),
            Piece(text: SafeText("out \(Figures.count(out))/s"), rank: 1),
        ] + delays + [
            // What is wrong stays, what is not goes first.
            Piece(
                text: SafeText("violations \(found)"), style: found > 0 ? bad : .plain,
                rank: found > 0 ? 0 : 4),
            Piece(
                text: SafeText("errors \(errors)"), style: errors > 0 ? bad : .plain,
                rank: errors > 0 ? 0 : 5),
            Piece(
                text: SafeText("dropped \(dropped)"), style: dropped > 0 ? bad : .plain,
                rank: dropped > 0 ? 0 : 6),
            Piece(text: SafeText("warnings \(counts.warnings)"), rank: 7),
        ]
    }

    /// Pieces beside each other, without the least important ones where they do not fit.
    private mutating func put(_ pieces: [Piece], y: Int) {
        var shown = pieces
        let room = canvas.size.width - 1
        while shown.reduce(-2, { $0 + $1.text.width + 2 }) > room, shown.count > 1 {
            guard let last = shown.indices.max(by: { shown[$0].rank < shown[$1].rank }) else {
                break
            }
            shown.remove(at: last)
        }
        var x = 1
        for piece in shown {
            let text = piece.text.cut(to: canvas.size.width - x, ellipsis: symbols.ellipsis)
            x += canvas.put(text, x: x, y: y, style: piece.style) + 2
        }
    }

    mutating func paintKeyLine() {
        let y = canvas.size.height - 1
        var pieces: [Piece] = []
        if let message = model.message { pieces.append(Piece(text: SafeText(message), rank: 0)) }
        // What is named first in the table goes last, but for help and the way out.
        for (index, binding) in KeyTable.overview.enumerated() {
            guard var short = binding.short else { continue }
            // A panel that has the screen to itself is left first.
            if binding.command == .quit, model.attention.isWhole { short = "back" }
            let isVital = binding.command == .help || binding.command == .quit
            let label = binding.label.split(separator: " ").first.map(String.init) ?? ""
            pieces.append(Piece(text: SafeText("\(label) \(short)"), rank: isVital ? 0 : index + 1))
        }
        put(pieces, y: y)
        canvas.restyle(Area(x: 0, y: y, width: canvas.size.width, height: 1)) {
            $0.isReversed = true
        }
    }
}
