import WeirBase
package import WeirTelemetry

/// Writes metric samples as JSON Lines, one line for each value. Owned by one thread.
///
/// A sample names only what changed. Whoever reads lines wants every value at every time, so a
/// table puts the whole together first, and all of it is written for each sample. Call `finish`
/// at the end.
///
/// The names are Prometheus' way: base units, and `_total` for what only grows.
package struct MetricExporter: LineExporter {
    /// One value of a sample by its Prometheus name, with the type, unit and labels of its line.
    struct Value {
        /// The metric's name, by which lines are chosen.
        var name: String
        /// `counter` or `gauge`.
        var type: String
        var unit: String
        /// The value; counters lose precision above 2^53, which no run reaches.
        var number: Double
        /// Which stage, subtask or channel it is about, in the order of the line.
        var labels: [(String, String)]
    }

    package var head: ExportHead
    /// All subtasks and channels as they were at the last sample.
    private var table: SampleTable

    package init(_ head: ExportHead) {
        self.head = head
        table = SampleTable(head.names.header)
    }

    /// Writes every value there is at a sample's time. Samples must come in the order of the
    /// run.
    package mutating func write(_ sample: MetricSample) throws {
        // Also one outside the filter's times: what it tells is needed to understand the next.
        table.take(sample)
        let time = sample.time.nanoseconds
        guard filter.admits(nanoseconds: time) else { return }
        let timestamp = names.timestamp(time)
        // Every subtask, also those that the sample does not name.
        for subtask in table.subtasks where filter.admits(stage: subtask.stage) {
            for value in Self.values(of: subtask, at: sample.time) { try write(value, timestamp) }
            for latency in subtask.latencies ?? [] { try write(latency, of: subtask, timestamp) }
        }
        for channel in table.channels where filter.admits(stage: Self.stage(of: channel.to)) {
            for value in Self.values(of: channel, at: sample.time) { try write(value, timestamp) }
        }
        // The recorder and the process belong to no stage.
        guard filter.stage == nil else { return }
        for value in Self.values(of: sample.recorder) { try write(value, timestamp) }
        guard let process = sample.process else { return }
        for value in Self.values(of: process) { try write(value, timestamp) }
    }

    /// Writes the latencies of one thing as a histogram: their `count` and `sum`, and for each
    /// class that is not empty how many were at most `le` seconds long.
    private mutating func write(
        _ latency: LatencySample, of subtask: SubtaskSample, _ timestamp: String
    ) throws {
        // The whole way and its hops are metrics of their own, as they must not be added up.
        let isWhole = latency.hop == LatencySample.wholeWay
        let classes = latency.classes
        head.lines.json.beginObject()
        head.lines.json.member("timestamp", timestamp)
        head.lines.json.member(
            "name", isWhole ? "weir_end_to_end_latency_seconds" : "weir_hop_latency_seconds")
        head.lines.json.member("type", "histogram")
        head.lines.json.member("unit", "seconds")
        head.lines.json.member("count", classes.reduce(0, &+))
        head.lines.json.member("sum", Double(latency.sum) / 1e9)
        head.lines.json.key("buckets")
        head.lines.json.beginArray()
        var count: UInt64 = 0
        for (index, found) in classes.enumerated() where found > 0 {
            // The last class has no upper bound; what is in it is in `count` alone.
            guard let bound = LatencyClass.upperBound(of: index) else { continue }
            // Prometheus counts what is at most `le`, so each bucket includes those below it.
            count &+= found
            head.lines.json.beginObject()
            head.lines.json.member("le", Double(bound) / 1e9)
            head.lines.json.member("count", count)
            head.lines.json.endObject()
        }
        head.lines.json.endArray()
        head.lines.json.key("labels")
        head.lines.json.beginObject()
        head.lines.json.member("pipeline", names.header.pipeline)
        head.lines.json.member("stage", subtask.stage)
        head.lines.json.member("subtask", "\(subtask.subtask)")
        if !isWhole { head.lines.json.member("hop", latency.hop) }
        head.lines.json.endObject()
        try head.lines.endLine()
    }

    /// Writes one value as a line. Every line has the pipeline as its first label.
    private mutating func write(_ value: Value, _ timestamp: String) throws {
        head.lines.json.beginObject()
        head.lines.json.member("timestamp", timestamp)
        head.lines.json.member("name", value.name)
        head.lines.json.member("type", value.type)
        head.lines.json.member("unit", value.unit)
        head.lines.json.member("value", value.number)
        head.lines.json.key("labels")
        head.lines.json.beginObject()
        head.lines.json.member("pipeline", names.header.pipeline)
        // Then what it is about.
        for (name, label) in value.labels { head.lines.json.member(name, label) }
        head.lines.json.endObject()
        try head.lines.endLine()
    }

    /// The stage of a subtask's name: `enrich` of `enrich/1`.
    private static func stage(of subtask: String) -> String {
        guard let slash = subtask.lastIndex(of: "/") else { return subtask }
        return String(subtask[..<slash])
    }

    /// Seconds from one time of the run to another; 0 where that is not later.
    private static func age(_ since: RunTime?, at time: RunTime) -> Double {
        guard let since else { return 0 }
        return max(.zero, time.since(since) ?? .zero).seconds
    }

    /// The values of a subtask. What a sample does not know, as it may be one of an older build,
    /// gives no line.
    static func values(of sample: SubtaskSample, at time: RunTime) -> [Value] {
        let labels = [("stage", sample.stage), ("subtask", "\(sample.subtask)")]
        func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
        var values: [Value] = [
            .counter("weir_records_in_total", unit: "records", sample.recordsIn, labels),
            .counter("weir_records_out_total", unit: "records", sample.recordsOut, labels),
            .counter("weir_bytes_in_total", unit: "bytes", sample.bytesIn.rawValue, labels),
            .counter("weir_bytes_out_total", unit: "bytes", sample.bytesOut.rawValue, labels),
            .counter("weir_errors_total", unit: "errors", sample.errors, labels),
        ]
        var times = [
            ("busy", sample.busy), ("idle", sample.idle), ("backpressured", sample.backpressured),
        ]
        // Older builds took waiting for idle; their lines have neither of the two.
        if let waiting = sample.waiting {
            // No barriers come into this engine from outside, so that no subtask ever aligns.
            times += [("waiting", waiting), ("aligning", 0)]
        }
        // Each state is a metric of its own; they add up to the time that the subtask was
        // there.
        for (name, time) in times {
            values.append(
                Value(
                    name: "weir_\(name)_seconds_total", type: "counter", unit: "seconds",
                    number: seconds(time), labels: labels))
        }
        // One line for each reason, as only by its reason a loss can be judged.
        for drop in sample.drops ?? [] {
            values.append(
                .counter(
                    "weir_records_dropped_total", unit: "records", drop.count,
                    labels + [("reason", drop.reason)]))
        }
        if let lag = sample.lagRecords {
            values.append(.gauge("weir_source_lag_records", unit: "records", Double(lag), labels))
        }
        // A source whose lag is known says how old it is too, if only that nothing waits.
        if sample.lagRecords != nil || sample.lagSince != nil {
            let age = age(sample.lagSince, at: time)
            values.append(.gauge("weir_source_lag_seconds", unit: "seconds", age, labels))
        }
        if let skew = sample.skew {
            values.append(
                .gauge("weir_source_skew_seconds", unit: "seconds", Double(skew) / 1e9, labels))
        }
        if let lag = sample.watermarkLag {
            values.append(
                .gauge("weir_watermark_lag_seconds", unit: "seconds", Double(lag) / 1e9, labels))
        }
        return values
    }

    /// The recorder's own cost and losses.
    static func values(of sample: RecorderSample) -> [Value] {
        var values: [Value] = [
            .counter("weir_recorder_bytes_total", unit: "bytes", sample.bytes.rawValue, []),
            .counter(
                "weir_recorder_dropped_total", unit: "records", sample.logsDropped,
                [("signal", "logs")]),
        ]
        if let dropped = sample.offersDropped {
            values.append(
                .counter(
                    "weir_recorder_dropped_total", unit: "records", dropped,
                    [("signal", "metrics")]))
        }
        if let bytes = sample.sampleBytes {
            values.append(
                .counter("weir_recorder_sample_bytes_total", unit: "bytes", bytes.rawValue, []))
        }
        if let spent = sample.sampleNanoseconds {
            values.append(
                Value(
                    name: "weir_recorder_sample_seconds_total", type: "counter", unit: "seconds",
                    number: Double(spent) / 1e9, labels: []))
        }
        return values
    }

    /// What the process uses, by the names that Prometheus' own clients give it.
    static func values(of sample: ProcessSample) -> [Value] {
        [
            Value(
                name: "process_cpu_seconds_total", type: "counter", unit: "seconds",
                number: Double(sample.processorNanoseconds) / 1e9, labels: []),
            .gauge(
                "process_resident_memory_bytes", unit: "bytes",
                Double(sample.residentBytes.rawValue), []),
        ]
    }

    /// The values of a channel. What it dropped counts for the stage that reads it.
    static func values(of sample: ChannelSample, at time: RunTime) -> [Value] {
        // A channel's name holds both of its ends.
        let labels = [("channel", sample.name)]
        // An edge drops by its policy, and the stage that reads it is short of the elements.
        let drops = [("stage", sample.to), ("channel", sample.name), ("reason", "policy")]
        return [
            .gauge("weir_channel_depth", unit: "records", Double(sample.depth), labels),
            .gauge("weir_channel_capacity", unit: "records", Double(sample.capacity), labels),
            .gauge("weir_channel_bytes", unit: "bytes", Double(sample.bytes.rawValue), labels),
            .gauge(
                "weir_channel_oldest_seconds", unit: "seconds", age(sample.oldestSince, at: time),
                labels),
            .counter(
                "weir_records_dropped_total", unit: "records", sample.dropped, drops),
        ]
    }
}

extension MetricExporter.Value {
    /// A value that only grows since the run's start.
    static func counter(
        _ name: String, unit: String, _ number: UInt64, _ labels: [(String, String)]
    ) -> Self {
        // By this ending, and not by the type, Prometheus' tools know what only grows.
        assert(name.hasSuffix("_total"), "the counter \(name) has the name of a gauge")
        return Self(
            name: name, type: "counter", unit: unit, number: Double(number), labels: labels)
    }

    /// A value that rises and falls.
    static func gauge(
        _ name: String, unit: String, _ number: Double, _ labels: [(String, String)]
    ) -> Self {
        assert(!name.hasSuffix("_total"), "the gauge \(name) has the name of a counter")
        return Self(name: name, type: "gauge", unit: unit, number: number, labels: labels)
    }
}

extension Trace {
    /// Writes the recorded metric samples as JSON Lines, in bounded memory.
    package func exportMetrics(
        filter: ExportFilter = ExportFilter(), output: @escaping ExportOutput
    ) throws {
        var exporter = MetricExporter(header: header, filter: filter, output: output)
        let cursor = metrics()
        while let sample = try cursor.next() { try exporter.write(sample) }
        try exporter.finish()
    }
}
