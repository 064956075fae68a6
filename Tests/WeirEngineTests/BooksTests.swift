import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

@Suite struct BooksTests {
    private typealias Options = BookedRun.Options

    private func limited(_ limit: UInt64) -> Options {
        var options = Options()
        options.limit = limit
        return options
    }

    @Test func `a run to its end drops nothing and holds nothing`() throws {
        let run = try BookedRun(windows(late: false), limited(300))
        #expect(run.books.imbalances == [])
        #expect(run.drops == [])
        #expect(run.books.isDrained && run.books.held == 0 && run.books.taken == 300)
        #expect(run.books.guarantee == "each input once")
    }

    @Test func `late elements are counted where their window was`() throws {
        let run = try BookedRun(windows(late: true), limited(300))
        #expect(run.books.imbalances == [])
        #expect(run.drops == ["once: 30 late"])
        #expect(run.books.guarantee == "each input once, but 30 late elements were dropped")
        let counted = run.execution.subtasks.reduce(0) { $0 + $1.counters.dropped(.late) }
        #expect(counted == 30)
    }

    @Test func `late elements that have a stream of their own are not dropped`() throws {
        let pipeline = Pipeline("late") { flow in
            let (panes, late) = flow.read("times", from: everyTenthIsLate)
                .keyed { $0 % 3 }
                .window(.tumbling(.seconds(1)))
                .aggregateWithLate("count", from: 0) { count, _ in count += 1 }
            panes.map { $0.value }.union(late.map { _ in 1 }).write("rows") { "\($0)" }
        }
        let run = try BookedRun(pipeline, limited(300))
        #expect(run.books.imbalances == [])
        #expect(run.drops == [])
        #expect(run.rows.count == 300)
    }

    @Test(arguments: FailurePoint.allCases, 0..<6)
    fileprivate func `an operator's error leaves no element without a reason`(
        point: FailurePoint, seed: UInt64
    ) throws {
        let run = try BookedRun(failing(at: point), seed: seed, limited(900))
        #expect(run.execution.stopCause != nil)
        #expect(run.books.imbalances == [])
        // Each element is one row, lies in a window, or is in a number.
        #expect(
            run.books.taken == UInt64(run.rows.count) + run.books.held + run.books.dropped)
        #expect(run.books.dropped(.stopped) > 0)
        #expect(!run.books.guarantee.contains("each input once"))
    }

    @Test func `bytes that are no element are malformed`() throws {
        var options = Options()
        options.input = "1\n2\nthree\n4\n"
        let run = try BookedRun(numbersOfText(), options)
        #expect(run.books.imbalances == [])
        #expect(run.books.dropped(.malformed) == 1)
        #expect(run.books.dropped(.malformed) + run.books.dropped(.stopped) == 3)
    }

    @Test(arguments: 0..<6)
    func `rows that a failed sink had taken are unwritten`(seed: UInt64) throws {
        var options = limited(900)
        options.sinkRoom = 100
        let run = try BookedRun(doubled(), seed: seed, options)
        #expect(run.books.imbalances == [])
        #expect(run.books.dropped(.unwritten) > 0)
        #expect(run.books.taken == UInt64(run.rows.count) + run.books.dropped)
        let count = run.books.dropped(.unwritten)
        #expect(run.books.guarantee.contains("\(count) rows were not written"))
    }

    @Test(arguments: [EdgePolicy.dropNewest, .dropOldest])
    func `an edge without room counts what it drops`(policy: EdgePolicy) throws {
        let pipeline = Pipeline("narrow") { flow in
            flow.read("times", from: secondsOfTime)
                .over(EdgeOptions(bounds: ChannelBounds(messages: 2), policy: policy))
                .write("rows") { "\($0)" }
        }
        let run = try BookedRun(pipeline, limited(900))
        #expect(run.books.imbalances == [])
        #expect(run.books.dropped(.policy) > 0)
        #expect(run.books.taken == UInt64(run.rows.count) + run.books.dropped(.policy))
    }

    @Test(arguments: 0..<6)
    func `timers that are not due at the end are counted`(seed: UInt64) throws {
        let pipeline = Pipeline("timers") { flow in
            flow.read("times", from: secondsOfTime)
                .keyed { $0 }
                .process(
                    "later", state: 0, emitting: Int.self, onTimer: { _, _, _ in }
                ) { _, _, context in
                    context.setTimer(atProcessingTime: context.started + .seconds(3_600))
                }
                .write("rows") { "\($0)" }
        }
        let run = try BookedRun(pipeline, seed: seed, limited(50))
        #expect(run.books.imbalances == [])
        #expect(run.drops == ["later: 50 timer"])
        #expect(run.books.guarantee == "each input once, but 50 timers were not due")
    }

    @Test(arguments: 0..<6)
    func `a hard stop counts what waits in channels`(seed: UInt64) throws {
        let pipeline = Pipeline("stopped") { flow in
            flow.read("times", from: secondsOfTime)
                .map("stop") { number in
                    if number == 600 { runningExecution()?.stop(.abandoned, step: .max) }
                    return number
                }
                .keyed { $0 % 3 }
                .window(.tumbling(.seconds(100)))
                .aggregate("count", from: 0) { count, _ in count += 1 }
                .write("rows") { "\($0.value)" }
        }
        let run = try BookedRun(pipeline, seed: seed, limited(2_000))
        let books = run.books
        #expect(books.imbalances == [])
        #expect(!books.isDrained && books.dropped(.stopped) > 0)
        // What a pane that was written had counted, what is in open windows, what waits.
        let panes = run.rows.reduce(0) { $0 + (UInt64($1) ?? 0) }
        let waiting = books.drops.filter { $0.stage != "rows" }.reduce(0) { $0 + $1.count }
        let closed = books.operators.filter { $0.name == "count" }.reduce(0) { $0 + $1.handled }
        #expect(books.taken == closed + books.held + waiting)
        #expect(panes <= closed)
        #expect(books.guarantee.hasSuffix(": stopped before the drain ended"))
    }

    @Test(arguments: 0..<6)
    func `lines that were read and not taken are counted, and the open one`(
        seed: UInt64
    ) throws {
        var options = Options()
        options.input = (0..<500).map { "\($0)\n" }.joined() + "50"
        options.inputEnds = false
        options.isRepeatable = false
        let run = try BookedRun(numbersOfText { runningExecution()?.end() }, seed: seed, options)
        #expect(run.books.imbalances == [] && run.books.isDrained)
        #expect(run.books.dropped(.incomplete) == 1)
        #expect(run.books.taken == 500)
        #expect(run.rows.count + Int(run.books.dropped(.stopped)) == 500)
        #expect(run.books.dropped(.stopped) > 0)
        #expect(
            run.books.guarantee.contains(
                "\(run.books.dropped(.stopped)) elements that were read were not processed: "
                    + "the input ended before they were taken; 1 open last line was not taken"))
    }

    @Test func `what a file still holds can be read again and is not counted`() throws {
        var options = Options()
        options.input = (0..<500).map { "\($0)\n" }.joined() + "50"
        options.inputEnds = false
        let run = try BookedRun(numbersOfText { runningExecution()?.end() }, options)
        #expect(run.books.taken < 500)
        #expect(run.drops == [])
    }

    @Test func `the last line of a file that ends is a line, with or without its end`() throws {
        var options = Options()
        options.input = "1\n2"
        options.isRepeatable = false
        let run = try BookedRun(numbersOfText(), options)
        #expect(run.rows == ["1", "2"])
        #expect(run.drops == [])
    }

    @Test func `nothing beyond the limit was asked for`() throws {
        var options = limited(3)
        options.input = "1\n2\n3\n4\n5"
        options.inputEnds = false
        options.isRepeatable = false
        #expect(try BookedRun(numbersOfText(), options).drops == [])
    }

    @Test func `calls hold their elements until they are answered or given up`() throws {
        let pipeline = Pipeline("calls") { flow in
            flow.read("times", from: secondsOfTime)
                .callAsync(
                    "call", emitting: Int.self, timeout: .microseconds(50), call: { _, _ in nil }
                ) { number, _, context in
                    if number == 20 { runningExecution()?.stop(.abandoned, step: .max) }
                    context.emit(number)
                }
                .write("rows") { "\($0)" }
        }
        #expect(try BookedRun(pipeline, limited(20)).books.guarantee == "each input once")
        let run = try BookedRun(pipeline, limited(900))
        #expect(run.books.imbalances == [])
        #expect(run.books.held > 0)
    }

    /// Threads that ask at once meet each other in most rounds, and not in each.
    @Test func `books that several ask for at once count what is left over once`() throws {
        for _ in 0..<40 {
            let hand = try HandExecution(
                Pipeline("two", parallelism: 1) { flow in
                    flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
                })
            hand.take("in/0", count: 200)
            let execution = hand.execution
            let threads = (0..<4).map { number in
                SystemThread("books-\(number)") { _ = execution.closeBooks() }
            }
            threads.forEach { $0.join() }
            #expect(hand["rows/0"].counters.dropped(.stopped) == 200)
        }
    }

    @Test func `what waits counts as stopped where a run is given up`() throws {
        let hand = try HandExecution(
            Pipeline("two", parallelism: 1) { flow in
                flow.read("in", from: secondsOfTime).write("rows") { "\($0)" }
            })
        hand.take("in/0", count: 200)
        let books = hand.execution.partialBooks()
        #expect(books.isPartial && books.taken == 200 && books.queued == 200)
        #expect(books.drops == [Books.Drop(stage: "rows", reason: .stopped, count: 200)])
    }

    @Test func `rows handed over to a writer that fails meanwhile are unwritten`() {
        let sink = LateFailure()
        let feed = WriterFeed(sink: "rows", writing: sink, onRoom: {}, onFailure: { _ in })
        feed.start()
        for count in 1...3 { #expect(feed.offer([0x78, 0x0A], count: count)) }
        sink.fail()
        feed.join()
        #expect(feed.account == RowAccount(written: 0, unwritten: 6))
        #expect(feed.offer([0x78, 0x0A], count: 4))
        #expect(feed.account == RowAccount(written: 0, unwritten: 10))
    }

    /// Whatever is lost anywhere makes one of the numbers that are held against each other too
    /// small; here each in turn is one too large.
    @Test func `a number that is wrong in any place shows`() throws {
        let run = try BookedRun(windows(late: true), limited(300))
        var changes = 0
        func expectsImbalance(_ figure: String, change: (UInt64) -> Void) {
            change(1)
            #expect(run.execution.books(isOver: true).imbalances != [], "\(figure)")
            change(0 &- 1)
            #expect(run.execution.books(isOver: true).imbalances == [], "\(figure)")
            changes += 1
        }
        for subtask in run.execution.subtasks {
            for (index, link) in subtask.chain.links.enumerated() {
                let books = subtask.chain.books
                expectsImbalance("\(link.name) took") { books[index].taken &+= $0 }
                expectsImbalance("\(link.name) handled") { books[index].handled &+= $0 }
                expectsImbalance("\(link.name) dropped") { books[index].drop($0, .late) }
            }
            for inlet in subtask.inlets {
                expectsImbalance("inlet of \(subtask.name)") { inlet.totalElements &+= $0 }
            }
            for outlet in subtask.outlets where outlet.channel != nil {
                expectsImbalance("outlet of \(subtask.name)") { outlet.totalElements &+= $0 }
            }
        }
        #expect(changes > 20)
    }
}

@Suite struct GuaranteeTests {
    private func books(
        isDrained: Bool, held: UInt64 = 0, _ drops: [DropReason: UInt64]
    ) -> Books {
        var books = Books()
        books.isDrained = isDrained
        books.held = held
        books.drops = DropReason.allCases.compactMap { reason in
            drops[reason].map { Books.Drop(stage: "a", reason: reason, count: $0) }
        }
        return books
    }

    @Test func `each input once is said only of a drained run without drops`() {
        #expect(books(isDrained: true, [:]).guarantee == "each input once")
        #expect(
            books(isDrained: true, [.late: 3, .malformed: 1]).guarantee
                == "each input once, but 3 late elements were dropped, 1 element could not be read")
        #expect(books(isDrained: false, [:]).guarantee == "none: stopped before the drain ended")
    }

    @Test func `a hard stop says how much was read in vain`() {
        #expect(
            books(isDrained: false, [.stopped: 1_204]).guarantee
                == "1,204 elements that were read were not processed: stopped before the drain "
                + "ended")
        #expect(
            books(isDrained: false, held: 2, [.stopped: 1, .unwritten: 5, .late: 1]).guarantee
                == "1 element that was read was not processed, 2 lie in windows or calls that "
                + "never closed: stopped before the drain ended; 5 rows were not written; "
                + "1 late element was dropped")
    }

    @Test(arguments: DropReason.allCases)
    func `no reason goes without a word`(reason: DropReason) {
        let sentence = books(isDrained: true, [reason: 4_321]).guarantee
        #expect(sentence.contains("4,321 "))
    }

    @Test func `a failed sink is never a guarantee`() {
        #expect(books(isDrained: true, [.unwritten: 1]).guarantee == "1 row was not written")
    }
}

/// A sink that does not come back from a write until it is told to fail.
private final class LateFailure: RowWriting, @unchecked Sendable {
    // Unchecked: `isFailing` is guarded by `lock`.
    private let lock = ConditionLock()
    private var isFailing = false

    func fail() {
        lock.withLock {
            isFailing = true
            lock.broadcast()
        }
    }

    func write(_ rows: RawSpan) throws {
        lock.withLock { while !isFailing { lock.wait() } }
        throw Wanted()
    }

    func close() {}
}

// MARK: Pipelines

/// One element of ten comes twenty seconds behind.
private let everyTenthIsLate = Source<Int>.generator { index, _ in
    let second = Int64(clamping: index) - (index % 10 == 9 ? 20 : 0)
    return (Int(clamping: index), Instant(milliseconds: second * 1_000))
}

private func windows(late: Bool) -> Pipeline {
    Pipeline("windows", parallelism: 2) { flow in
        flow.read("times", from: late ? everyTenthIsLate : secondsOfTime)
            .map("double") { $0 * 2 }
            .filter("all") { $0 >= 0 }
            .keyed { $0 % 3 }
            .window(.tumbling(.seconds(1)))
            .aggregate("count", from: 0) { count, _ in count += 1 }
            .flatMap("once") { [$0.value] }
            .write("rows") { "\($0)" }
    }
}

private func doubled() -> Pipeline {
    Pipeline("doubled") { flow in
        flow.read("times", from: secondsOfTime).map { $0 * 2 }.write("rows") { "\($0)" }
    }
}

private func numbersOfText(atSecond: @escaping @Sendable () -> Void = {}) -> Pipeline {
    Pipeline("text") { flow in
        flow.read(
            "lines",
            from: Source<Int>.lines { bytes, number in
                if number == 1 { atSecond() }
                guard let value = Int(String(decoding: bytes)) else {
                    throw Wanted()
                }
                return (value, nil)
            }
        )
        .write("rows") { "\($0)" }
    }
}

/// Numbers from 0 on, a millisecond apart: a hundred of them between two watermarks.
private let milliseconds = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
}

/// Where a pipeline of every kind of operator fails.
private enum FailurePoint: CaseIterable {
    case map, filter, flatMap, process, whole, timer, window, sink
}

/// Each element becomes one row, or fails at `point` when it is the 500th.
private func failing(at point: FailurePoint) -> Pipeline {
    @Sendable func pass(_ number: Int, _ here: FailurePoint) throws {
        if here == point, number == 500 { throw Wanted() }
    }
    return Pipeline("failing", parallelism: 2) { flow in
        flow.read("times", from: milliseconds)
            .map("map") { number in
                try pass(number, .map)
                return number
            }
            .filter("filter") { number in
                try pass(number, .filter)
                return true
            }
            .flatMap("flatMap") { number in
                try pass(number, .flatMap)
                return [number]
            }
            .process("whole", state: 0, emitting: Int.self) { number, _, context in
                try pass(number, .whole)
                context.emit(number)
            }
            .keyed { $0 % 5 }
            .process(
                "process", state: 0, emitting: Int.self,
                onTimer: { _, _, context in
                    try pass(Int(context.eventTime.nanoseconds / 1_000_000), .timer)
                }
            ) { number, _, context in
                try pass(number, .process)
                context.setTimer(atEventTime: context.eventTime)
                context.emit(number)
            }
            .keyed { $0 }
            .window(.tumbling(.seconds(1)))
            .aggregate("window", from: 0) { value, number in
                try pass(number, .window)
                value = number
            }
            .write("rows") { pane in
                try pass(pane.value, .sink)
                return "\(pane.value)"
            }
    }
}
