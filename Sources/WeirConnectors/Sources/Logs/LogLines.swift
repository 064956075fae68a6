public import WeirEngine

extension Source {
    /// Lines of logs, each read as `format` says and made an element with the line's time.
    ///
    /// `element` is called for each line that was read, on the source's thread. What becomes of a
    /// line that could not be read is for `malformed` to say: by default the run ends with an error
    /// that names file, line and reason; the reason of a line that an expression is too costly for
    /// is `LogFormat.tooCostly`. After `idleAfter` without a line the source does not hold back the
    /// watermark of what reads it. Costs one pass over the line in the known forms, and as much as
    /// the expression otherwise.
    public static func logLines(
        from source: (any ByteSource)? = nil, format: LogFormat = .known(),
        watermark: WatermarkPolicy? = nil, idleAfter: Duration? = nil,
        malformed: MalformedPolicy<Element> = .fail,
        element: @escaping @Sendable (LoggedLine) -> Element
    ) -> Source {
        .lines(
            from: source, watermark: watermark, idleAfter: idleAfter, malformed: malformed,
            decoder: { started in
                var reader = LogLineReader(format, started: started)
                return { bytes, _ in
                    let line = try bytes.withUnsafeBytes { try reader.read($0) }
                    return (element(line), line.time)
                }
            })
    }
}
