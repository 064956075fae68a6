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
        case .sample(let frame): history.append(frame)
        case .mark(let mark): notices.append(Notice(mark))
        case .notice(let notice): notices.append(notice)
        case .key(let key): return press(key)
        case .resize(let size): self.size = size
        case .tick(let time): tick(SampleFrame.bounded(time))
        case .recordingStopped(let reason):
            recordingEnd = reason
            let last = history.newest
            notices.append(
                Notice(
                    severity: .warning, step: last?.step ?? 0, time: last?.time ?? 0,
                    place: "recorder", text: reason))
        case .ended(let how): ending = how
        case .restarted(let path): newer = path
        }
        return []
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
        let command = KeyTable.command(for: key)
        if showsHelp {
            showsHelp = false
            // These do what they say whatever lies over the screen.
            guard command == .quit || command == .suspend || command == .redraw else { return [] }
        }
        message = nil
        guard let command else { return [] }
        switch command {
        case .nextStage: selection = min(facts.stages.count - 1, selection + 1)
        case .previousStage: selection = max(0, selection - 1)
        case .firstStage: selection = 0
        case .lastStage: selection = max(0, facts.stages.count - 1)
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
        case .help: showsHelp = true
        case .redraw: return [.redraw]
        case .suspend: return [.suspend]
        case .quit: return quit()
        }
        selection = max(0, selection)
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

    private mutating func jump(forward: Bool) {
        guard let time = shownTime, let newest = history.newest?.time else { return }
        let places = 0..<notices.count
        let found =
            forward
            ? places.first { notices[$0].severity > .note && notices[$0].time > time }
            : places.last {
                notices[$0].severity > .note
                    && notices[$0].time < (playhead == .live ? .max : time)
            }
        if let found { playhead = .paused(at: min(newest, notices[found].time)) }
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
        let edge = playhead == .live ? Int64.max : shownTime ?? .max
        let places = 0..<notices.count
        let found = places.last { notices[$0].severity >= .error && notices[$0].time <= edge }
        return found.map { notices[$0].step } ?? shownFrame?.step ?? 0
    }

    private mutating func quit() -> [OverviewEffect] {
        if ending != nil || !facts.ownsRun { return [.leave] }
        if isEnding { return [.stopRun] }
        isEnding = true
        return [.endRun]
    }
}
