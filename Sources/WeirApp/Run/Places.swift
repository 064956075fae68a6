import WeirBase
import WeirConnectors
import WeirEngine
import WeirTelemetry
import WeirTrace

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

    func open() throws -> LiveOutside.Connections {
        // Nothing is opened, and so emptied, before all places are known to differ.
        let sinks = try judge()
        var connections = LiveOutside.Connections()
        connections.locations = planned.plan.sources.map { inputs[$0.name] ?? "" }
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
        for sink in sinks { connections.sinks.append(try sink.open()) }
        return connections
    }

    /// Sinks that write to standard output.
    var standardOutputs: Set<String> {
        Set(
            planned.plan.sinks.filter { sink in
                outputs[sink.name].map { $0 == "-" }
                    ?? (planned.defaultSink(of: sink.index) is StandardOutputSink)
            }.map(\.name))
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
        return options.follows
            ? FollowedFileSource(path: place, linger: options.linger) : FileSource(path: place)
    }

    /// What writes the rows of each sink, in the plan's order; the trace's place is judged too.
    private func judge() throws -> [any RowSink] {
        var others = planned.plan.sources.compactMap { source in
            inputs[source.name].map {
                OutputPlace.Other(path: $0, what: "the input of source \(source.name)")
            }
        }
        var sinks: [any RowSink] = []
        for sink in planned.plan.sinks {
            let standard = planned.defaultSink(of: sink.index)
            guard let path = outputs[sink.name] ?? (standard as? FileSink)?.path else {
                sinks.append(standard ?? DiscardSink())
                continue
            }
            sinks.append(try OutputPlace(path, writer: "sink \(sink.name)", others: others).sink)
            others.append(OutputPlace.Other(path: path, what: "the output of sink \(sink.name)"))
        }
        if case .explicit(let path) = options.recording { try judge(recording: path, others) }
        return sinks
    }

    private func judge(recording path: String, _ others: [OutputPlace.Other]) throws {
        if path == "-" {
            throw CommandFailure.usage(
                "--record - would write the trace to standard output, and a trace is a file",
                "Name a file")
        }
        let place = try FilePlace(path)
        let lanes = MappedLanes.path(beside: place.target)
        for other in others where other.path != "-" {
            guard place.isSame(as: other.path) || other.leads(to: lanes) else { continue }
            throw CommandFailure.usage(
                "the trace would overwrite \(other.what)", "Write to another file")
        }
        _ = try RecordingPlace(path, overwrites: options.overwrites)
    }
}

extension OutputPlace.Other {
    fileprivate func leads(to file: String) -> Bool {
        (try? FilePlace(file))?.isSame(as: path) ?? false
    }
}
