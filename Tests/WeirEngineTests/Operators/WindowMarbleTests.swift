import Testing
import WeirBase

@testable import WeirEngine

@Suite struct WindowMarbleTests {
    /// Panes of five seconds come out with the last nanosecond of their windows.
    private func setup(
        _ panes: [Character: String], ends: [Character: Int64] = [:],
        times: [Character: Instant] = [:]
    ) -> MarbleRun.Setup {
        var setup = MarbleRun.Setup()
        setup.legend.times = times
        setup.legend.watermarks = ["U": .second(5).before, "V": .second(5).after]
        setup.output.values = panes
        setup.output.times = panes.keys.reduce(into: [:]) { result, pane in
            result[pane] = .second(ends[pane] ?? 5).before
        }
        return setup
    }

    /// What lies in a window, in the order in which it came; one key.
    private func collected(
        _ input: String, _ setup: MarbleRun.Setup
    ) throws -> MarbleRun {
        try MarbleRun(input, setup) { stream in
            stream.keyed { _ in "" }.window(.tumbling(.seconds(5)))
                .aggregate("panes", from: "") { $0 += $1 }
        }
    }

    @Test func `a window is emitted when the watermark has come to its end, and once`() throws {
        try collected("ab--c-W----W|", setup(["P": "abc"])).expect("------(PW)-W|")
    }

    @Test(arguments: [
        ("a----U-----|", "-----U-----(P|)"),
        ("a----W-----|", "-----(PW)--|"),
        ("a----V-----|", "-----(PV)--|"),
    ])
    func `a window closes at its end and not a nanosecond before`(
        input: String, output: String
    ) throws {
        try collected(input, setup(["P": "a"])).expect(output)
    }

    @Test func `a window has its first nanosecond and not that of the next one`() throws {
        let times: [Character: Instant] = [
            "x": .second(5).before, "y": .second(5), "z": .second(5).after,
        ]
        try collected("(xyz)-|", setup(["P": "x", "Q": "yz"], ends: ["Q": 10], times: times))
            .expect("------(PQ|)")
    }

    @Test func `the instant before the first window's is the last of an earlier one`() throws {
        let times: [Character: Instant] = [
            "x": .second(0).before, "y": .second(0), "z": .second(-5),
        ]
        try collected("(xyz)-|", setup(["P": "xz", "Q": "y"], ends: ["P": 0], times: times))
            .expect("------(PQ|)")
    }

    @Test func `windows of one watermark come in their order, and empty ones not at all`() throws {
        try collected(
            "a----b---------c----W-----|",
            setup(["P": "a", "Q": "b", "R": "c"], ends: ["Q": 10, "R": 20])
        ).expect("--------------------(PQRW)|")
    }

    @Test func `the end closes all windows in their order`() throws {
        try collected("a----b|", setup(["P": "a", "Q": "b"], ends: ["Q": 10]))
            .expect("------(PQ|)")
        try collected("--|", setup([:])).expect("--|")
    }

    @Test func `an element is late when its window was emitted and not before`() throws {
        let times: [Character: Instant] = ["l": .second(5).before, "o": .second(5)]
        let late = try collected(
            "a----W---(lo)-|", setup(["P": "a", "Q": "o"], ends: ["Q": 10], times: times))
        late.expect("-----(PW)-----(Q|)")
        #expect(late.drops == ["panes: 1 late"])
        let early = try collected("a----U---l-|", setup(["P": "al"], times: times))
        early.expect("-----U-----(P|)")
        #expect(early.drops == [])
    }

    @Test func `late elements go to their own stream when it is read`() throws {
        var setup = MarbleRun.Setup()
        setup.legend.times = ["l": .second(5).before, "m": .second(1)]
        let run = try MarbleRun("a----W---(lm)-b|", setup) { stream in
            stream.keyed { _ in "" }.window(.tumbling(.seconds(5)))
                .aggregateWithLate(from: "") { $0 += $1 }.late
        }
        run.expect("     -----W---(lm)--|")
        #expect(run.drops == [])
    }

    @Test func `panes of one window come in the order of their keys`() throws {
        let panes: [Character: String] = ["A": "a1", "B": "b2", "C": "c1"]
        try MarbleRun("(cbab)-----W-----|", setup(panes)) { stream in
            stream.keyed { $0 }.window(.tumbling(.seconds(5)))
                .aggregate(from: 0) { count, _ in count += 1 }
        }.expect("     -----------(ABCW)|")
    }

    @Test(arguments: 1...3)
    func `each key's panes are whole, however many subtasks there are`(parallelism: Int) throws {
        var setup = MarbleRun.Setup()
        setup.parallelism = parallelism
        try MarbleRun("abcabW---b----W|", setup) { stream in
            stream.keyed { $0 }.window(.tumbling(.seconds(5)))
                .aggregate(from: 0) { count, _ in count += 1 }
        }.outcome.expectElements([5: ["a2", "b2", "c1"], 14: ["b1"]])
    }

    @Test func `windows of several widths cut one stream each in its own way`() throws {
        let run = try MarbleRun("ab-c-----d-|", MarbleRun.Setup()) { stream in
            let keyed = stream.keyed { _ in "" }
            let short = keyed.window(.tumbling(.seconds(3))).aggregate("short", from: "") {
                $0 += $1
            }
            let long = keyed.window(.tumbling(.seconds(9))).aggregate("long", from: "") {
                $0 += $1
            }
            return short.union(long)
        }
        run.outcome.expectElements([11: ["ab", "abc", "c", "d", "d"]])
    }

    @Test func `what the aggregate throws ends the run, and its window is held`() throws {
        let run = try MarbleRun("a-b-|") { stream in
            stream.keyed { _ in "" }.window(.tumbling(.seconds(5)))
                .aggregate("panes", from: "") { value, element in
                    if element == "b" { throw MarbleFailure("no b") }
                    value += element
                }
        }
        run.expect("--!")
        #expect(run.failure == "panes: no b")
        #expect(run.outcome.books.held == 1)
    }

    @Test func `a pane says its window and its key`() throws {
        let run = try MarbleRun("a--b-|") { stream in
            stream.keyed { $0 }.window(.tumbling(.seconds(2))).aggregate(from: 0) { $0 += $1.count }
                .map { "\($0.key) \($0.start) \($0.end)" }
        }
        run.outcome.expectElements([
            5: [
                "a 1970-01-01T00:00:00.000000000Z 1970-01-01T00:00:02.000000000Z",
                "b 1970-01-01T00:00:02.000000000Z 1970-01-01T00:00:04.000000000Z",
            ]
        ])
    }
}
