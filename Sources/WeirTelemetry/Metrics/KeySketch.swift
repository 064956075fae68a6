import WeirBase

/// Which keys most elements of one channel have, found from a sample of them.
///
/// The end of a chain that distributes by key calls `add` for one element in `interval`; the
/// sampler's thread reads `counts` through `BusiestKey`. It is telemetry only: nothing in a
/// run reads it, and a replay may make another.
///
/// It is a sketch of the kind called Space-Saving. A few keys are kept with counts, and a key that
/// is not among them takes the entry with the least count, and that count with it. So a key that
/// more than one in `maximumSketchKeys` of the looked-at elements has is always among them,
/// whatever the others are, and no table of all keys is needed. A count may be too high, by what
/// the entry had before.
package final class KeySketch: Sendable {
    /// One of so many elements is looked at, so that the lock and the search are spread over
    /// them.
    package static let interval: UInt64 = 64
    /// When so many were looked at, all counts are halved, and a key that was heavy once is
    /// forgotten.
    static let maximumSeen: UInt64 = 4_096
    /// The text of a key is cut behind so many bytes.
    private static let maximumBytes = 80

    /// A key by its hash. Its text is for people.
    private struct Entry {
        var hash: UInt64
        var count: UInt64
        var text: String
    }

    private struct State {
        var entries: [Entry] = []
        /// How many elements were looked at, halved along with the counts.
        var seen: UInt64 = 0
    }

    private let state = Guarded(State())

    package init() {}

    /// Takes a key that was looked at. `text` is asked for only where the key is a new one.
    package func add(_ hash: UInt64, text: () -> String) {
        state.withLock { state in
            state.seen += 1
            if let index = state.entries.firstIndex(where: { $0.hash == hash }) {
                state.entries[index].count += 1
            } else if state.entries.count < TelemetryBounds.maximumSketchKeys {
                state.entries.append(Entry(hash: hash, count: 1, text: Self.cut(text())))
            } else {
                let rarest = state.entries.indices.min {
                    state.entries[$0].count < state.entries[$1].count
                }
                if let rarest {
                    let count = state.entries[rarest].count + 1
                    state.entries[rarest] = Entry(hash: hash, count: count, text: Self.cut(text()))
                }
            }
            guard state.seen >= Self.maximumSeen else { return }
            state.seen /= 2
            for index in state.entries.indices { state.entries[index].count /= 2 }
        }
    }

    /// Walks the entries: each key once, and together no more than were looked at. Any thread.
    package func checkInvariants() {
        state.withLock { state in
            precondition(
                state.entries.count <= TelemetryBounds.maximumSketchKeys,
                "\(state.entries.count) keys are kept")
            precondition(state.seen < Self.maximumSeen, "\(state.seen) keys since the last halving")
            precondition(
                Set(state.entries.map(\.hash)).count == state.entries.count, "a key is kept twice")
            let sum = state.entries.reduce(0) { $0 + $1.count }
            precondition(sum <= state.seen, "counts of \(sum) for \(state.seen) keys")
            precondition(
                state.entries.allSatisfy { $0.text.utf8.count <= 4 * Self.maximumBytes },
                "the text of a key is longer than it may be")
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

/// The key that more of what came to a subtask had than any other.
package struct BusiestKey: Codable, Equatable, Sendable {
    package var key: String
    /// Its share of the elements that were looked at, from 0 to 1 and in hundredths.
    package var share: Double

    package init(key: String, share: Double) {
        self.key = key
        self.share = share
    }

    /// The busiest key of a subtask's channels together; nil where no key stands out, or
    /// where too few elements were looked at.
    package init?(_ sketches: [KeySketch]) {
        var counts: [String: UInt64] = [:]
        var seen: UInt64 = 0
        for sketch in sketches {
            let found = sketch.counts
            seen += found.seen
            for (text, count) in found.keys { counts[text, default: 0] += count }
        }
        // Of equal counts the text decides, so that the answer does not depend on hashing.
        let commonest = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        guard let commonest, seen >= Self.minimumSeen else { return nil }
        // A count may be too high by what its entry had before, and so even above the whole.
        share = (min(1, Double(commonest.value) / Double(seen)) * 100).rounded() / 100
        key = commonest.key
        if share < Self.minimumShare { return nil }
    }

    /// A key with less than a tenth of the elements is not worth a word.
    private static let minimumShare = 0.1
    /// With fewer elements than this any key would stand out.
    private static let minimumSeen: UInt64 = 8
}
