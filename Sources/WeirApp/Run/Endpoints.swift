import WeirBase
import WeirConnectors
import WeirEngine
import WeirTelemetry
import WeirTrace

/// Where a run reads and writes: what the pipeline says, changed by the command line.
///
/// `RunSession` makes it from the checked options, which finds all wrong names, and then calls
/// `open` once. Opening empties files, so that everything is judged first: a run must not overwrite
/// its own input, another sink's output, or a recorded trace.
struct Endpoints {
    private let options: RunOptions
    private let planned: PlannedPipeline
    /// By the source's name: a path, or `-` for standard input.
    private(set) var inputs: [String: String]
    /// By the sink's name: what the command line says; sinks that it does not name are missing.
    private let outputs: [String: String]

    /// Finds what each source reads. It throws where a name is unknown, or where a source has
    /// nothing to read.
    init(_ options: RunOptions, _ planned: PlannedPipeline) throws {
        self.options = options
        self.planned = planned
        let plan = planned.plan
        inputs = try Assignments.locations(
            options.inputs, "--input", names: plan.sources.filter(\.readsBytes).map(\.name),
            kind: "source")
        outputs = try Assignments.locations(
            options.outputs, "--output", names: plan.sinks.map(\.name), kind: "sink")
        for source in plan.sources where source.readsBytes && inputs[source.name] == nil {
            guard let standard = planned.defaultSource(of: source.index) else {
                throw CommandFailure.usage(
                    "source \(source.name) needs something to read",
                    "Give --input PATH, or --input - for standard input")
            }
            // What the pipeline itself names is the default.
            inputs[source.name] = standard.location
        }
    }

    /// Opens all inputs and outputs, in the plan's order. Nothing is opened when any of them is
    /// refused.
    func open() throws -> LiveOutside.Connections {
        // Nothing is opened, and so emptied, before all files are known to differ.
        let sinks = try judge()
        var connections = LiveOutside.Connections()
        connections.locations = planned.plan.sources.map { inputs[$0.name] ?? "" }
        for source in planned.plan.sources {
            guard source.readsBytes, let location = inputs[source.name] else {
                connections.sources.append(nil)
                connections.storesInput.append(false)
                continue
            }
            let reading = try self.source(location).open()
            connections.sources.append(reading)
            // An input whose size is not known counts as large.
            let isSmall = ByteCount(reading.byteCount ?? .max) <= AppBounds.embeddedFileBytes
            // A pipe can be read only once, so that its bytes have to go into the trace.
            connections.storesInput.append(
                !reading.isRepeatable || options.embedsInput || isSmall)
        }
        for sink in sinks { connections.sinks.append(try sink.open()) }
        return connections
    }

    /// The sinks that write to standard output. `EndingWatch` is patient with their reader.
    var standardOutputs: Set<String> {
        Set(
            planned.plan.sinks.filter { sink in
                outputs[sink.name].map { $0 == "-" }
                    ?? (planned.defaultSink(of: sink.index) is StandardOutputSink)
            }.map(\.name))
    }

    /// What reads an input; nothing is opened yet.
    private func source(_ location: String) throws -> any ByteSource {
        if location == "-" {
            if options.follows {
                throw CommandFailure.usage(
                    "standard input cannot be followed", "It ends by itself; leave --follow out")
            }
            return StandardInputSource()
        }
        // The command line's contract has this form for later builds: it must not be taken for a
        // file's name.
        if location.hasPrefix("tcp://") {
            throw CommandFailure.usage(
                "this build cannot read from \(PrintableText.escaped(location))",
                "Read a file or standard input")
        }
        return options.follows
            ? FollowedFileSource(path: location, linger: options.linger)
            : FileSource(path: location)
    }

    /// What writes the rows of each sink, in the plan's order; where the trace goes is judged too.
    /// Nothing is opened yet.
    private func judge() throws -> [any RowSink] {
        var others = planned.plan.sources.compactMap { source in
            inputs[source.name].map {
                OutputDestination.Other(path: $0, what: "the input of source \(source.name)")
            }
        }
        var sinks: [any RowSink] = []
        for sink in planned.plan.sinks {
            let standard = planned.defaultSink(of: sink.index)
            if planned.countsRows(of: sink.index), outputs[sink.name] != nil {
                throw CommandFailure.usage(
                    "sink \(sink.name) counts its rows and writes none",
                    "Leave --output \(sink.name)=… out")
            }
            // A sink that writes to no file cannot overwrite one, and there is nothing to judge.
            guard let path = outputs[sink.name] ?? (standard as? FileSink)?.path else {
                sinks.append(standard ?? DiscardSink())
                continue
            }
            sinks.append(
                try OutputDestination(path, writer: "sink \(sink.name)", others: others).sink)
            // The next sinks must not write there.
            others.append(
                OutputDestination.Other(path: path, what: "the output of sink \(sink.name)"))
        }
        // An automatic trace has a name that is made up and never one that exists.
        if case .explicit(let path) = options.recording { try judge(recording: path, others) }
        return sinks
    }

    /// Refuses a trace, or lanes beside it, where something else is read or written.
    private func judge(recording path: String, _ others: [OutputDestination.Other]) throws {
        if path == "-" {
            throw CommandFailure.usage(
                "--record - would write the trace to standard output, and a trace is a file",
                "Name a file")
        }
        let location = try FileLocation(path)
        // The lanes' file is created beside the trace, and would overwrite as well.
        let lanes = MappedLanes.path(beside: location.target)
        for other in others where other.path != "-" {
            guard location.isSame(as: other.path) || other.leads(to: lanes) else { continue }
            throw CommandFailure.usage(
                "the trace would overwrite \(other.what)", "Write to another file")
        }
        _ = try RecordingDestination(path, overwrites: options.overwrites)
    }
}

extension OutputDestination.Other {
    /// Whether the file is the same as another one.
    fileprivate func leads(to file: String) -> Bool {
        (try? FileLocation(file))?.isSame(as: path) ?? false
    }
}
