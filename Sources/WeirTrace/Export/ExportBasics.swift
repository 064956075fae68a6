import WeirBase
package import WeirTelemetry

/// Which lines an export writes, as the flags of `weir export` say.
package struct ExportFilter: Equatable, Sendable {
    /// The minimum level of log records that are written; nil for all.
    package var level: LogLevel?
    /// Only this stage is written; what belongs to no stage is left out then.
    package var stage: String?
    /// The least time since the run's start that is written; nil from the beginning on.
    package var from: Duration?
    /// The greatest time since the run's start that is written, included; nil to the end.
    package var to: Duration?

    /// A filter that admits everything it is not told about.
    package init(
        level: LogLevel? = nil, stage: String? = nil, from: Duration? = nil, to: Duration? = nil
    ) {
        self.level = level
        self.stage = stage
        self.from = from
        self.to = to
    }

    /// Whether something at a time of the run is written.
    func admits(nanoseconds: Int64) -> Bool {
        if let from, nanoseconds < from.wholeNanoseconds { return false }
        if let to, nanoseconds > to.wholeNanoseconds { return false }
        return true
    }

    /// Whether something of a stage is written, or something of no stage when it is nil.
    func admits(stage: String?) -> Bool { self.stage == nil || self.stage == stage }
}

/// Takes some whole lines at a time. What it throws ends the export.
package typealias ExportOutput = (UnsafeRawBufferPointer) throws -> Void

/// Lines of JSON on their way to an output, handed on in pieces of bounded size.
///
/// An exporter writes members into `json` and then calls `endLine`. Writing each line by itself
/// would cost a system call a line.
struct LineBuffer {
    /// The line that is being written, behind the whole lines that wait.
    var json = JSONText()
    /// Where the lines go.
    private let output: ExportOutput

    init(_ output: @escaping ExportOutput) { self.output = output }

    /// Ends the object that is open and the line, and hands the lines on if enough wait.
    mutating func endLine() throws {
        json.endObject()
        json.endLine()
        if json.text.count >= TraceBounds.exportPieceBytes.count { try flush() }
        assert(
            json.text.count < TraceBounds.exportPieceBytes.count,
            "\(json.text.count) bytes of whole lines wait and should have been handed on")
    }

    /// Hands on what waits. Call it between lines only.
    mutating func flush() throws {
        if json.text.isEmpty { return }
        // Somebody who follows the output reads whole lines.
        assert(
            json.text.last == 0x0A, "a piece of \(json.text.count) bytes would end within a line")
        try json.text.withUnsafeBytes { try output($0) }
        json.removeAll()
    }
}

/// What every exporter needs: the names of the run, what is wanted, and the lines under way.
package struct ExportHead {
    /// The names and the start of the run.
    let names: ExportNames
    let filter: ExportFilter
    var lines: LineBuffer

    init(_ header: RunHeader, _ filter: ExportFilter, _ output: @escaping ExportOutput) {
        names = ExportNames(header: header)
        self.filter = filter
        lines = LineBuffer(output)
    }
}

/// A writer of one signal as JSON Lines.
///
/// An exporter is made for a run, is given its records one by one in the order of the run by a
/// `write` of its own, and gets `finish` at the end. It does not know whether the records come
/// from a trace or from a replay. It is a value and is owned by one thread.
package protocol LineExporter {
    /// What it shares with the other exporters.
    var head: ExportHead { get set }
    init(_ head: ExportHead)
}

extension LineExporter {
    /// An exporter of a run's lines, which go to `output`.
    package init(
        header: RunHeader, filter: ExportFilter = ExportFilter(), output: @escaping ExportOutput
    ) {
        self.init(ExportHead(header, filter, output))
    }

    /// Hands on the lines that wait. To be called at the end, and whenever somebody waits for
    /// them.
    package mutating func finish() throws { try head.lines.flush() }

    var names: ExportNames { head.names }
    var filter: ExportFilter { head.filter }
}

/// The names and times of a run as exports write them.
struct ExportNames {
    let header: RunHeader

    /// The subtask with an index of the plan; nil where a damaged trace names one that is not
    /// there.
    func subtask(_ index: SubtaskIndex) -> SubtaskInfo? { header.subtasks[index] }

    /// The wall-clock time at so many nanoseconds since the run's start, as RFC 3339. It
    /// saturates.
    func timestamp(_ nanoseconds: Int64) -> String {
        (header.started + .nanoseconds(nanoseconds)).rfc3339()
    }

    /// The span of a turn is its step, in the 16 hex digits that OpenTelemetry wants.
    static func span(_ step: Step) -> String { hexadecimal(step.rawValue, digits: 16) }

    /// A number in hex with zeros before it.
    static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        assert(
            text.utf8.count <= digits, "the number \(text) is longer than its \(digits) digits")
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// The location of a log statement without its folders: `Orders.swift:118`.
    static func source(_ site: LogSite) -> String {
        let name = site.file.split(separator: "/").last.map(String.init) ?? site.file
        return "\(name):\(site.line)"
    }
}

extension JSONText {
    /// Writes a field of a log record with its own type.
    mutating func member(_ name: String, _ value: LogValue) {
        switch value {
        case .integer(let number): member(name, number)
        case .double(let number): member(name, number)
        case .flag(let flag): member(name, flag)
        case .text(let text): member(name, text)
        }
    }
}
