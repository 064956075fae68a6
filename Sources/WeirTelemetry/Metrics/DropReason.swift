/// Why an element that was read had no chance to have its effect.
///
/// Every such element is in exactly one of these numbers, so that the books balance: what was
/// taken is what was handled, dropped and still held. The raw values are the words of
/// summaries, exports and files.
package enum DropReason: String, CaseIterable, Codable, Sendable {
    /// It came behind the watermark that its window or timer needed.
    case late
    /// Its bytes could not be read as an element.
    case malformed
    /// An edge that may drop had no room.
    case policy
    /// It was read or queued when the run was ended without draining.
    case stopped
    /// The sink that should have written it failed.
    case unwritten
    /// It is a timer that never fired because the run ended.
    case timer
    /// It is the open last line of a followed file: it was not taken, and the position stays
    /// before it.
    case incomplete
    /// An operator's error, or the user, passed over it.
    case skipped
    /// An operator's error sent it to the stream of dead letters.
    case deadLetter
    /// It ended the process more than once and was set aside.
    case poison

    /// The index among `allCases`, for tables of counters. Written out, because searching
    /// `allCases` would cost more than the count itself.
    @inlinable package var ordinal: Int {
        switch self {
        case .late: 0
        case .malformed: 1
        case .policy: 2
        case .stopped: 3
        case .unwritten: 4
        case .timer: 5
        case .incomplete: 6
        case .skipped: 7
        case .deadLetter: 8
        case .poison: 9
        }
    }
}
