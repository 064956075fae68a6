package import WeirBase
package import WeirTelemetry

/// The writing end of a sink: rows in bytes, on their way to the thread that writes them.
///
/// The sink's last link appends a turn's rows; publishing offers all of them to the feed at once.
/// What the feed has no room for stays here, and the subtask takes no turn before it is gone. Two
/// hashes of all rows are kept on the way, so that a run's rows can be compared without keeping
/// them. Only the thread that has claimed the subtask uses it.
package final class RowOutlet: Outlet, OutletQueue {
    package let sink: String
    private let feed: any RowFeed
    /// Rows that were not handed over yet, one behind the other.
    private var pending: [UInt8] = []
    /// How many rows `pending` has.
    private(set) var pendingRows: UInt64 = 0
    /// Counts of rows, which every slice changes.
    private let rowCounts = UnsafeMutablePointer<RowCounts>.allocate(capacity: 1)
    /// Rows so far.
    package var rows: UInt64 { rowCounts.pointee.rows }
    /// Bytes of rows so far, their line ends included.
    private(set) var bytes = ByteCount.zero
    /// A hash of the rows in their order; of a tally its sum, which has none.
    package var ordered: StableHash { isTally ? StableHash(seed: unordered) : orderedRows }
    private var orderedRows = StableHash()
    /// Whether rows are counted and never written.
    let isTally: Bool
    /// A sum of the rows' hashes, the same whatever their order: two runs of parallel stages may
    /// write the same rows in another order. Of a tally all words that it was given, by exclusive
    /// or.
    package var unordered: UInt64 { rowCounts.pointee.unordered }
    /// From taking an input in to encoding the row it led to, once a turn.
    package let latency = LatencyHistogram()

    package init(index: ChannelIndex, sink: String, feed: any RowFeed, isTally: Bool = false) {
        self.sink = sink
        self.feed = feed
        self.isTally = isTally
        rowCounts.initialize(to: RowCounts())
        super.init(index: index, channel: nil)
    }

    deinit { rowCounts.deallocate() }

    /// How long rows waited to be written; nil where they go nowhere that takes time.
    var writeLatency: LatencyCounts? { feed.writeLatency }

    package override var hasUnpublished: Bool { !pending.isEmpty }

    /// Adds the rows that `write` gives the writer which it is lent, for a slice of elements.
    func append(_ write: (inout RowWriter) -> Void) {
        // The bytes are moved out for the while, so that they have one owner and are not copied.
        var writer = RowWriter(bytes: pending, ordered: orderedRows)
        pending = []
        write(&writer)
        let rows = writer.rows
        bytes += ByteCount(writer.bytes.count - writer.before)
        (pending, orderedRows) = (writer.bytes, writer.ordered)
        rowCounts.pointee.unordered &+= writer.unordered
        count(rows)
        pendingRows += UInt64(rows)
        assert(pending.last ?? 0x0A == 0x0A, "the last row for sink \(sink) has no line end")
    }

    /// Counts rows that nobody writes; `folded` is all their words by exclusive or.
    func tally(_ rows: Int, _ folded: UInt64) {
        assert(isTally, "sink \(sink) writes its rows and is to count \(rows)")
        rowCounts.pointee.unordered ^= folded
        count(rows)
        // They are where they belong as soon as they are counted.
        rowCounts.pointee.writtenBefore += UInt64(rows)
    }

    private func count(_ rows: Int) {
        rowCounts.pointee.rows += UInt64(rows)
        counts.pointee.emit(rows)
    }

    /// What became of the rows that were handed over; after the last turn.
    var account: RowAccount {
        var account = feed.account
        account.written += rowCounts.pointee.writtenBefore
        return account
    }

    package func append(_ control: Control) {
        // Only the end is counted, as one more message of its turn; a sink's rows have no
        // watermarks.
        if control == .end { counts.pointee.messages += 1 }
    }

    package var partName: String { "rows of sink \(sink)" }
    /// Rows lie in one piece of bytes: as messages they are not counted.
    package var unpublishedCount: Int { 0 }
    /// As for `unpublishedCount`; `pendingRows` has the rows.
    package var unpublishedElements: Int { 0 }

    package func publish(_ turn: TurnContext, isLate: Bool) -> Bool {
        guard !pending.isEmpty else {
            // Behind the last row, so that the writer may close before the run ends.
            if let subtask = turn.subtask, subtask.isDone { feed.finish() }
            return true
        }
        assert(
            pendingRows > 0 && pendingRows <= rows,
            "\(pending.count) bytes wait for sink \(sink) as \(pendingRows) of \(rows) rows")
        guard feed.offer(pending, count: Int(pendingRows)) else { return false }
        pending.removeAll(keepingCapacity: true)
        pendingRows = 0
        if let subtask = turn.subtask, subtask.isDone { feed.finish() }
        return true
    }

    /// Adds a hash of all rows so far, which is there already and costs nothing.
    package func sample(into hash: inout SampleHash, atMost credit: Int) -> Int {
        hash.combine(ordered.value)
        return 0
    }

    package struct Snapshot {
        fileprivate var rows: UInt64
        fileprivate var bytes: ByteCount
        fileprivate var ordered: StableHash
        fileprivate var unordered: UInt64
        /// Of the rows, those that nobody has to hand over any more.
        fileprivate var handedOver: UInt64
    }

    package func save() -> Saved<Snapshot> {
        let state = Snapshot(
            rows: rows, bytes: bytes, ordered: orderedRows, unordered: unordered,
            handedOver: rows - pendingRows)
        return Saved(state, bytes: ByteCount(of: 1, Snapshot.self))
    }

    package func restore(_ state: Snapshot) {
        assert(pending.isEmpty, "sink \(sink) takes a saved state in and \(pendingRows) rows wait")
        assert(
            state.handedOver <= state.rows,
            "of \(state.rows) rows of sink \(sink) \(state.handedOver) were handed over")
        rowCounts.pointee = RowCounts(
            rows: state.rows, unordered: state.unordered, writtenBefore: state.handedOver)
        (bytes, orderedRows) = (state.bytes, state.ordered)
    }

    /// Adds the rows so far, wherever they are by now: how many were handed over depends on timing.
    package func digest(into hash: inout StableHash) {
        hash.combine(rows)
        hash.combine(ordered.value)
    }
}

/// Counts of a sink's rows in one subtask. Behind a pointer, because a variable of a class is
/// checked for exclusive access at each change.
private struct RowCounts {
    var rows: UInt64 = 0
    var unordered: UInt64 = 0
    /// Rows that are written, though not by the outlet's feed: those that are counted only, and
    /// those that had been handed over when the state that the outlet took in was saved.
    var writtenBefore: UInt64 = 0
}

/// The place of a sink's rows, for kernels that are made where the user's closure is written.
@usableFromInline
struct SinkRows {
    let outlet: RowOutlet

    /// Adds the rows that `write` gives the writer which it is lent.
    @usableFromInline
    func append(_ write: (inout RowWriter) -> Void) { outlet.append(write) }

    /// Counts rows that nobody writes.
    @usableFromInline
    func tally(_ rows: Int, _ folded: UInt64) { outlet.tally(rows, folded) }
}

/// Takes the rows of one slice, one behind the other in bytes, with two hashes of them.
@usableFromInline
struct RowWriter {
    /// All bytes that wait for the sink, to which a row is added.
    @usableFromInline var bytes: [UInt8]
    /// How many bytes there were before the slice.
    let before: Int
    fileprivate(set) var rows = 0
    fileprivate(set) var ordered: StableHash
    fileprivate(set) var unordered: UInt64 = 0
    /// Where the row that is being written begins.
    private var begin: Int

    fileprivate init(bytes: [UInt8], ordered: StableHash) {
        self.bytes = bytes
        self.ordered = ordered
        before = bytes.count
        begin = bytes.count
    }

    /// The row is whole: it gets its line end.
    @usableFromInline
    mutating func endRow() {
        checkRow()
        bytes.append(0x0A)
        var hash = StableHash()
        bytes.withUnsafeBytes {
            hash.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[begin...]))
        }
        ordered.combine(hash.value)
        unordered &+= hash.value
        rows += 1
        begin = bytes.count
    }

    /// The row's closure failed: what it wrote is no row.
    @usableFromInline
    mutating func dropRow() {
        checkRow()
        bytes.removeLast(bytes.count - begin)
    }

    private func checkRow() {
        precondition(bytes.count >= begin, "a sink's closure took away bytes of earlier rows")
    }
}
