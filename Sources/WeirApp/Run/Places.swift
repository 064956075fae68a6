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
            try refuseOverwritingInput(sink.name)
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

    private func refuseOverwritingInput(_ sink: String) throws {
        guard let path = outputs[sink], path != "-" else { return }
        for (source, place) in inputs where FileIdentity.isSame(place, path) {
            throw CommandFailure.usage(
                "sink \(sink) would overwrite the input of source \(source)",
                "Write to another file")
        }
    }
}
