import Foundation
import Testing
import Weir
import WeirTesting

private struct Event: Codable, Sendable {
    var id: Int
}

private func events(_ policy: MalformedPolicy<Event>) -> Pipeline {
    Pipeline("events") { flow in
        flow.read("events", from: .jsonLines(as: Event.self, malformed: policy))
            .write("ids") { "\($0.id)" }
    }
}

private let input = Array("{\"id\":1}\nno\n\n{\"id\":\"x\"}\n{\"id\":2}\n".utf8)

@Suite struct MalformedTests {
    @Test func `the first malformed line ends the run and is named`() throws {
        let run = try events(.fail).simulate(seed: 1, inputs: ["events": input])
        let failure = try #require(run.failure)
        #expect(failure.contains("line 2, column 1: no value begins with"))
    }

    @Test func `malformed lines are passed over where that is wanted`() throws {
        let run = try events(.skip).simulate(seed: 1, inputs: ["events": input])
        #expect(run.failure == nil)
        #expect(run.rows["ids"] == ["1", "2"])
    }

    @Test func `a malformed line can become an element`() throws {
        let policy = MalformedPolicy<Event>.element { Event(id: -Int($0.line)) }
        let run = try events(policy).simulate(seed: 1, inputs: ["events": input])
        #expect(run.rows["ids"] == ["1", "-2", "-4", "2"])
    }

    @Test func `blank lines are no elements, but lines`() throws {
        let run = try events(.skip).simulate(seed: 1, inputs: ["events": input])
        #expect(run.elements == 4)
    }

    @Test func `the article's example is this one and says why a line is none`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let article = try String(
            contentsOf: folder.appending(path: "../../Sources/Weir/Weir.docc/WritingPipelines.md"),
            encoding: .utf8)
        let source = try String(
            contentsOf: folder.appending(path: "StrictOrders.swift"), encoding: .utf8)
        let code = try #require(source.range(of: "struct Order:"))
        #expect(article.contains(source[code.lowerBound...]))
        let text = #"{"item":"a","quantity":1}"# + "\n" + #"{"item":"b"}"#
        let run = try strictOrders.simulate(seed: 1, inputs: ["orders": Array(text.utf8)])
        #expect(run.rows["accepted"]?.count == 1)
        #expect(run.rows["refused"] == ["line 2, column 1: it has no member quantity"])
    }

    @Test func `malformed lines can be a stream with their bytes, reasons and places`() throws {
        let pipeline = Pipeline("events") { flow in
            let (events, malformed) = flow.readWithMalformed(
                "events", from: .jsonLines(as: Event.self))
            events.write("ids") { "\($0.id)" }
            malformed.write("malformed") {
                let text = String(decoding: $0.bytes, as: UTF8.self)
                return "\($0.line):\($0.column ?? 0) at \($0.offset): \(text): \($0.reason)"
            }
        }
        let run = try pipeline.simulate(seed: 1, inputs: ["events": input])
        #expect(run.rows["ids"] == ["1", "2"])
        #expect(
            run.rows["malformed"] == [
                "2:1 at 9: no: no value begins with 'n'",
                "4:7 at 13: {\"id\":\"x\"}: member id is a text, not Int",
            ])
    }

    @Test func `a member that is missing is named, wherever it is due`() throws {
        struct Outer: Codable, Sendable { var events: [Event] }
        let pipeline = Pipeline("outer") { flow in
            flow.read(
                "outer",
                from: .jsonLines(
                    as: Outer.self, malformed: .fail)
            ).write("rows")
        }
        let line = Array(#"{"events":[{"id":1},{"ix":2}]}"#.utf8)
        let failure = try pipeline.simulate(seed: 1, inputs: ["outer": line]).failure
        #expect(
            failure?.contains("line 1, column 21: member events[1] has no member id") == true)
    }

    @Test func `a number that a row cannot hold is named with its member`() throws {
        struct Mean: Codable, Sendable { var mean: Double }
        let pipeline = Pipeline("means") { flow in
            flow.read("events", from: .jsonLines(as: Event.self))
                .map("mean") { Mean(mean: $0.id > 0 ? 1 : .nan) }
                .write("rows")
        }
        let text = Array("{\"id\":1}\n{\"id\":-1}\n".utf8)
        let failure = try pipeline.simulate(seed: 1, inputs: ["events": text]).failure
        #expect(failure?.contains("rows") == true)
        #expect(failure?.contains("member mean is nan, which JSON cannot hold") == true)
    }
}

@Suite struct NotANumberTests {
    private struct Measure: Codable, Sendable { var value: Double }

    private static func keyed(_ value: Double) -> Double { value < 0 ? .nan : value }

    private let input = Array(
        (["-1", "-1", "-1", "0.0", "-0.0"].map { "{\"value\":\($0)}\n" }.joined()).utf8)

    @Test func `not-a-number is one key, and so are both zeros`() throws {
        let pipeline = Pipeline("nan") { flow in
            flow.read("events", from: .jsonLines(as: Measure.self))
                .keyed { Self.keyed($0.value) }
                .process("count", state: 0, emitting: String.self) { event, count, context in
                    count += 1
                    context.emit("\(event.value) \(count)")
                }
                .write("rows") { $0 }
        }
        let run = try pipeline.simulate(seed: 1, inputs: ["events": input])
        #expect(
            run.rows["rows"]?.sorted() == ["-0.0 2", "-1.0 1", "-1.0 2", "-1.0 3", "0.0 1"])
    }

    @Test func `not-a-number is one key of a window`() throws {
        let pipeline = Pipeline("nan") { flow in
            flow.read(
                "events",
                from: .jsonLines(
                    as: Measure.self, eventTime: { _ in Instant(nanoseconds: 0) },
                    watermark: .ordered)
            )
            .keyed { Self.keyed($0.value) }
            .window(.tumbling(.seconds(1)))
            .aggregate("count", from: 0) { count, _ in count += 1 }
            .write("rows") { "\($0.key) \($0.value)" }
        }
        let run = try pipeline.simulate(seed: 1, inputs: ["events": input])
        #expect(run.rows["rows"]?.sorted() == ["0.0 2", "nan 3"])
    }

    @Test func `a condition on the state of not-a-number begins not to hold once`() throws {
        let pipeline = Pipeline("nan") { flow in
            let count = flow.keyedState(by: Double.self, initial: 0)
            flow.invariant("few", on: count) { _, count in count < 2 }
            flow.read("events", from: .jsonLines(as: Measure.self))
                .keyed { _ in Double.nan }
                .process("count", state: count, emitting: Int.self) { _, count, context in
                    count += 1
                    context.emit(count)
                }
                .write("rows") { "\($0)" }
        }
        for seed in 0..<20 as Range<UInt64> {
            let run = try pipeline.simulate(seed: seed, inputs: ["events": input])
            #expect(run.violations.count == 1)
        }
    }
}
