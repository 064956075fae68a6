import Weir

/// The usual count of each key, in one subtask, and what is far above it. A subtask of `count` has
/// one as its state and hands it every window's count in order (`take`). All numbers are integers,
/// so that a replay on another machine computes the same.
struct Bursts: Codable, Equatable, Sendable {
    /// What is known of one key.
    struct Usual: Codable, Equatable, Sendable {
        /// Thousandths of a line in a window: a moving average over about eight windows in which
        /// the key occurred.
        var average: Int
        var windows: Int
    }

    /// The maximum of keys that are watched. Lines of further keys are counted as always, but no
    /// burst of theirs is noticed.
    static let maximumKeys = 4_096
    /// A key's usual count is known after this many windows in which it occurred; before, anything
    /// would be a burst.
    static let knownAfter = 4
    /// Fewer lines than this are no burst, however few are usual.
    static let minimumLines = 16

    /// By key; only looked up.
    private(set) var keys: [String: Usual] = [:]

    /// Takes a window's count; gives the usual one when this one is `times` as large.
    mutating func take(_ count: Int, of key: String, times: Int) -> Int? {
        // Whole thousandths, and far from where they could overflow.
        let thousandths = min(count, Int.max / 10_000) * 1_000
        guard var usual = keys[key] else {
            if keys.count < Self.maximumKeys {
                keys[key] = Usual(average: thousandths, windows: 1)
            }
            return nil
        }
        let isBurst =
            usual.windows >= Self.knownAfter && count >= Self.minimumLines
            && thousandths / times >= usual.average
        let before = usual.average
        // A moving average: an eighth of the way to the new count.
        usual.average += (thousandths - usual.average) / 8
        usual.windows = min(usual.windows + 1, Self.knownAfter)
        keys[key] = usual
        return isBurst ? before / 1_000 : nil
    }
}
