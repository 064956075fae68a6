import Weir

/// The usual count of each key, in one subtask, and what is far above it.
struct Bursts: Codable, Equatable, Sendable {
    /// What is known of one key.
    struct Usual: Codable, Equatable, Sendable {
        /// Thousandths of a line in a window: a moving average over about eight windows in which
        /// the key occurred.
        var average: Int
        var windows: Int
    }

    /// Further keys are counted but not watched.
    static let maximumKeys = 4_096
    /// So many windows of a key make its usual count known.
    static let knownAfter = 4
    /// Fewer lines than this are no burst, however few are usual.
    static let leastLines = 16

    private(set) var keys: [String: Usual] = [:]

    /// Takes a window's count; gives the usual one when this one is `times` as large.
    mutating func take(_ count: Int, of key: String, times: Int) -> Int? {
        let thousandths = min(count, Int.max / 10_000) * 1_000
        guard var usual = keys[key] else {
            if keys.count < Self.maximumKeys {
                keys[key] = Usual(average: thousandths, windows: 1)
            }
            return nil
        }
        let isBurst =
            usual.windows >= Self.knownAfter && count >= Self.leastLines
            && thousandths / times >= usual.average
        let before = usual.average
        usual.average += (thousandths - usual.average) / 8
        usual.windows = min(usual.windows + 1, Self.knownAfter)
        keys[key] = usual
        return isBurst ? before / 1_000 : nil
    }
}
