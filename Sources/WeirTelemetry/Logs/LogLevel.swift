/// How severe a log record is; the names are swift-log's.
///
/// A run has one level, and records below it are not made. A replay may make them afterwards.
public enum LogLevel: UInt8, CaseIterable, Comparable, Sendable {
    /// Details of single elements.
    case trace = 0
    /// What a developer of the pipeline wants to see.
    case debug = 1
    /// What happens in normal operation.
    case info = 2
    /// Normal, but worth a look.
    case notice = 3
    /// Not yet an error.
    case warning = 4
    /// An operation failed.
    case error = 5
    /// The run can hardly go on.
    case critical = 6

    /// Whether the left level is less severe.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The name in exports and flags.
    public var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }

    /// The level of a name; nil when there is none.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }
}
