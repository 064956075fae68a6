import Testing
import WeirBase

@testable import WeirEngine

/// What a pipeline reads and writes where nothing else is said.
@Suite struct PlannedDefaultsTests {
    private struct GivenLocation: ByteSource, RowSink {
        let location: String
        func open() throws -> any ByteReading { throw Wanted() }
        func open() throws -> any RowWriting { throw Wanted() }
    }

    @Test func `each source and each sink has the default place of its own`() throws {
        let planned = try Pipeline("places", parallelism: 1) { flow in
            let first = flow.read("first", from: .text(from: GivenLocation(location: "a")))
            _ = flow.read("numbers", from: secondsOfTime).map { $0 }
            let last = flow.read("last", from: .text(from: GivenLocation(location: "b")))
            first.write("none") { $0 }
            first.union(last).write("rows", to: GivenLocation(location: "c")) { $0 }
            last.write("more", to: GivenLocation(location: "d")) { $0 }
        }.plan()
        #expect(planned.plan.sources.map(\.name) == ["first", "numbers", "last"])
        #expect((0..<4).map { planned.defaultSource(of: $0)?.location } == ["a", nil, "b", nil])
        #expect(planned.plan.sinks.map(\.name) == ["none", "rows", "more"])
        #expect((0..<4).map { planned.defaultSink(of: $0)?.location } == [nil, "c", "d", nil])
    }

    @Test func `a parameter has its default until it is set`() throws {
        let read = Guarded<[String]>([])
        let pipeline = Pipeline(
            "set", parameters: [Parameter("rate", default: "3"), Parameter("name", default: "x")]
        ) { flow in
            read.withLock { $0 += [flow.parameter("rate"), flow.parameter("name")] }
            _ = flow.read("in", from: secondsOfTime)
        }
        _ = try? pipeline.plan()
        _ = try? pipeline.plan(settings: ["name": "y"])
        #expect(read.withLock { $0 } == ["3", "x", "3", "y"])
    }
}
