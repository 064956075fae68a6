import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// A source of lines, looked at and run by hand.
@Suite struct LineDriverTests {
    /// A line that begins with `!` cannot be read from its third column on.
    private static func decode(_ bytes: RawSpan, _ index: UInt64) throws -> (String, Instant?) {
        let text = String(decoding: bytes)
        if text.hasPrefix("!") { throw MalformedLine("not in order", column: 3) }
        return (text, .second(0))
    }

    private func driver(
        _ feed: GivenBlocks, limit: UInt64? = nil, rate: Double? = nil,
        idleAfter: Duration? = nil, malformed: MalformedPolicy<String> = .fail
    ) -> LineDriver<String> {
        LineDriver(
            feed: feed,
            context: SourceContext(
                seed: 1, limit: limit, rate: rate, started: .second(0), feed: feed),
            watermark: nil, idleAfter: idleAfter, malformed: malformed
        ) { try Self.decode($0, $1) }
    }

    private func chain() -> DrivenChain<String, String> { DrivenChain([]) }

    @Test func `what waits is told in lines, and since when the first of them has waited`() {
        let driver = driver(GivenBlocks(.lines("a\nb\n", at: 5), .lines("c\n", at: 9)))
        let chain = chain()
        _ = driver.look(time: 10, isEnding: false)
        var told = [driver.lag.map { "\($0) since \(driver.lagSince?.rawValue ?? -1)" }]
        for _ in 0..<3 {
            driver.run(1, chain.subtask)
            told.append(driver.lag.map { "\($0) since \(driver.lagSince?.rawValue ?? -1)" })
        }
        #expect(told == ["3 since 5", "2 since 5", "1 since 9", "0 since -1"])
    }

    @Test func `lines beyond those whose arrival is kept have the last one that is`() {
        let blocks = (0..<70).map { GivenBlocks.Piece.lines("a\n", at: RunTime(Int64($0))) }
        let driver = driver(GivenBlocks(blocks))
        let chain = chain()
        _ = driver.look(time: 100, isEnding: false)
        driver.run(63, chain.subtask)
        #expect(driver.lagSince == 63)
        driver.run(6, chain.subtask)
        #expect(driver.lagSince == 63)
        driver.run(1, chain.subtask)
        #expect(driver.lagSince == nil)
    }

    @Test func `each block has waited from its reading to the look that took it`() throws {
        // The last one lies ahead: the reader's thread read its clock behind the worker.
        let feed = GivenBlocks(
            .lines("a\n", at: 5), .lines("b\n", at: 9), .lines("c\n", at: 11))
        let driver = driver(feed)
        _ = driver.look(time: 10, isEnding: false)
        let waited = try #require(driver.readLatency)
        #expect(waited.count == 2 && waited.sample(hop: "read").sum == 6_000)
    }

    @Test func `a source falls silent behind the last turn's time, once`() {
        let driver = driver(GivenBlocks(.lines("a\n", at: 0)), idleAfter: .seconds(10))
        let chain = chain()
        _ = driver.look(time: 0, isEnding: false)
        chain.subtask.chain.frame.pointee.turnTime = .seconds(3)
        driver.run(1, chain.subtask)
        #expect(driver.look(time: .seconds(4), isEnding: false) == .waiting(until: .seconds(13)))
        #expect(driver.look(time: 12_999_999, isEnding: false) == .waiting(until: .seconds(13)))
        #expect(
            driver.look(time: .seconds(13), isEnding: false) == .choice(Choice(kind: .idle)))
        driver.becomeIdle()
        #expect(driver.look(time: .seconds(13), isEnding: false) == .waiting(until: nil))
    }

    @Test func `a line ends its source's silence before it goes on`() {
        let feed = GivenBlocks()
        let driver = driver(feed, idleAfter: .seconds(1))
        let chain = chain()
        chain.pass(.idle)
        driver.becomeIdle()
        feed.add(.lines("a\n", at: 0))
        _ = driver.look(time: 0, isEnding: false)
        driver.run(1, chain.subtask)
        #expect(chain.taken() == "~ ^ a@0")
        // And the next silence is told again.
        #expect(
            driver.look(time: .seconds(1), isEnding: false) == .choice(Choice(kind: .idle)))
    }

    @Test func `what cannot be read is kept whole up to a bound, with its place`() {
        let inputs = Guarded<[MalformedInput]>([])
        let malformed = MalformedPolicy<String>.element { input in
            inputs.withLock { $0.append(input) }
            return "m"
        }
        func bad(_ count: Int) -> String { "!" + String(repeating: "x", count: count - 1) }
        let driver = driver(
            GivenBlocks(.lines("a\n\(bad(4_096))\n\(bad(4_097))\n", at: 0)), malformed: malformed)
        _ = driver.look(time: 0, isEnding: false)
        driver.run(3, chain().subtask)
        let told = inputs.withLock { $0 }
        #expect(told.map(\.line) == [2, 3] && told.map(\.offset) == [2, 4_099])
        #expect(told.map(\.bytes.count) == [4_096, 4_096] && told.map(\.isCut) == [false, true])
        #expect(told.map(\.reason) == ["not in order", "not in order"])
        #expect(told.map(\.column) == [3, 3])
    }

    @Test func `of lines that cannot be read the first one is shown and all are counted`() throws {
        let first = "!" + String(repeating: "x", count: 300)
        let driver = driver(
            GivenBlocks(.lines("a\n\(first)\n!second\n", at: 0)),
            malformed: .element(advice: "look again") { _ in "m" })
        _ = driver.look(time: 0, isEnding: false)
        driver.run(3, chain().subtask)
        let unparsed = try #require(driver.remarks.unparsed)
        #expect(unparsed.count == 2 && unparsed.lines == 3 && unparsed.advice == "look again")
        let shown = try #require(unparsed.first)
        #expect(shown.line == 2 && shown.reason == "not in order")
        #expect(shown.bytes == Array(first.utf8.prefix(200)))
    }

    @Test func `NUL bytes that were passed over add up`() {
        let driver = driver(
            GivenBlocks(.nuls(5), .lines("a\n", at: 0), .nuls(7), .lines("b\n", at: 0)))
        _ = driver.look(time: 0, isEnding: false)
        driver.run(2, chain().subtask)
        #expect(driver.remarks.nulBytes == 12)
    }

    @Test func `lines before a failure of the input are taken first`() {
        let driver = driver(GivenBlocks(.lines("a\n", at: 0), .failure("the disk is gone")))
        let chain = chain()
        var choice = Choice(kind: .input)
        choice.count = 1
        #expect(driver.look(time: 0, isEnding: false) == .choice(choice))
        driver.run(1, chain.subtask)
        #expect(driver.look(time: 0, isEnding: false) == .choice(Choice(kind: .failure)))
        driver.end(.failure, chain.subtask)
        #expect(chain.failure == "the disk is gone")
        #expect(driver.look(time: 0, isEnding: false) == .done)
    }

    @Test func `a turn that took more lines than there are is an error`() {
        let driver = driver(GivenBlocks(.lines("a\n", at: 0)))
        let chain = chain()
        driver.run(2, chain.subtask)
        #expect(chain.taken() == "" && driver.taken == 1)
        #expect(chain.failure == "the input ends after 1 lines, the trace took more")
    }

    @Test func `a source that ends before its input does tells the reader`() {
        let feed = GivenBlocks(.lines("a\nb\n", at: 0))
        let driver = driver(feed, limit: 1)
        let chain = chain()
        _ = driver.look(time: 0, isEnding: false)
        driver.run(1, chain.subtask)
        #expect(driver.look(time: 0, isEnding: false) == .choice(Choice(kind: .end)))
        #expect(!feed.isCancelled)
        driver.end(.end, chain.subtask)
        #expect(feed.isCancelled)
    }

    @Test func `a run that is to end takes no further line`() {
        let driver = driver(GivenBlocks(.lines("a\n", at: 0)))
        #expect(driver.look(time: 0, isEnding: true) == .choice(Choice(kind: .end)))
        #expect(driver.taken == 0)
    }

    @Test func `lines by a rate wait for their time, and as many go as are due`() {
        let driver = driver(GivenBlocks(.lines("a\nb\nc\nd\n", at: 0)), rate: 2)
        _ = driver.look(time: 0, isEnding: false)
        driver.run(1, chain().subtask)
        #expect(driver.look(time: 499_999, isEnding: false) == .waiting(until: 500_000))
        var choice = Choice(kind: .input)
        choice.count = 2
        #expect(driver.look(time: .seconds(1), isEnding: false) == .choice(choice))
    }

    @Test func `what was taken is counted in bytes, with the ends of lines`() {
        let driver = driver(GivenBlocks(.lines("ab\r\nc\n", at: 0)))
        _ = driver.look(time: 0, isEnding: false)
        driver.run(1, chain().subtask)
        #expect(driver.takenBytes == 4)
    }

    @Test func `an error of a line says where it was read, the line and the column`() {
        let known = MalformedLine("no number", column: 7)
        func said(_ location: String?, _ error: any Error) -> String {
            "\(MalformedInputError(location: location, line: 3, error: error))"
        }
        #expect(said("in.csv", known) == "line 3 of in.csv, column 7: no number")
        #expect(said(nil, MalformedLine("no number")) == "line 3: no number")
        #expect(said("in.csv", Wanted()) == "line 3 of in.csv: Wanted()")
    }
}

@Suite struct GeneratorDriverTests {
    private func driver(limit: UInt64? = nil, rate: Double? = nil) -> GeneratorDriver<UInt64> {
        GeneratorDriver(
            of: .generator(watermark: .boundedDisorder(.seconds(1_000))) { index, random in
                (index * 1_000 + random.next() % 1_000, .second(Int64(index)))
            }, limit: limit, rate: rate)
    }

    @Test func `a batch is asked for by its indices, and ends at the source's count`() {
        let asked = Guarded<[Range<UInt64>]>([])
        let prepared = Guarded(0)
        let source = Source<UInt64>.batches(
            watermark: .boundedDisorder(.seconds(1_000)), count: 70,
            prepare: { prepared.withLock { $0 += 1 } }
        ) { _, indices, batch in
            asked.withLock { $0.append(indices) }
            for index in indices { batch.append(index, at: .second(Int64(index))) }
        }
        let driver = GeneratorDriver(of: source, limit: 1_000)
        let chain = DrivenChain<UInt64, UInt64>([])
        driver.run(3, chain.subtask)
        driver.run(67, chain.subtask)
        #expect(asked.withLock { $0 } == [0..<3, 3..<67, 67..<70])
        #expect(prepared.withLock { $0 } == 1)
        guard case .choice(let choice) = driver.look(time: 0, isEnding: false) else {
            Issue.record("nothing is to be done behind the last element")
            return
        }
        #expect(choice.kind == .end && driver.lagSince == nil)
    }

    @Test func `a batch with too few elements fails the source and tells which`() {
        let source = Source<UInt64>.batches(prepare: { 0 }) { _, indices, batch in
            for index in indices where index != 5 { batch.append(index, at: .second(0)) }
        }
        let driver = GeneratorDriver(of: source)
        let chain = DrivenChain<UInt64, UInt64>([])
        driver.run(8, chain.subtask)
        #expect(driver.taken == 7)
        #expect(
            chain.subtask.failure?.message
                == "its closure made 7 of 8 elements for the indices from 0 on")
    }

    @Test func `an element is described as it was made, whenever it is asked for`() {
        let driver = driver()
        let chain = DrivenChain<UInt64, UInt64>([])
        driver.run(3, chain.subtask)
        let made = chain.taken().split(separator: " ").filter { $0.contains("@") }
            .map { $0.split(separator: "@")[0] }
        let described = (0..<3).map { driver.describe(element: UInt64($0)) ?? "" }
        #expect(described.map { $0.split(separator: " ")[0] } == made)
        #expect(described[2].hasSuffix(" at \(Instant.second(2))"))
    }

    @Test func `a generator says since when its next element is due, until its last one`() {
        let driver = driver(limit: 2, rate: 4)
        let chain = DrivenChain<UInt64, UInt64>([])
        var told = [driver.lagSince]
        for _ in 0..<2 {
            driver.run(1, chain.subtask)
            told.append(driver.lagSince)
        }
        #expect(told == [0, 250_000, nil])
    }
}

extension GeneratorDriver {
    /// The driver of a source that is generated.
    convenience init(of source: Source<Element>, limit: UInt64? = nil, rate: Double? = nil) {
        guard case .generator(let form) = source.kind else {
            preconditionFailure("a source that is not generated")
        }
        self.init(
            context: SourceContext(
                seed: 9, limit: limit, rate: rate, started: .second(0), feed: nil),
            watermark: source.watermark ?? .ordered, form: form)
    }
}

/// An input whose blocks a test gives.
final class GivenBlocks: InputFeed {
    enum Piece {
        case lines(String, at: RunTime)
        case nuls(UInt64)
        case failure(String)
    }

    private var blocks: [InputBlock] = []
    private(set) var isCancelled = false
    let location: String? = nil
    let isRepeatable = false

    convenience init(_ pieces: Piece...) { self.init(pieces) }

    init(_ pieces: [Piece]) { for piece in pieces { add(piece) } }

    func add(_ piece: Piece) {
        switch piece {
        case .lines(let text, let time): add(.bytes, Array(text.utf8), at: time)
        case .nuls(let count): add(.nuls, [], offset: count)
        case .failure(let message): add(.failure, Array(message.utf8))
        }
    }

    private func add(
        _ kind: InputKind, _ bytes: [UInt8], offset: UInt64 = 0, at time: RunTime = 0
    ) {
        blocks.append(
            InputBlock(
                source: 0, index: UInt64(blocks.count), kind: kind, offset: offset,
                length: UInt32(bytes.count), hash: 0, time: time, bytes: bytes))
    }

    func next() -> InputBlock? { blocks.isEmpty ? nil : blocks.removeFirst() }
    func cancel() { isCancelled = true }
}
