/// The bounds of the terminal: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. How long the parameters of a key may be is part of the form of keys and stays
/// beside it (`KeyDecoder`).
package enum TerminalBounds {
    // MARK: The prompt

    /// The maximum number of entered lines that are kept; the oldest ones are forgotten.
    package static let maximumHistoryLines = 1_000

    /// The maximum number of characters of a typed line; one that is full takes no more. It is far
    /// more than a command needs, and keeps a paste from taking memory and time without bounds.
    package static let maximumLineLength = 4_096

    /// The maximum number of candidates that the prompt lists; how many there are beyond that is
    /// said.
    package static let maximumCandidates = 100

    // MARK: Drawing

    /// The maximum of either side of a canvas, in cells. A window of a thousand columns would be
    /// wider than any monitor that can be read.
    package static let maximumSide = 1000

    /// The maximum of characters that are kept of a text unless the caller gives another; no line
    /// of a screen shows more.
    package static let maximumTextLength = 1000

    // MARK: Silence while a key is read, in milliseconds

    /// How long the bytes behind Escape may be awaited, before it counts as the key alone; also
    /// behind an Escape within an answer of the terminal.
    package static let escapeMilliseconds = 50

    /// How long what comes late behind an Escape is still taken for the rest of a key.
    package static let lateEscapeMilliseconds = 500

    /// How long an answer of the terminal may stay without its end, before it is given up:
    /// otherwise one without an end would make the keyboard deaf.
    package static let answerMilliseconds = 2_000

    /// The same for a paste.
    package static let pasteMilliseconds = 5_000

    // MARK: Waiting and reading

    /// The maximum time that is waited at once, in nanoseconds: a minute, which keeps the number
    /// within what `poll` takes. Who waits for longer asks again.
    package static let maximumWaitNanoseconds: UInt64 = 60_000_000_000
}
