package import WeirBase
package import WeirTelemetry

/// The replay of a screen as all its views see it: whether there is one, where it stands, what it
/// is at, and what it said. A value; `ScreenModel` hands it events and takes its requests.
///
/// Commands go to the replay one at a time: what is asked for while it is at work waits here, and
/// single steps of one kind are put together, so that a key that is held down moves as fast as the
/// replay can and not a step for each repeat.
package struct ReplayState: Sendable {
    /// Whether there is a replay.
    package enum Phase: Equatable, Sendable {
        case closed
        /// There is one, at work or waiting for a command.
        case open
        /// It came to an end by itself, for that reason.
        case ended(String)
    }

    /// A command on its way to the replay.
    private struct Wanted: Sendable {
        var text: String
        /// Whether it follows the moment that the screen shows, rather than moving it.
        var isFollowing: Bool
    }

    package private(set) var phase = Phase.closed
    /// Where it stands, or is going; nil before the first picture came.
    package private(set) var picture: ReplayPicture?
    /// What was said, oldest first.
    package private(set) var answers: [ReplayAnswer] = []
    /// How far the way under way has come; nil where none is, or nothing was told yet.
    package private(set) var progress: (done: Int, total: Int)?
    /// Where the screen's playhead stood when the replay last came to it, or it to the replay.
    var playhead: Playhead?
    /// The command that the replay is at.
    private var underWay: Wanted?
    /// Commands that wait for their turn.
    private var waiting: [Wanted] = []
    /// What is to be handed to the replay.
    private var requests: [ReplayRequest] = []

    package init() {}

    /// Whether a command is under way or waits.
    package var isAtWork: Bool { underWay != nil || !waiting.isEmpty }

    /// What the replay is at, in its own words; nil where it waits for a command.
    package var work: String? { underWay?.text }

    // MARK: What is asked of it

    /// Begins a replay, at a position in the words of `goto`; nil for the first failure, else the
    /// end.
    package mutating func open(at position: String?) {
        guard phase != .open else { return }
        // What was asked for before, such as the end of another one, still has to be done.
        let before = requests
        self = ReplayState()
        requests = before
        phase = .open
        underWay = Wanted(text: "open", isFollowing: false)
        requests.append(.open(at: position))
    }

    /// Wants a command obeyed; false where too many wait already.
    package mutating func obey(_ text: String) -> Bool {
        guard phase == .open else { return false }
        // What was to follow the screen is overtaken by what a person asks for.
        waiting.removeAll(where: \.isFollowing)
        if let last = waiting.last, let joined = Self.joined(last.text, text) {
            waiting[waiting.count - 1].text = joined
            return true
        }
        guard waiting.count < MonitorBounds.maximumWaitingCommands else { return false }
        waiting.append(Wanted(text: text, isFollowing: false))
        sendNext()
        return true
    }

    /// Wants the replay to come to a step that the screen shows already. The newest such wish is
    /// the one that counts.
    package mutating func follow(to step: Step) {
        guard phase == .open, !waiting.contains(where: { !$0.isFollowing }) else { return }
        waiting = [Wanted(text: "goto \(step)", isFollowing: true)]
        sendNext()
    }

    /// Stops what is under way where it is, and forgets what waits.
    package mutating func interrupt() {
        waiting = []
        if underWay != nil { requests.append(.interrupt) }
    }

    /// Ends the replay.
    package mutating func close() {
        guard phase == .open else { return }
        self = ReplayState()
        requests = [.close]
    }

    /// Two commands of single steps as one: `step` and `step 3` are `step 4`.
    private static func joined(_ first: String, _ second: String) -> String? {
        guard ["step", "reverse-step", "next", "reverse-next"].contains(second) else { return nil }
        if first == second { return "\(second) 2" }
        guard first.hasPrefix(second + " "), let count = Int(first.dropFirst(second.count + 1))
        else { return nil }
        return "\(second) \(count + 1)"
    }

    private mutating func sendNext() {
        guard underWay == nil, !waiting.isEmpty else { return }
        let next = waiting.removeFirst()
        underWay = next
        requests.append(.obey(next.text, columns: 0))
    }

    /// The requests that were not taken yet, with room for that many columns.
    mutating func takeRequests(columns: Int) -> [ReplayRequest] {
        defer { requests = [] }
        return requests.map { request in
            if case .obey(let text, _) = request { return .obey(text, columns: columns) }
            return request
        }
    }

    // MARK: What it tells

    /// Takes an event; gives the moment that the screen is to show where the replay moved by
    /// itself, which it does by command alone.
    mutating func take(_ event: ReplayEvent) -> RunTime? {
        guard phase == .open else { return nil }
        switch event {
        case .progress(let done, let total): progress = (done, total)
        case .picture(let picture):
            self.picture = picture
            return underWay?.isFollowing == true ? nil : picture.time
        case .answer(let answer):
            if underWay?.isFollowing != true || answer.isFault { note(answer) }
            (underWay, progress) = (nil, nil)
            sendNext()
        case .ended(let reason):
            phase = .ended(reason)
            (underWay, progress, waiting) = (nil, nil, [])
        }
        return nil
    }

    private mutating func note(_ answer: ReplayAnswer) {
        answers.append(answer)
        if answers.count > MonitorBounds.maximumAnswers { answers.removeFirst() }
    }
}
