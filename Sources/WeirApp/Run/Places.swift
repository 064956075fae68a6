import WeirBase
import WeirConnectors
import WeirEngine
import WeirTelemetry

/// Where a run reads and writes: what the pipeline says, changed by the command line.
struct Places {
    /// Whole files up to this size are taken into the trace.
    static let embeddedFileBytes: UInt64 = 4 << 20

    private let options: RunOptions
    private let planned: PlannedPipeline
    /// By source's name: a path or `-`.
    private(set) var inputs: [String: String]
    private let outputs: [String: String]

    init(_ options: RunOptions, _ planned: PlannedPipeline) throws {
        self.options = options
        self.planned = planned
        let plan = planned.plan
        inputs = try Assignments.places(
            options.inputs, "--input", names: plan.sources.filter(\.readsBytes).map(\.name),
            kind: "source")
        outputs = try Assignments.places(
            options.outputs, "--output", names: plan.sinks.map(\.name), kind: "sink")
        for source in plan.sources where source.readsBytes && inputs[source.name] == nil {
            guard let standard = planned.defaultSource(of: source.index) else {
                throw CommandFailure.usage(
                    "source \(source.name) needs something to read",
                    "Give --input PATH, or --input - for standard input")
            }
            inputs[source.name] = standard.location
        }
    }

    func open() throws -> LiveWorld.Connections {
        try refuseOverwriting()
        var connections = LiveWorld.Connections()
        for source in planned.plan.sources {
            guard source.readsBytes, let place = inputs[source.name] else {
                connections.sources.append(nil)
                connections.storesInput.append(false)
                continue
            }
            let reading = try self.source(place).open()
            connections.sources.append(reading)
            let isSmall = (reading.byteCount ?? .max) <= Self.embeddedFileBytes
            connections.storesInput.append(
                !reading.isRepeatable || options.embedsInput || isSmall)
        }
        for sink in planned.plan.sinks {
            connections.sinks.append(try self.sink(sink).open())
        }
        return connections
    }

    private func source(_ place: String) throws -> any ByteSource {
        if place == "-" {
            if options.follows {
                throw CommandFailure.usage(
                    "standard input cannot be followed", "It ends by itself; leave --follow out")
            }
            return StandardInputSource()
        }
        if place.hasPrefix("tcp://") {
            throw CommandFailure.usage(
                "this build cannot read from \(PrintableText.escaped(place))",
                "Read a file or standard input")
        }
        return options.follows ? FollowedFileSource(path: place) : FileSource(path: place)
    }

    private func sink(_ sink: SinkPlan) -> any RowSink {
        switch outputs[sink.name] {
        case "-": StandardOutputSink()
        case let path?: FileSink(path: path)
        case nil: planned.defaultSink(of: sink.index) ?? DiscardSink()
        }
    }

    /// Nothing is opened, and so emptied, before all places are known to differ.
    private func refuseOverwriting() throws {
        var others = planned.plan.sources.compactMap { source in
            inputs[source.name].map { (path: $0, what: "the input of source \(source.name)") }
        }
        for sink in planned.plan.sinks {
            guard let path = outputs[sink.name] else { continue }
            try FileIdentity.refuseOverwriting(path, by: "sink \(sink.name)", of: others)
            others.append((path, "the output of sink \(sink.name)"))
        }
        if case .explicit(let path) = options.recording {
            try FileIdentity.refuseOverwriting(path, by: "the trace", of: others)
        }
    }
}
