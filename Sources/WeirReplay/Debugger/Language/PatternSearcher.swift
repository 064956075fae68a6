import WeirBase

/// Searches lines for an expression on a thread of its own: a search that goes through all ways to
/// match may outlast everybody, cannot be stopped, and can only be left alone. Owned by one thread.
///
/// A search that was given up keeps its thread until it comes to an end or the process does.
final class PatternSearcher {
    private let patience: UInt64
    private let exchange: Exchange
    private var worker: Worker?

    init(_ regex: Regex<AnyRegexOutput>, patience: UInt64) {
        self.patience = patience
        exchange = Exchange(regex)
    }

    deinit { exchange.end() }

    /// Whether the line holds a match; nil when that was not known in time, and ever after.
    func search(_ line: String) -> Bool? {
        if worker == nil {
            worker = Worker("weir-pattern") { [exchange] in exchange.serve() }
        }
        return exchange.ask(line, within: patience)
    }

    /// What the owner and the searching thread pass each other.
    private final class Exchange: @unchecked Sendable {
        // Unchecked: all that changes is under `monitor`; the expression is used by the searching
        // thread alone.

        private let regex: Regex<AnyRegexOutput>
        private let monitor = Monitor()
        private var line: String?
        private var answer: Bool?
        private var isOver = false

        init(_ regex: Regex<AnyRegexOutput>) { self.regex = regex }

        func ask(_ line: String, within patience: UInt64) -> Bool? {
            let deadline = MonotonicClock.nanoseconds() + patience
            return monitor.withLock {
                if isOver { return nil }
                (self.line, answer) = (line, nil)
                monitor.broadcast()
                while answer == nil, MonotonicClock.nanoseconds() < deadline {
                    monitor.wait(until: deadline)
                }
                if answer == nil { isOver = true }
                return answer
            }
        }

        func end() {
            monitor.withLock {
                isOver = true
                monitor.broadcast()
            }
        }

        func serve() {
            while let line = next() {
                let isFound = ((try? regex.firstMatch(in: line)) ?? nil) != nil
                monitor.withLock {
                    answer = isFound
                    monitor.broadcast()
                }
            }
        }

        private func next() -> String? {
            monitor.withLock {
                while line == nil, !isOver { monitor.wait() }
                if isOver { return nil }
                defer { line = nil }
                return line
            }
        }
    }
}
