import Weir

/// Counts the lines of a log by window of time, level and component.
///
/// Every line is counted once: those that cannot be read under level `unparsed`, in the window of
/// the line before them; those whose window was written already in rows of their own. The counts of
/// a run add up to the lines read. A line whose clock is far ahead of all others does not make what
/// follows it late.
///
/// An element goes from `lines` (read and parsed by the source) through `parse`, which gives a time
/// to lines without one, to `window`, which counts them by key, and from there to `count`, which
/// makes the row and notices bursts. What came too late for its window goes through `late`,
/// `lateWindow` and `lateCount` instead, and both ways end in the sink.
let logs = Pipeline(
    "logs", version: "2", summary: "Counts log lines by window, level and component",
    parameters: [
        Parameter("format", default: "auto", "an expression with groups time, level, component"),
        Parameter("key", default: "component", "component, level, or a field's name"),
        Parameter("window", default: "1m", "how long a window is"),
        Parameter("disorder", default: "5s", "how far lines may come out of order"),
        Parameter("year", default: "start", "of times without one; start: that of the run's"),
        Parameter(
            "jump", default: "1h", "how far one line may be ahead of all before it, or none"),
        Parameter("burst", default: "4", "how many times its usual count is a burst"),
    ]
) { flow in
    // A parameter that cannot be used refuses the pipeline with a sentence, before anything is
    // read.
    let settings: LogSettings
    do {
        settings = try LogSettings(flow.parameter)
    } catch {
        flow.refuse("\(error)")
        return
    }
    let parsed = flow.read("lines", from: LogCounting.source(settings))
        .process(
            "parse", state: LogCounting.Remembered(), emitting: LogLine.self,
            onEnd: LogCounting.giveTimeAtEnd, LogCounting.giveTime)
    let counted = parsed.keyed(by: \.key).window(.tumbling(settings.window))
        .aggregateWithLate("window", from: 0) { count, line in count += line.count }
    let late = counted.late
        .process("late", state: 0, emitting: LateLine.self, LogCounting.late(settings.window))
        // The window that a late line belongs to is a part of its key here: the windows of this
        // stage are those of the time at which it came.
        .keyed { LateLine(start: $0.start, key: $0.key, count: 0) }
        .window(.tumbling(settings.window))
        .aggregate("lateWindow", from: 0) { count, line in count += line.count }
        .map("lateCount") { pane in
            let window = pane.key
            return CountRow(
                start: window.start, end: window.start + settings.window, key: window.key,
                count: pane.value, isLate: true)
        }
    counted.panes.process(
        "count", state: Bursts(), emitting: CountRow.self, LogCounting.row(settings.burst)
    )
    .union(late)
    .write("counts", to: StandardOutputSink()) { $0.json }
}

/// The closures of `logs`. They are functions of their arguments, as all closures of a pipeline:
/// what they keep between elements is in the state that the stage hands them, so that it is saved,
/// replayed and compared with the run.
enum LogCounting {
    /// What `parse` remembers between lines, for those that could not be read.
    struct Remembered: Codable, Equatable, Sendable {
        /// The time of the last line that could be read.
        var last: Instant?
        /// Lines before the first one that could be read.
        var waiting = 0
        /// Whether it was said that the expression was too costly for a line; absent before.
        var hasToldCost: Bool?
    }

    /// The source: a line is read by the format and becomes an element; what cannot be read becomes
    /// one too, so that nothing is lost on the way.
    static func source(_ settings: LogSettings) -> Source<LogLine> {
        // A watermark that moves by whole windows closes the same windows as a finer one would,
        // with one message for each instead of one for each tenth of a second.
        .logLines(
            format: settings.format,
            watermark: .boundedDisorder(
                settings.disorder, granularity: settings.window, maximumJump: settings.jump),
            malformed: .element(advice: settings.advice) {
                $0.reason == LogFormat.tooCostly ? .tooCostly : .unparsed
            },
            element: LogLine.make(settings.key))
    }

    /// Gives lines without a time that of the line before them. Lines before the first readable one
    /// wait in the state, as a number, until there is a time to give them.
    @Sendable
    static func giveTime(
        _ line: consuming LogLine, _ remembered: inout Remembered,
        _ context: inout OperatorContext<LogLine>
    ) {
        // It is said once in a run that lines are given up for their cost: a log of a million such
        // lines is no reason for a million warnings.
        if line == .tooCostly, context.eventTime == .distantPast {
            line = .unparsed
            if remembered.hasToldCost == nil {
                remembered.hasToldCost = true
                context.log.warning(
                    "line_too_costly", ["tries": .integer(Int64(LogFormat.maximumTries))])
            }
        }
        if context.eventTime != .distantPast {
            remembered.last = context.eventTime
            if remembered.waiting > 0 { emitWaiting(&remembered, at: context.eventTime, &context) }
            context.emit(line)
        } else if let last = remembered.last {
            context.emit(line, at: last)
        } else {
            remembered.waiting += 1
        }
    }

    /// The end of the input. Where nothing at all could be read, the run's start has to do as a
    /// time.
    @Sendable
    static func giveTimeAtEnd(
        _ remembered: inout Remembered, _ context: inout OperatorContext<LogLine>
    ) {
        if remembered.waiting > 0 { emitWaiting(&remembered, at: context.started, &context) }
    }

    /// Emits the lines that waited as one element that stands for all of them.
    private static func emitWaiting(
        _ remembered: inout Remembered, at time: Instant, _ context: inout OperatorContext<LogLine>
    ) {
        var lines = LogLine.unparsed
        lines.count = remembered.waiting
        context.emit(lines, at: time)
        remembered.waiting = 0
    }

    /// Makes the row of a window's count, and warns where it is a burst. `burst` is how many times
    /// its usual count that is.
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

    /// Lines whose window was written already, at the time at which they came.
    ///
    /// In the windows of that time they are counted like others, by the window and key they belong
    /// to, so that how many rows there are does not depend on how they were batched.
    static func late(
        _ window: Duration
    ) -> @Sendable (consuming LogLine, inout Int, inout OperatorContext<LateLine>) -> Void {
        { line, lines, context in
            lines += line.count
            context.log.debug("line_late", ["event_time": .text(context.eventTime.rfc3339())])
            context.emit(
                LateLine(
                    start: context.eventTime.floored(to: window), key: line.key, count: line.count),
                at: context.watermark)
        }
    }
}
