import Testing
import WeirBase

@testable import WeirEngine

private let numbers = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: 0))
}

/// A state that keys would share.
private final class SharedTally: Codable, Sendable {}

/// Neither its elements nor what it is made of have a canonical form.
private struct Plain: Sendable {}

@Suite struct RefusedPlanTests {
    /// The sentence with which a pipeline is refused; nil where it is not.
    private func refusal(
        _ name: String = "planned", parallelism: Int = 2, settings: [String: String] = [:],
        parameters: [Parameter] = [], _ build: @escaping @Sendable (Flow) throws -> Void
    ) throws -> String? {
        let pipeline = Pipeline(
            name, parallelism: parallelism, parameters: parameters, build)
        do {
            _ = try pipeline.plan(settings: settings)
            return nil
        } catch let error as PlanError {
            return error.description
        }
    }

    private func named(_ name: String) throws -> String? {
        try refusal { _ = $0.read("in", from: numbers).filter(name) { $0 > 1 } }
    }

    @Test func `two parts of one name`() throws {
        let sentence =
            "two parts of pipeline planned are called count; give one of them another name"
        #expect(
            try refusal { flow in
                _ = flow.read("in", from: numbers).filter("count") { $0 > 1 }
                    .map("count") { $0 }
            } == sentence)
        #expect(
            try refusal { flow in
                _ = flow.sharedCell("count", initial: 0)
                _ = flow.read("count", from: numbers)
            } == sentence)
    }

    @Test(arguments: ["a", "Zähler-1_b.c", "数", String(repeating: "a", count: 40)])
    func `a plain name passes`(name: String) throws { #expect(try named(name) == nil) }

    @Test(arguments: [
        ("", ""), ("a b", "a b"), ("a/0", "a/0"), ("a>b", "a>b"), ("a\u{1B}[2J", "a\\u{1B}[2J"),
        (String(repeating: "a", count: 41), String(repeating: "a", count: 41)),
    ])
    func `a name that a line of output could not hold`(name: String, shown: String) throws {
        let sentence =
            "\(PrintableText.escaped(name)) cannot be a name; "
            + "use 1 to 40 letters, digits, '-', '_' and '.'"
        #expect(try named(name) == sentence)
        #expect(try refusal(name) { _ = $0.read("in", from: numbers) } == sentence)
        #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func `a state that all keys would share`() throws {
        #expect(
            try refusal { flow in
                _ = flow.read("in", from: numbers).keyed { $0 }
                    .process("count", state: SharedTally(), emitting: Int.self) { _, _, _ in }
            } == "the state of a process is of the class SharedTally, which all keys would share; "
                + "make it a struct")
        #expect(
            try refusal { flow in
                _ = flow.read("in", from: numbers).keyed { $0 }
                    .window(.tumbling(.seconds(1)))
                    .aggregate("count", from: SharedTally()) { _, _ in }
            } == "the value of a window is of the class SharedTally, which all keys would share; "
                + "make it a struct")
    }

    @Test func `a pipeline that reads nothing`() throws {
        #expect(
            try refusal { _ in } == "pipeline planned reads nothing; begin with flow.read")
    }

    @Test(arguments: [0, 129, -1])
    func `a parallelism that key groups cannot be dealt out to`(parallelism: Int) throws {
        #expect(
            try refusal(parallelism: parallelism) { _ = $0.read("in", from: numbers) }
                == "parallelism \(parallelism) must lie between 1 and 128")
    }

    @Test(arguments: [1, 128])
    func `the least and the greatest parallelism`(parallelism: Int) throws {
        #expect(try refusal(parallelism: parallelism) { _ = $0.read("in", from: numbers) } == nil)
    }

    @Test func `a setting that the pipeline does not have`() throws {
        let parameters = [Parameter("rate", default: "1")]
        func refusal(_ settings: [String: String]) throws -> String? {
            try self.refusal(settings: settings, parameters: parameters) {
                _ = $0.read("in", from: numbers)
            }
        }
        #expect(try refusal(["rate": "2"]) == nil)
        #expect(try refusal(["rats": "2"]) == "pipeline planned has no parameter rats")
    }

    @Test func `a setting that the pipeline refuses, with its first sentence`() throws {
        #expect(
            try refusal { flow in
                _ = flow.read("in", from: numbers)
                flow.refuse("no such rate")
                flow.refuse("nor anything else")
            } == "no such rate")
    }

    @Test func `elements without a canonical form where they cross to another stage`() throws {
        let within = try refusal { flow in
            _ = flow.read("in", from: numbers).map("plain") { _ in Plain() }.filter { _ in true }
        }
        #expect(within == nil)
        let across = try refusal { flow in
            _ = flow.read("in", from: numbers).map("plain") { _ in Plain() }.keyed { _ in 0 }
                .process("count", state: 0, emitting: Int.self) { _, _, _ in }
        }
        #expect(
            across
                == "the stream of plain crosses to count, so its type Plain must be Codable; make "
                + "it so, or map to one that is")
    }

    @Test func `a keyed state that no operator has, or two`() throws {
        func refusal(_ operators: [String]) throws -> String? {
            try self.refusal { flow in
                let state = flow.keyedState(by: Int.self, initial: 0)
                let keyed = flow.read("in", from: numbers).keyed { $0 }
                for name in operators {
                    _ = keyed.process(name, state: state, emitting: Int.self) { _, _, _ in }
                }
            }
        }
        #expect(try refusal(["one"]) == nil)
        #expect(
            try refusal([])
                == "pipeline planned makes a keyed state that no operator has; give it to a "
                + "process as state, or take it out")
        #expect(
            try refusal(["one", "two"]) == "one and two have one keyed state; make one for each")
    }

    @Test(arguments: [(128, true), (129, false)])
    func `more channels out of a subtask than its end note can count`(
        readers: Int, fits: Bool
    ) throws {
        let found = try refusal(parallelism: 1) { flow in
            let read = flow.read("in", from: numbers)
            for _ in 0..<readers { _ = read.filter { $0 > 1 } }
        }
        #expect(
            found
                == (fits
                    ? nil
                    : "in would write 129 channels, at most 128; lower the parallelism, or read "
                        + "its stream fewer times"))
    }

    @Test func `more subtasks than a trace can number`() throws {
        func refusal(_ stages: Int) throws -> String? {
            try self.refusal(parallelism: 128) { flow in
                var stream = flow.read("in", from: numbers)
                for _ in 0..<stages {
                    stream = stream.keyed { $0 }
                        .process(state: 0, emitting: Int.self) { _, _, _ in }
                }
            }
        }
        #expect(try refusal(511) == nil)
        #expect(
            try refusal(512) == "pipeline planned has more parts than a trace can number")
    }

    @Test func `what the build closure throws is what planning throws`() throws {
        #expect(throws: Wanted.self) {
            try Pipeline("planned") { _ in throw Wanted() }.plan()
        }
    }

    @Test func `asking for a parameter that the pipeline does not declare ends the process`()
        async
    {
        await #expect(processExitsWith: .failure) {
            _ = try Pipeline("planned") { _ = $0.parameter("rate") }.plan()
        }
    }
}
