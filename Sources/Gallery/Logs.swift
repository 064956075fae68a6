import Weir
import WeirPattern

/// Counts the lines of a log by window of time, level and component.
///
/// Every line is counted once: those that cannot be read under level `unparsed`, in the window of
/// the line before them; those whose window was written already in rows of their own. The counts
/// of a run add up to the lines read.
let logs = Pipeline(
    "logs", version: "1", summary: "Counts log lines by window, level and component",
    parameters: [
        Parameter("format", default: "auto", "an expression with groups time, level, component"),
        Parameter("key", default: "component", "component, level, or a field's name"),
        Parameter("window", default: "1m", "how long a window is"),
        Parameter("disorder", default: "5s", "how far lines may come out of order"),
        Parameter("year", default: "start", "of times without one; start: that of the run's"),
        Parameter("burst", default: "4", "how many times its usual count is a burst"),
    ]
) { flow in
    let settings: LogSettings
    do {
        settings = try LogSettings(flow.parameter)
    } catch {
        flow.refuse("\(error)")
        return
    }
    let parsed = flow.read("lines", from: LogCounting.source(settings))
        .process(
            "parse", state: LogCounting.Place(), emitting: LogLine.self,
            onEnd: LogCounting.placeRest, LogCounting.place)
    let counted = parsed.keyed(by: \.key).window(.tumbling(settings.window))
        .aggregateWithLate("window", from: 0) { count, line in count += line.count }
    let late = counted.late.process(
        "late", state: 0, emitting: CountRow.self, LogCounting.lateRow(settings.window))
    counted.panes.process(
        "count", state: Bursts(), emitting: CountRow.self, LogCounting.row(settings.burst)
    )
    .union(late)
    .write("counts", to: StandardOutputSink()) { $0.json }
}

/// The closures of `logs`.
enum LogCounting {
    /// Where lines that could not be read are counted.
    struct Place: Codable, Equatable, Sendable {
        /// The time of the last line that could be read.
        var last: Instant?
        /// Lines before the first one that could be read.
        var waiting = 0
        /// Whether it was said that the expression was too costly for a line; absent before.
        var hasToldCost: Bool?
    }

    static func source(_ settings: LogSettings) -> Source<LogLine> {
        // A watermark that moves by whole windows closes the same windows as a finer one would,
        // with one message for each instead of one for each tenth of a second.
        .lines(
            watermark: .boundedDisorder(settings.disorder, granularity: settings.window),
            decoder: { started in
                var reader = LineReader(settings, started: started)
                return { bytes, _ in reader.read(bytes) }
            })
    }

    /// Gives lines without a time that of the line before them.
    @Sendable
    static func place(
        _ line: consuming LogLine, _ place: inout Place, _ context: inout OperatorContext<LogLine>
    ) {
        if line == .tooCostly, context.eventTime == .distantPast {
            line = .unparsed
            if place.hasToldCost == nil {
                place.hasToldCost = true
                context.log.warning(
                    "line_too_costly", ["tries": .integer(Int64(Pattern.maximumTries))])
            }
        }
        if context.eventTime != .distantPast {
            place.last = context.eventTime
            if place.waiting > 0 { placeWaiting(&place, at: context.eventTime, &context) }
            context.emit(line)
        } else if let last = place.last {
            context.emit(line, at: last)
        } else {
            place.waiting += 1
        }
    }

    /// Nothing could be read: the run's start has to do.
    @Sendable
    static func placeRest(_ place: inout Place, _ context: inout OperatorContext<LogLine>) {
        if place.waiting > 0 { placeWaiting(&place, at: context.started, &context) }
    }

    private static func placeWaiting(
        _ place: inout Place, at time: Instant, _ context: inout OperatorContext<LogLine>
    ) {
        var lines = LogLine.unparsed
        lines.count = place.waiting
        context.emit(lines, at: time)
        place.waiting = 0
    }

    static func row(
        _ burst: Int
    )
        -> @Sendable (
            consuming Pane<String, Int>, inout Bursts, inout OperatorContext<CountRow>
        ) -> Void
    {
        { pane, bursts, context in
            if let usual = bursts.take(pane.value, of: pane.key, times: burst) {
                let (level, component) = LogLine.parts(of: pane.key)
                context.log.warning(
                    "burst_seen",
                    [
                        "level": .text(String(level)), "component": .text(String(component)),
                        "window_start": .text(pane.start.rfc3339()),
                        "count": .integer(Int64(pane.value)), "usual": .integer(Int64(usual)),
                    ])
            }
            context.emit(
                CountRow(
                    start: pane.start, end: pane.end, key: pane.key, count: pane.value,
                    isLate: false))
        }
    }

    /// A row for a line whose window was written already; the state counts them.
    static func lateRow(
        _ window: Duration
    ) -> @Sendable (consuming LogLine, inout Int, inout OperatorContext<CountRow>) -> Void {
        { line, lines, context in
            lines += line.count
            let start = context.eventTime.floored(to: window)
            context.log.debug("line_late", ["event_time": .text(context.eventTime.rfc3339())])
            context.emit(
                CountRow(
                    start: start, end: start + window, key: line.key, count: line.count,
                    isLate: true))
        }
    }
}
