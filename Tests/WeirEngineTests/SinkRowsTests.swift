import Synchronization
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What a sink's place for rows counts, hashes and hands over.
@Suite struct RowOutletTests {
    private func outlet(_ rows: String..., feed: any RowFeed = TakingFeed()) -> RowOutlet {
        let outlet = RowOutlet(index: 0, sink: "rows", feed: feed)
        for row in rows { outlet.append(row: row) }
        return outlet
    }

    @Test func `one hash of rows is of their order and one is not`() {
        let (first, turned) = (outlet("a", "b", "b"), outlet("b", "a", "b"))
        #expect(first.unordered == turned.unordered)
        #expect(first.ordered.value != turned.ordered.value)
        // A row that came twice counts twice.
        #expect(outlet("a").unordered != outlet("a", "b", "b").unordered)
        #expect(outlet("a", "b").unordered != outlet("a", "b", "b").unordered)
    }

    @Test func `a row whose closure failed leaves nothing, and those before it stay`() {
        let outlet = outlet("a")
        outlet.append { writer in
            writer.bytes.append(contentsOf: "bc".utf8)
            writer.endRow()
            writer.bytes.append(contentsOf: "half".utf8)
            writer.dropRow()
        }
        #expect(outlet.rows == 2 && outlet.bytes == 5 && outlet.pendingRows == 2)
        let whole = self.outlet("a", "bc")
        #expect(outlet.ordered.value == whole.ordered.value)
    }

    @Test func `a tally counts its rows as written and folds their words whatever their order`() {
        func tally(_ words: (Int, UInt64)...) -> RowOutlet {
            let outlet = RowOutlet(index: 0, sink: "rows", feed: TallyFeed(), isTally: true)
            for (count, word) in words { outlet.tally(count, word) }
            return outlet
        }
        let (first, turned) = (tally((2, 5), (1, 9)), tally((1, 9), (2, 5)))
        #expect(first.rows == 3 && first.unordered == 5 ^ 9 && first.emittedElements == 3)
        #expect(first.account == RowAccount(written: 3) && !first.hasUnpublished)
        #expect(first.ordered.value == turned.ordered.value)
        #expect(first.ordered.value != tally((3, 5)).ordered.value)
        let other = tally()
        other.restorePart(first.savePart())
        #expect(other.rows == 3 && other.unordered == 5 ^ 9 && other.account.written == 3)
    }

    @Test func `the end is a message of the turn that has it, and no row`() {
        let outlet = outlet("a")
        outlet.append(.watermark(.second(1)))
        #expect(outlet.emitted == 1 && outlet.emittedElements == 1)
        outlet.append(.end)
        #expect(outlet.emitted == 2 && outlet.emittedElements == 1 && outlet.rows == 1)
    }

    @Test func `saved rows go on in hashes, counts and bytes`() {
        let first = outlet("a", "bc")
        let other = outlet()
        other.restorePart(first.savePart())
        for outlet in [first, other] { outlet.append(row: "d") }
        #expect(other.unordered == first.unordered)
        #expect(other.ordered.value == first.ordered.value)
        #expect(other.rows == 3 && other.bytes == first.bytes && first.bytes == 7)
    }

    @Test func `rows that find no room wait, and all of them go at once`() throws {
        let feed = TakingFeed()
        feed.hasRoom = false
        let rows = outlet("a", "b", feed: feed)
        let hand = try HandExecution(
            Pipeline("any", parallelism: 1) { flow in
                _ = flow.read("in", from: secondsOfTime).map { $0 }
            })
        #expect(!rows.publish(hand.turn, isLate: false) && rows.pendingRows == 2)
        rows.append(row: "c")
        feed.hasRoom = true
        #expect(rows.publish(hand.turn, isLate: true) && !rows.hasUnpublished)
        #expect(feed.taken == ["a\nb\nc\n"] && rows.pendingRows == 0)
        #expect(rows.account == RowAccount(written: 3))
    }
}

@Suite struct WriterFeedTests {
    @Test func `a write is timed while it lasts and no longer`() {
        let writing = AskingRows()
        let feed = WriterFeed(sink: "rows", writing: writing, onRoom: {}, onFailure: { _ in })
        writing.onWrite = { [unowned feed] in feed.writingFor != nil }
        #expect(feed.writingFor == nil)
        #expect(feed.offer(Array("a\nb\n".utf8), count: 2))
        #expect(writing.answers == [true] && feed.writingFor == nil)
        #expect(feed.writtenBytes == 4 && feed.account == RowAccount(written: 2))
        #expect(feed.writeLatency?.count == 1)
    }

    @Test func `what a failed write had is unwritten, and no later one is tried`() {
        let writing = AskingRows()
        writing.isFailing = true
        let failures = Guarded(0)
        let feed = WriterFeed(
            sink: "rows", writing: writing, onRoom: {},
            onFailure: { _ in failures.withLock { $0 += 1 } })
        for _ in 0..<2 { #expect(feed.offer(Array("a\n".utf8), count: 1)) }
        #expect(writing.answers.count == 1 && failures.withLock { $0 } == 1)
        #expect(feed.account == RowAccount(unwritten: 2) && feed.writtenBytes == 0)
        #expect(feed.writeLatency?.count == 0)
    }
}

@Suite struct SinkFailureTests {
    private func run(failingWith error: any Error) throws -> Execution {
        let pipeline = Pipeline("rows", parallelism: 1) { flow in
            flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
        }
        var setup = LiveRun.Setup(started: .second(0), schedule: .drawn(seed: 1))
        (setup.connections.sources, setup.connections.storesInput) = ([nil], [false])
        setup.connections.sinks = [FailingRows(error)]
        var options = BindOptions(seed: 1)
        options.limit = 100_000
        let run = try LiveRun(try pipeline.plan(), options, setup)
        run.start()
        run.run()
        run.finish()
        return run.execution
    }

    @Test func `a pipe that its reader closed ends the run as if it had been told to`() throws {
        let execution = try run(failingWith: ClosedPipe())
        #expect(execution.stopCause == nil && execution.isFinished && execution.isEnding)
        #expect(execution.closeBooks().taken < 100_000)
    }

    @Test func `any other error of a sink stops the run with its words`() throws {
        let execution = try run(failingWith: ConnectorError(.operating, "the disk is full"))
        #expect(execution.stopCause?.cause == .outputFailed(message: "the disk is full"))
        #expect(!execution.isFinished)
    }
}

@Suite struct LatencyHopTests {
    private func rows() throws -> HandExecution {
        try HandExecution(
            Pipeline("hops", parallelism: 1) { flow in
                flow.read("in", from: secondsOfTime).keyed { $0 }
                    .process("each", state: 0, emitting: Int.self) { number, _, context in
                        if number > 0 { context.emit(number) }
                    }
                    .write("rows") { "\($0)" }
            })
    }

    private func counts(_ hand: HandExecution, _ name: String) -> [String] {
        hand[name].latencyHops.map { "\($0.hop) \($0.counts.count)" }
    }

    @Test func `each subtask measures its own part of the way, the last one all of it`() throws {
        let hand = try rows()
        hand.take("in/0", count: 2)
        hand.take("each/0", count: UInt32(hand["each/0"].inlets[0].waiting))
        hand.take("rows/0", count: UInt32(hand["rows/0"].inlets[0].waiting))
        #expect(counts(hand, "in/0") == ["decode 1"])
        #expect(counts(hand, "each/0") == ["queue 1", "process 1"])
        // There is no writer's thread, so what is offered is written at once.
        #expect(counts(hand, "rows/0") == ["queue 1", "encode 1", "write 1", "end 1"])
    }

    @Test func `a turn of a sink that makes no row has measured no whole way`() throws {
        let hand = try rows()
        // The element that goes no further, and its watermark, which does.
        hand.take("in/0", count: 1)
        hand.take("each/0", count: UInt32(hand["each/0"].inlets[0].waiting))
        hand.take("rows/0", count: UInt32(hand["rows/0"].inlets[0].waiting))
        #expect(counts(hand, "rows/0") == ["queue 1", "encode 1", "write 0", "end 0"])
    }

    @Test func `a turn counts what it took and what it made, in elements and bytes`() throws {
        let hand = try rows()
        hand.take("in/0", count: 3)
        hand.take("each/0", count: UInt32(hand["each/0"].inlets[0].waiting))
        hand.take("rows/0", count: UInt32(hand["rows/0"].inlets[0].waiting))
        func counted(_ name: String) -> [UInt64] {
            let counters = hand[name].counters
            return [
                counters.recordsIn.load(ordering: .relaxed),
                counters.recordsOut.load(ordering: .relaxed),
                counters.bytesOut.load(ordering: .relaxed),
                counters.turns.load(ordering: .relaxed),
            ]
        }
        #expect(counted("in/0") == [3, 3, 0, 1])
        #expect(counted("each/0") == [3, 2, 0, 1])
        #expect(counted("rows/0") == [2, 2, 4, 1])
        let source = hand["in/0"].counters
        #expect(source.newestEvent.load(ordering: .relaxed) == 2_000_000_000)
        #expect(source.watermark.load(ordering: .relaxed) == 2_000_000_000)
        // A generator without a rate has nothing that waits.
        #expect(source.lagRecords.load(ordering: .relaxed) == .max)
        #expect(source.lagSince.load(ordering: .relaxed) == .max)
    }
}

/// Takes what is offered, where it has room.
private final class TakingFeed: RowFeed {
    var hasRoom = true
    private(set) var taken: [String] = []
    private var rows: UInt64 = 0

    func offer(_ rows: [UInt8], count: Int) -> Bool {
        guard hasRoom else { return false }
        taken.append(String(decoding: rows, as: UTF8.self))
        self.rows += UInt64(count)
        return true
    }

    func finish() {}
    var account: RowAccount { RowAccount(written: rows) }
}

/// Asks something in the middle of each write.
private final class AskingRows: RowWriting, @unchecked Sendable {
    // Unchecked: the test's one thread.
    var onWrite: () -> Bool = { true }
    var isFailing = false
    private(set) var answers: [Bool] = []

    func write(_ rows: RawSpan) throws {
        answers.append(onWrite())
        if isFailing { throw Wanted() }
    }

    func close() {}
}

private final class FailingRows: RowWriting {
    private let error: any Error

    init(_ error: any Error) { self.error = error }

    func write(_ rows: RawSpan) throws { throw error }
    func close() {}
}

extension RowOutlet {
    /// Adds one row, as a sink's kernel does.
    fileprivate func append(row: String) {
        append { writer in
            writer.bytes.append(contentsOf: row.utf8)
            writer.endRow()
        }
    }
}
