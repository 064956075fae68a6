import WeirBase
package import WeirTelemetry

/// Writes metric samples as JSON Lines, one line a metric. Owned by one thread; call `finish` at
/// the end.
package struct MetricExporter: LineExporter {
    /// One value of a sample, by its Prometheus name.
    struct Value {
        var name: String
        var type: String
        var unit: String
        var number: Double
        var labels: [(String, String)]
    }

    package var head: ExportHead
    /// Samples name what changed; whoever reads lines wants every value at every time.
    private var table: SampleTable

    package init(_ head: ExportHead) {
        self.head = head
        table = SampleTable(head.names.header)
    }

    package mutating func write(_ sample: MetricSample) throws {
        table.take(sample)
        let time = ExportNames.nanoseconds(sample.time)
        guard filter.admits(nanoseconds: time) else { return }
        let timestamp = names.timestamp(time)
        for subtask in table.subtasks where filter.admits(stage: subtask.stage) {
            for value in Self.values(of: subtask) { try write(value, timestamp) }
        }
        for channel in table.channels where filter.admits(stage: Self.stage(of: channel.to)) {
            for value in Self.values(of: channel) { try write(value, timestamp) }
        }
        guard filter.stage == nil else { return }
        for value in Self.values(of: sample.recorder) { try write(value, timestamp) }
    }

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
        for (name, label) in value.labels { head.lines.json.member(name, label) }
        head.lines.json.endObject()
        try head.lines.endLine()
    }

    /// `enrich` of `enrich/1`.
    private static func stage(of subtask: String) -> String {
        guard let slash = subtask.lastIndex(of: "/") else { return subtask }
        return String(subtask[..<slash])
    }

    static func values(of sample: SubtaskSample) -> [Value] {
        let labels = [("stage", sample.stage), ("subtask", "\(sample.subtask)")]
        func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
        var values: [Value] = [
            .counter("weir_records_in_total", unit: "records", sample.recordsIn, labels),
            .counter("weir_records_out_total", unit: "records", sample.recordsOut, labels),
            .counter("weir_bytes_in_total", unit: "bytes", sample.bytesIn, labels),
            .counter("weir_bytes_out_total", unit: "bytes", sample.bytesOut, labels),
            .counter("weir_errors_total", unit: "errors", sample.errors, labels),
        ]
        var times = [
            ("busy", sample.busy), ("idle", sample.idle), ("backpressured", sample.backpressured),
        ]
        if let waiting = sample.waiting {
            // No barriers come into this engine from outside, so that no subtask ever aligns.
            times += [("waiting", waiting), ("aligning", 0)]
        }
        for (name, time) in times {
            values.append(
                Value(
                    name: "weir_\(name)_seconds_total", type: "counter", unit: "seconds",
                    number: seconds(time), labels: labels))
        }
        for drop in sample.drops ?? [] {
            values.append(
                .counter(
                    "weir_records_dropped_total", unit: "records", drop.count,
                    labels + [("reason", drop.reason)]))
        }
        if let lag = sample.lagRecords {
            values.append(.gauge("weir_source_lag_records", unit: "records", Double(lag), labels))
        }
        if let lag = sample.watermarkLag {
            values.append(
                .gauge("weir_watermark_lag_seconds", unit: "seconds", Double(lag) / 1e9, labels))
        }
        return values
    }

    static func values(of sample: RecorderSample) -> [Value] {
        var values: [Value] = [
            .counter("weir_recorder_bytes_total", unit: "bytes", sample.bytes, []),
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
            values.append(.counter("weir_recorder_sample_bytes_total", unit: "bytes", bytes, []))
        }
        if let spent = sample.sampleNanoseconds {
            values.append(
                Value(
                    name: "weir_recorder_sample_seconds_total", type: "counter", unit: "seconds",
                    number: Double(spent) / 1e9, labels: []))
        }
        return values
    }

    static func values(of sample: ChannelSample) -> [Value] {
        let labels = [("channel", sample.name)]
        let drops = [("stage", sample.to), ("channel", sample.name), ("reason", "policy")]
        return [
            .gauge("weir_channel_depth", unit: "records", Double(sample.depth), labels),
            .gauge("weir_channel_capacity", unit: "records", Double(sample.capacity), labels),
            .gauge("weir_channel_bytes", unit: "bytes", Double(sample.bytes), labels),
            .counter(
                "weir_records_dropped_total", unit: "records", sample.dropped, drops),
        ]
    }
}

extension MetricExporter.Value {
    static func counter(
        _ name: String, unit: String, _ number: UInt64, _ labels: [(String, String)]
    ) -> Self {
        Self(name: name, type: "counter", unit: unit, number: Double(number), labels: labels)
    }

    static func gauge(
        _ name: String, unit: String, _ number: Double, _ labels: [(String, String)]
    ) -> Self {
        Self(name: name, type: "gauge", unit: unit, number: number, labels: labels)
    }
}

extension Trace {
    /// Writes the recorded metric samples as JSON Lines.
    package func exportMetrics(
        filter: ExportFilter = ExportFilter(), output: @escaping ExportOutput
    ) throws {
        var exporter = MetricExporter(header: header, filter: filter, output: output)
        let cursor = metrics()
        while let sample = try cursor.next() { try exporter.write(sample) }
        try exporter.finish()
    }
}
