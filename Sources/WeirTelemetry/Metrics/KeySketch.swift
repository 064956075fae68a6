import Synchronization
import WeirBase

/// Which keys most elements of one channel have, by a sample of them.
///
/// A sketch of the kind called Space-Saving: a few keys with counts; one that is not among them
/// takes the place of the least, with its count. So a key with more than one in `maximumKeys` of
/// the elements is always among them, whatever the others are: no table of all keys is needed.
/// Telemetry only: nothing in a run reads it, and a replay may make another. One thread adds, any
/// reads.
package final class KeySketch: Sendable {
    /// Keys that are kept.
    package static let maximumKeys = 16
    /// Of so many elements one is looked at: what it costs is spread over them.
    package static let interval: UInt64 = 64
    /// When so many were looked at all counts are halved, so that a key that was heavy is
    /// forgotten.
    static let maximumSeen: UInt64 = 4_096
    /// Text of a key is cut behind so many bytes.
    private static let maximumBytes = 80

    private struct Entry {
        var hash: UInt64
        var count: UInt64
        var text: String
    }

    private struct State {
        var entries: [Entry] = []
        var seen: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes a key that was looked at; `text` is asked for only where the key is a new one.
    package func add(_ hash: UInt64, text: () -> String) {
        state.withLock { state in
            state.seen += 1
            if let place = state.entries.firstIndex(where: { $0.hash == hash }) {
                state.entries[place].count += 1
            } else if state.entries.count < Self.maximumKeys {
                state.entries.append(Entry(hash: hash, count: 1, text: Self.cut(text())))
            } else {
                let least = state.entries.indices.min {
                    state.entries[$0].count < state.entries[$1].count
                }
                if let least {
                    let count = state.entries[least].count + 1
                    state.entries[least] = Entry(hash: hash, count: count, text: Self.cut(text()))
                }
            }
            guard state.seen >= Self.maximumSeen else { return }
            state.seen /= 2
            for place in state.entries.indices { state.entries[place].count /= 2 }
        }
    }

    private static func cut(_ text: String) -> String {
        PrintableText.escaped(text, limit: maximumBytes)
    }

    /// The keys' texts with their counts, and how many were looked at. Any thread.
    package var counts: (keys: [(text: String, count: UInt64)], seen: UInt64) {
        state.withLock { state in
            (state.entries.map { ($0.text, $0.count) }, state.seen)
        }
    }
}

/// The key that most of what came to a subtask had.
package struct BusiestKey: Codable, Equatable, Sendable {
    package var key: String
    /// Of the elements that were looked at, 0 to 1.
    package var share: Double

    package init(key: String, share: Double) {
        self.key = key
        self.share = share
    }

    /// Of several sketches together; nil where a key does not stand out, or too little was seen.
    package init?(_ sketches: [KeySketch]) {
        var counts: [String: UInt64] = [:]
        var seen: UInt64 = 0
        for sketch in sketches {
            let found = sketch.counts
            seen += found.seen
            for (text, count) in found.keys { counts[text, default: 0] += count }
        }
        // Of equal counts the text decides, so that the answer does not depend on hashing.
        let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        guard let most, seen >= Self.leastSeen else { return nil }
        // A count may be too high by what fell out before.
        share = (min(1, Double(most.value) / Double(seen)) * 100).rounded() / 100
        key = most.key
        if share < Self.leastShare { return nil }
    }

    /// A key with less of the elements is not worth a word.
    private static let leastShare = 0.1
    private static let leastSeen: UInt64 = 8
}
