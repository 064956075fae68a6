import Foundation
import WeirBase

/// What callgrind counted in one run of a program: instructions, and calls by who is called.
///
/// Read from its file (Callgrind Format, valgrind.org/docs/manual/cl-format.html), of which this
/// takes what `--callgrind-out-file` writes: names compressed as `(7) name` and later `(7)`, calls
/// as `cfn=`, `calls=` and a line with their cost. Nothing else of it is kept.
struct CallgrindCounts {
    /// Instructions, where they were collected.
    private(set) var instructions = 0
    /// Instructions of each function itself, by its name.
    private(set) var own: [String: Int] = [:]
    /// Calls by the name of who is called and then of who calls.
    private(set) var calls: [String: [String: Int]] = [:]

    private var names: [Substring: String] = [:]
    private var function = ""
    private var callee = ""
    /// Whether the next line of figures is what a call cost, and so not the function's own.
    private var isCall = false

    /// Reads a file's text; lines of no known form are passed over.
    init(_ text: String) {
        for line in text.split(separator: "\n") { take(line) }
    }

    private mutating func take(_ line: Substring) {
        if line.hasPrefix("fn=") {
            function = name(line.dropFirst(3))
        } else if line.hasPrefix("cfn=") {
            callee = name(line.dropFirst(4))
        } else if line.hasPrefix("calls=") {
            isCall = true
            let count = line.dropFirst(6).prefix { $0.isNumber }
            calls[callee, default: [:]][function, default: 0] += Int(count) ?? 0
        } else if line.hasPrefix("totals:") {
            instructions = Int(line.dropFirst(7).trimmingCharacters(in: .whitespaces)) ?? 0
        } else if let first = line.first, first.isNumber || "+-*".contains(first) {
            defer { isCall = false }
            if isCall { return }
            let figures = line.split(separator: " ")
            if figures.count > 1 { own[function, default: 0] += Int(figures[1]) ?? 0 }
        }
    }

    /// The name that `(7) name` gives or `(7)` stands for. Callgrind marks recursion by `'2` behind
    /// a name, which is left out.
    private mutating func name(_ text: Substring) -> String {
        guard text.hasPrefix("("), let end = text.firstIndex(of: ")") else { return String(text) }
        let number = text[..<end]
        let rest = text[text.index(after: end)...].drop { $0 == " " }
        if rest.isEmpty { return names[number] ?? String(number) }
        let name = String(rest.prefix { $0 != "'" })
        names[number] = name
        return name
    }
}

/// What no element may cost, by the functions of the runtime that do it.
enum HiddenCost: String, CaseIterable {
    case allocations, retains, releases, exclusivity, metadata, casts, clocks, witnesses

    /// What it is, for a table's head.
    var title: String { rawValue }

    /// Whether a call of this function is one of those.
    func isDone(by function: String) -> Bool {
        switch self {
        case .allocations: ["malloc", "calloc", "realloc", "posix_memalign"].contains(function)
        case .retains:
            ["swift_retain", "swift_bridgeObjectRetain", "swift_unownedRetainStrong"]
                .contains(function)
        case .releases: ["swift_release", "swift_bridgeObjectRelease"].contains(function)
        case .exclusivity: function == "swift_beginAccess"
        case .metadata:
            function == "swift_getGenericMetadata" || function == "swift_getWitnessTable"
                || function.hasPrefix("swift_getTypeByMangledName")
                || function.hasPrefix("swift_conformsToProtocol")
        case .casts: function == "swift_dynamicCast"
        case .clocks:
            function == "clock_gettime" || function == "__vdso_clock_gettime"
                || function.hasSuffix("TickClockO11nanosecondss6UInt64VyFZ")
        // The mangled name of what calls a protocol's requirement of a type that is not known.
        case .witnesses: function.hasPrefix("$s") && function.hasSuffix("TW")
        }
    }
}
