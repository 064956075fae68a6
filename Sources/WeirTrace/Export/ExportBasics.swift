import WeirBase
package import WeirTelemetry

/// Which lines an export holds.
package struct ExportFilter: Equatable, Sendable {
    /// Least level of log records.
    package var level: LogLevel?
    /// Only this stage; what belongs to no stage is left out then.
    package var stage: String?
    /// Time of the run from which on, and up to which, included.
    package var from: Duration?
    package var to: Duration?

    package init(
        level: LogLevel? = nil, stage: String? = nil, from: Duration? = nil, to: Duration? = nil
    ) {
        self.level = level
        self.stage = stage
        self.from = from
        self.to = to
    }

    func admits(nanoseconds: Int64) -> Bool {
        if let from, nanoseconds < from.wholeNanoseconds { return false }
        if let to, nanoseconds > to.wholeNanoseconds { return false }
        return true
    }

    func admits(stage: String?) -> Bool { self.stage == nil || self.stage == stage }
}

/// Takes whole lines, some at a time. What it throws ends the export.
package typealias ExportOutput = (UnsafeRawBufferPointer) throws -> Void

/// Lines of JSON on their way to an output, handed on in pieces of bounded size.
struct LineBuffer {
    /// Lines are handed on when so many bytes wait.
    static let pieceBytes = 32 << 10

    var json = JSONText()
    private let output: ExportOutput

    init(_ output: @escaping ExportOutput) { self.output = output }

    mutating func endLine() throws {
        json.endObject()
        json.endLine()
        if json.text.count >= Self.pieceBytes { try flush() }
    }

    mutating func flush() throws {
        if json.text.isEmpty { return }
        try json.text.withUnsafeBytes { try output($0) }
        json.removeAll()
    }
}

/// What every exporter begins with: names of the run, what is wanted, lines under way.
package struct ExportHead {
    let names: ExportNames
    let filter: ExportFilter
    var lines: LineBuffer

    init(_ header: RunHeader, _ filter: ExportFilter, _ output: @escaping ExportOutput) {
        names = ExportNames(header: header)
        self.filter = filter
        lines = LineBuffer(output)
    }
}

/// A writer of lines. Owned by one thread; call `finish` at the end, or to hand on what waits.
package protocol LineExporter {
    var head: ExportHead { get set }
    init(_ head: ExportHead)
}

extension LineExporter {
    package init(
        header: RunHeader, filter: ExportFilter = ExportFilter(), output: @escaping ExportOutput
    ) {
        self.init(ExportHead(header, filter, output))
    }

    /// Hands on the lines that wait.
    package mutating func finish() throws { try head.lines.flush() }

    var names: ExportNames { head.names }
    var filter: ExportFilter { head.filter }
}

/// Names and times of a run, as exports write them.
struct ExportNames {
    let header: RunHeader

    func subtask(_ number: UInt16) -> SubtaskInfo? {
        Int(number) < header.subtasks.count ? header.subtasks[Int(number)] : nil
    }

    /// Nanoseconds since the run's start; saturating, as the times come from a file.
    static func nanoseconds(_ microseconds: Int64) -> Int64 {
        let (product, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (microseconds < 0 ? .min : .max) : product
    }

    /// RFC 3339 of a time since the run's start.
    func timestamp(_ nanoseconds: Int64) -> String {
        let (sum, overflow) = header.started.addingReportingOverflow(nanoseconds)
        return Instant(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum).rfc3339()
    }

    /// The span of a turn: its step in 16 hex digits.
    static func span(_ step: UInt64) -> String { hexadecimal(step, digits: 16) }

    static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// `Orders.swift:118`.
    static func source(_ site: LogSite) -> String {
        let name = site.file.split(separator: "/").last.map(String.init) ?? site.file
        return "\(name):\(site.line)"
    }
}

extension JSONText {
    mutating func member(_ name: String, _ value: LogValue) {
        switch value {
        case .integer(let number): member(name, number)
        case .double(let number): member(name, number)
        case .flag(let flag): member(name, flag)
        case .text(let text): member(name, text)
        }
    }
}
