import FoundationEssentials
import WeirBase
import WeirTelemetry

/// What is in a trace as JSON, so that other tools can read it: the header, the end, the metric
/// samples and the incidents.
///
/// Keys are in order and slashes are as they are, so that equal values are equal bytes.
enum JSONCodec {
    /// The JSON of any value. A type that has no JSON form is this program's own mistake.
    static func encode(_ value: some Encodable) throws(TraceError) -> [UInt8] {
        let encoder = JSONEncoder()
        // Without this the order of keys would differ from process to process.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw TraceError(.operating, "\(type(of: value)) has no JSON form: \(error)")
        }
    }

    /// Reads JSON; the error says what was expected, with text from the file made printable.
    static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: ArraySlice<UInt8>
    ) throws(MalformedBytes) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw MalformedBytes(offset: 0, reason: "\(type) cannot be read: \(reason(error))")
        }
    }

    /// What a decoding error says, made printable and short, as it may quote the file.
    private static func reason(_ error: any Error) -> String {
        PrintableText.escaped("\(error)", limit: 200)
    }

    /// The same bytes as the general `encode` gives for a sample, some ten times as fast.
    ///
    /// Samples come several times a second, and that of a wide plan holds thousands of entries.
    /// A test holds the two forms against each other.
    static func encode(_ sample: MetricSample) -> [UInt8] {
        var json = JSONText()
        // Members in the order of their names, as `encode` of any value has them by
        // `sortedKeys`. Whoever adds a member keeps that order here and below.
        json.beginObject()
        json.key("channels")
        json.beginArray()
        for channel in sample.channels { json.append(channel) }
        json.endArray()
        if let isPartial = sample.isPartial { json.member("isPartial", isPartial) }
        if let newest = sample.newest { json.member("newest", newest) }
        if let process = sample.process {
            json.key("process")
            json.append(process)
        }
        json.key("recorder")
        json.append(sample.recorder)
        if let rest = sample.restsFor { json.member("restsFor", rest) }
        json.member("step", sample.step)
        json.key("subtasks")
        json.beginArray()
        for subtask in sample.subtasks { json.append(subtask) }
        json.endArray()
        json.member("time", sample.time)
        json.endObject()
        // A message is one value; a line end would make two of it for the tools that read lines.
        assert(
            json.text.first == 0x7B && json.text.last == 0x7D,
            "the sample at \(sample.time) is not one object of \(json.text.count) bytes")
        return json.text
    }

    /// An incident as JSON. The form is apart from `Incident` so that the file does not change when
    /// the type does.
    private struct IncidentForm: Codable {
        var step: Step
        var kind: String
        var name: String
        var message: String
        var time: RunTime
        var access: Step?
        var element: UInt64?
        var `operator`: String?
    }

    /// The JSON of an incident.
    static func encode(_ incident: Incident) throws(TraceError) -> [UInt8] {
        try encode(
            IncidentForm(
                step: incident.step, kind: incident.kind.rawValue, name: incident.name,
                message: incident.message, time: incident.time, access: incident.access,
                element: incident.element?.number, operator: incident.element?.operatorName))
    }

    /// Reads an incident; one of a kind that this build does not know is refused.
    static func decodeIncident(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> Incident {
        let form = try decode(IncidentForm.self, bytes)
        guard let kind = Incident.Kind(rawValue: form.kind) else {
            throw MalformedBytes(
                offset: 0, reason: "a mark of kind \(PrintableText.escaped(form.kind))")
        }
        var element: Incident.ElementReference?
        // An element is named by both or not at all.
        if let number = form.element, let name = form.operator {
            element = Incident.ElementReference(operatorName: name, number: number)
        }
        return Incident(
            step: form.step, kind: kind, name: form.name, message: form.message, time: form.time,
            access: form.access, element: element)
    }

    /// The members of a metadata record for a value: its JSON, a hash of it, and plain members
    /// for other tools.
    ///
    /// MCAP gives metadata no checksum of its own, so the hash takes its place.
    static func members(
        _ value: some Encodable, plain: [(String, String)]
    ) throws(TraceError) -> [(String, String)] {
        // Readers take the first member of a name.
        assert(
            plain.allSatisfy { $0.0 != "json" && $0.0 != "hash" },
            "a plain member of \(type(of: value)) has the name of its JSON or its hash")
        let json = try encode(value)
        return [
            ("json", String(decoding: json, as: UTF8.self)), ("hash", hash(json)),
        ] + plain
    }

    /// The value of a metadata record, after a look at its hash. Plain members are not read.
    static func value<Value: Decodable>(
        _ type: Value.Type, of members: [(String, String)]
    ) throws(MalformedBytes) -> Value {
        guard let json = members.first(where: { $0.0 == "json" })?.1,
            let expected = members.first(where: { $0.0 == "hash" })?.1
        else { throw MalformedBytes(offset: 0, reason: "\(type) is not in the metadata") }
        // The hash is that of the JSON as it stands in the file, before anything in it is
        // believed.
        let bytes = Array(json.utf8)
        guard hash(bytes) == expected else {
            throw MalformedBytes(offset: 0, reason: "\(type) was changed: its hash does not fit")
        }
        return try decode(type, bytes[...])
    }

    /// The stable hash of some bytes as 16 hex digits.
    private static func hash(_ bytes: [UInt8]) -> String {
        var hash = StableHash()
        hash.combine(bytes: bytes)
        return hash.value.hexadecimal
    }

    /// The schema of samples for tools that look at the channel. It names the members and stays
    /// loose about what is in them.
    static let metricSchema = """
        {"title":"weir.MetricSample","type":"object","properties":{"time":{"type":"integer"},\
        "step":{"type":"integer"},"newest":{"type":"integer"},\
        "subtasks":{"type":"array","items":{"type":"object"}},\
        "channels":{"type":"array","items":{"type":"object"}},"recorder":{"type":"object"}}}
        """
    /// The schema of incidents.
    static let incidentSchema = """
        {"title":"weir.Mark","type":"object","properties":{"step":{"type":"integer"},\
        "kind":{"type":"string"},"name":{"type":"string"},"message":{"type":"string"},\
        "time":{"type":"integer"},"access":{"type":"integer"},"element":{"type":"integer"},\
        "operator":{"type":"string"}}}
        """
}

// Keys are in order, as everywhere in the JSON of a trace, and optional members that are nil are
// left out: exactly what `JSONEncoder` does.
extension JSONText {
    /// A channel's sample.
    fileprivate mutating func append(_ channel: ChannelSample) {
        beginObject()
        member("bytes", channel.bytes)
        member("capacity", channel.capacity)
        member("depth", channel.depth)
        member("dropped", channel.dropped)
        member("from", channel.from)
        member("name", channel.name)
        if let since = channel.oldestSince { member("oldestSince", since) }
        member("to", channel.to)
        endObject()
    }

    /// A subtask's sample. What it does not know or does not have is left out.
    fileprivate mutating func append(_ subtask: SubtaskSample) {
        beginObject()
        member("backpressured", subtask.backpressured)
        if let busiest = subtask.busiestKey {
            key("busiestKey")
            beginObject()
            member("key", busiest.key)
            member("share", busiest.share)
            endObject()
        }
        member("busy", subtask.busy)
        member("bytesIn", subtask.bytesIn)
        member("bytesOut", subtask.bytesOut)
        if let drops = subtask.drops {
            key("drops")
            beginArray()
            for drop in drops { append(drop) }
            endArray()
        }
        member("errors", subtask.errors)
        member("idle", subtask.idle)
        if let lag = subtask.lagRecords { member("lagRecords", lag) }
        if let since = subtask.lagSince { member("lagSince", since) }
        if let latencies = subtask.latencies {
            key("latencies")
            beginArray()
            for latency in latencies { append(latency) }
            endArray()
        }
        member("recordsIn", subtask.recordsIn)
        member("recordsOut", subtask.recordsOut)
        if let skew = subtask.skew { member("skew", skew) }
        member("stage", subtask.stage)
        member("subtask", subtask.subtask)
        member("turns", subtask.turns)
        if let waiting = subtask.waiting { member("waiting", waiting) }
        if let lag = subtask.watermarkLag { member("watermarkLag", lag) }
        endObject()
    }

    /// The latencies of one thing: class numbers and their counts in turn.
    private mutating func append(_ latency: LatencySample) {
        beginObject()
        key("counts")
        beginArray()
        for number in latency.counts { value(number) }
        endArray()
        member("hop", latency.hop)
        member("sum", latency.sum)
        endObject()
    }

    /// What the process used.
    fileprivate mutating func append(_ process: ProcessSample) {
        beginObject()
        member("processorNanoseconds", process.processorNanoseconds)
        member("residentBytes", process.residentBytes)
        endObject()
    }

    /// How many elements were dropped for one reason.
    private mutating func append(_ drop: DropSample) {
        beginObject()
        member("count", drop.count)
        member("reason", drop.reason)
        endObject()
    }

    /// What the recorder cost and lost.
    fileprivate mutating func append(_ recorder: RecorderSample) {
        beginObject()
        member("bytes", recorder.bytes)
        member("logsDropped", recorder.logsDropped)
        if let dropped = recorder.offersDropped { member("offersDropped", dropped) }
        if let bytes = recorder.sampleBytes { member("sampleBytes", bytes) }
        if let spent = recorder.sampleNanoseconds { member("sampleNanoseconds", spent) }
        endObject()
    }
}
