import Synchronization

/// The log statements that a run has met, numbered in the order of meeting them.
///
/// Any thread; a worker looks here once per statement and remembers the number itself.
package final class LogSites: Sendable {
    private struct State {
        var sites: [LogSite] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// The number of a statement; statements that are equal in all parts share one.
    package func number(of site: LogSite) -> UInt32 {
        state.withLock { state in
            if let known = state.sites.firstIndex(of: site) { return UInt32(known) }
            state.sites.append(site)
            return UInt32(state.sites.count - 1)
        }
    }

    /// The statements numbered `first` and later.
    package func sites(from first: Int) -> [LogSite] {
        state.withLock { Array($0.sites.dropFirst(first)) }
    }
}
