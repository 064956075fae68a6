import WeirBase

/// The log statements that a run has met, numbered in the order of meeting them.
///
/// Any thread. A worker looks here once for each statement and remembers the number itself,
/// so that the lock and the search through all statements cost nothing later. The recorder
/// takes the new ones from here into each batch. There are about as many as log statements in
/// the program.
package final class LogSites: Sendable {
    private struct State {
        var sites: [LogSite] = []
    }

    private let state = Guarded(State())

    package init() {}

    /// The number of a statement. Statements that are equal in all parts share one.
    package func number(of site: LogSite) -> UInt32 {
        state.withLock { state in
            if let known = state.sites.firstIndex(of: site) { return UInt32(known) }
            state.sites.append(site)
            return UInt32(state.sites.count - 1)
        }
    }

    /// The statements with the number `first` and above. The recorder.
    package func sites(from first: Int) -> [LogSite] {
        state.withLock { Array($0.sites.dropFirst(first)) }
    }
}
