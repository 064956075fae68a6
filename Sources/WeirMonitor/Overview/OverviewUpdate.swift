package import WeirTelemetry
package import WeirTerminal

/// What can happen to the overview.
package enum OverviewMessage: Sendable {
    case sample(SampleFrame)
    case mark(Mark)
    case notice(Notice)
    case key(Key)
    case resize(CanvasSize)
    /// The driver's clock: microseconds since the run's start. What is shown ages by it.
    case tick(now: Int64)
    /// The run goes on unrecorded from here on; the text says why.
    case recordingStopped(String)
    /// The run ended; the text says how.
    case ended(String)
    /// There is a newer trace of the pipeline, at this path.
    case restarted(String)
}

/// What the overview wants from its driver.
package enum OverviewEffect: Equatable, Sendable {
    /// Drain and end the run, as one Ctrl-C does.
    case endRun
    /// Stop it now, as the second one does.
    case stopRun
    case leave
    case redraw
    case suspend
    /// Open the debugger's prompt on the trace at a step; the run goes on meanwhile.
    case debug(step: UInt64)
    /// Show the newer trace instead.
    case goToNewer
}

extension OverviewModel {
    /// Takes a message; gives what is to be done outside. Pure but for the model itself.
    package mutating func update(_ message: OverviewMessage) -> [OverviewEffect] {
        switch message {
        case .sample(let frame): take(frame)
        case .mark(let mark): notices.append(Notice(mark), sample: nextSample)
        case .notice(let notice): notices.append(notice, sample: nextSample)
        case .key(let key): return press(key)
        case .resize(let size): self.size = size
        case .tick(let time): tick(SampleFrame.bounded(time))
        case .recordingStopped(let reason):
            recordingStop = (reason, nextSample)
            let last = history.newest
            notices.append(
                Notice(
                    severity: .warning, step: last?.step ?? 0, time: last?.time ?? 0,
                    place: "recorder", text: reason), sample: nextSample)
        case .ended(let how): ending = how
        case .restarted(let path): newer = path
        }
        return []
    }

    /// What was noticed before a sample came is known with it.
    private mutating func take(_ frame: SampleFrame) {
        var frame = frame
        frame.number = nextSample
        frame.notices = notices.counts
        history.append(frame)
    }

    private mutating func tick(_ time: Int64) {
        let passed = max(0, time - now)
        now = max(now, time)
        guard case .playing(let at) = playhead, let newest = history.newest?.time else { return }
        let next = at + passed
        if next < newest {
            playhead = .playing(at: next)
        } else {
            // The edge of a run that goes on moves on with it; that of one that ended is its end.
            playhead = ending == nil ? .playing(at: newest) : .paused(at: newest)
        }
    }

    private mutating func press(_ key: Key) -> [OverviewEffect] {
        message = nil
        if key == .paste {
            message = "what was pasted is ignored: keys are commands here"
            return []
        }
        let command = KeyTable.command(for: key)
        if attention.overlay != nil { return pressOver(command) }
        guard let command else { return [] }
        switch command {
        case .next: choose(.by(1))
        case .previous: choose(.by(-1))
        case .pageDown: choose(.by(page))
        case .pageUp: choose(.by(-page))
        case .first: choose(.toFirst)
        case .last: choose(.toLast)
        case .panel: goToPanel(key)
        case .details: openDetails()
        case .run: open(.details(.run))
        case .back: back()
        case .pause: pause()
        case .live: playhead = .live
        case .sampleBack: move(by: -1)
        case .sampleForward: move(by: 1)
        case .previousNotice: jump(forward: false)
        case .nextNotice: jump(forward: true)
        case .debug: return debug()
        case .newer:
            if newer != nil { return [.goToNewer] }
            message = "there is no newer run"
        case .help: open(.help)
        case .redraw: return [.redraw]
        case .suspend: return [.suspend]
        case .quit: return quit()
        }
        return []
    }

    private mutating func pause() {
        switch playhead {
        case .live:
            if let time = history.newest?.time { playhead = .paused(at: time) }
        case .paused(let time): playhead = .playing(at: time)
        case .playing(let time): playhead = .paused(at: time)
        }
    }

    private mutating func move(by places: Int) {
        guard let place = shownPlace else { return }
        let next = max(0, min(history.count - 1, place + places))
        // Live and forward: there is nothing newer to go to.
        if playhead == .live, places > 0 { return }
        playhead = .paused(at: history[next].time)
    }

    /// To the sample with which the notice before or after the shown one came.
    private mutating func jump(forward: Bool) {
        guard let place = shownPlace, let newest = history.newest else { return }
        let samples = notices.moments(from: .warning).map(\.sample)
            // What came after the newest sample of a run that goes on has no place yet.
            .filter { ending != nil || $0 <= newest.number }
        let shown = history[place].number
        let found =
            forward
            ? samples.filter { $0 > shown }.min()
            : samples.filter { playhead == .live || $0 < shown }.max()
        guard let found else {
            message = forward ? "nothing was noticed after this" : "nothing was noticed before this"
            return
        }
        let target = history.place(ofNumber: found).map { history[$0].time } ?? newest.time
        playhead = .paused(at: target)
    }

    private mutating func debug() -> [OverviewEffect] {
        guard facts.tracePath != nil else {
            message = "not recorded: there is nothing to debug"
            return []
        }
        return [.debug(step: debugStep)]
    }

    /// Where the debugger opens: at the newest violation or error up to the shown moment, else at
    /// the shown step.
    package var debugStep: UInt64 {
        let known = notices.moments(from: .error).filter { knowledge.holds($0.sample) }
        return known.max { $0.rank < $1.rank }?.step ?? shownFrame?.step ?? 0
    }

    private mutating func quit() -> [OverviewEffect] {
        // It leaves a panel before it leaves the screen.
        if attention.isWhole {
            back()
            return []
        }
        if ending != nil || !facts.ownsRun { return [.leave] }
        if isEnding { return [.stopRun] }
        isEnding = true
        return [.endRun]
    }
}
