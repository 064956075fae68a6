package import WeirTelemetry

/// What a replay that a screen opened tells. Events come in the order in which they happened;
/// every command that was given ends with one answer.
package enum ReplayEvent: Sendable {
    /// So many of the steps of the way under way were run.
    case progress(done: Int, total: Int)
    /// Where the replay stands, or with nothing replayed yet where it is going.
    case picture(ReplayPicture)
    /// What the command under way had to say.
    case answer(ReplayAnswer)
    /// The replay is over; the text says why, and is safe to show.
    case ended(String)
}

/// A command of the debugger and what it said.
package struct ReplayAnswer: Codable, Equatable, Sendable {
    /// As it was typed, or as a key stands for it.
    package var command: String
    /// Safe to show.
    package var lines: [String]
    /// Whether it could not be obeyed, or the replay disagreed with its trace.
    package var isFault: Bool

    package init(command: String, lines: [String], isFault: Bool) {
        (self.command, self.lines, self.isFault) = (command, lines, isFault)
    }
}

/// What a screen asks of a replay.
package enum ReplayRequest: Equatable, Sendable {
    /// Begin to replay the run's trace, and go to a position in the words of `goto`; nil for the
    /// first failure, else the end.
    case open(at: String?)
    /// Obey a command, and give a picture with that many steps around it.
    case obey(String, columns: Int)
    /// Stop the way under way where it is.
    case interrupt
    /// End the replay.
    case close
}
