/// Nothing that has a type of its own is declared as the integer inside it.
///
/// It sees `step: UInt64` and `lastStep = UInt64(…)` alike, so that neither a declaration nor a
/// conversion in passing takes the unit off. Codecs and lanes do that by `rawValue`.
enum UnitRule {
    /// A name, and what it must not be.
    struct Unit {
        /// The name itself, or the end of a longer one.
        let name: String
        /// The bare integers that it is refused as.
        let integers: Set<String>
        /// What it is instead.
        let type: String
        /// The rooms in which the name means this and nothing else; nil for all of them.
        var rooms: Set<String>?
    }

    /// In the engine and above it `time` is also that of an element, nanoseconds since 1970; in
    /// these rooms it is the run's alone.
    private static let roomsOfRunTime: Set<String> = [
        "WeirTelemetry", "WeirTrace", "WeirReplay", "WeirDebugger", "WeirMonitor", "WeirApp",
        "WeirTelemetryTests", "WeirReplayTests", "WeirDebuggerTests", "WeirMonitorTests",
        "WeirAppTests", "WeirTraceTests",
    ]

    /// All that numbers of things are counted in.
    private static let counts: Set<String> = ["Int", "Int64", "UInt32", "UInt64"]

    static let units: [Unit] = [
        Unit(name: "step", integers: ["UInt64"], type: "Step"),
        Unit(name: "subtask", integers: ["UInt16"], type: "SubtaskIndex"),
        Unit(name: "cell", integers: ["UInt16"], type: "CellIndex"),
        Unit(name: "inlet", integers: ["UInt16"], type: "ChannelIndex"),
        Unit(name: "outlet", integers: ["UInt16"], type: "ChannelIndex"),
        Unit(name: "time", integers: ["Int64"], type: "RunTime", rooms: roomsOfRunTime),
        Unit(name: "turnTime", integers: ["Int64", "UInt64"], type: "RunTime"),
        Unit(name: "lagSince", integers: ["Int64", "UInt64"], type: "RunTime"),
        Unit(name: "oldestSince", integers: ["Int64", "UInt64"], type: "RunTime"),
        // A moment of the monotonic clock, as some other things have that were started, is a
        // `UInt64`.
        Unit(name: "started", integers: ["Int64"], type: "Instant"),
        Unit(name: "turns", integers: counts, type: "TurnCount"),
        Unit(name: "turnCount", integers: counts, type: "TurnCount"),
        Unit(name: "bytes", integers: counts, type: "ByteCount"),
        Unit(name: "bytesIn", integers: counts, type: "ByteCount"),
        Unit(name: "bytesOut", integers: counts, type: "ByteCount"),
        Unit(name: "bytesWritten", integers: counts, type: "ByteCount"),
    ]

    /// Files that give or check the bare number, each with the reason.
    static let bareFiles: [String: String] = [
        "Sources/WeirTesting/Run/PipelineRun.swift": "users of the library compare plain numbers",
        "Sources/WeirTesting/Run/TraceReplay.swift": "users of the library compare plain numbers",
        "Tests/WeirTestingTests/TraceReplayTests.swift": "it reads what such users read",
        "Sources/WeirEngine/Run/HeapSized.swift": "users of the library say plain numbers",
        "Tests/EndToEndTests/Support/LaneReader.swift": "it shares no code with what it checks",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        guard bareFiles[file.path] == nil else { return [] }
        // `Sources/ROOM/…`
        let room = file.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let units = units.filter { $0.rooms?.contains(room) ?? true }
        let code = file.tokens.filter { !$0.isComment }
        return code.indices.dropLast(2).compactMap { index in
            guard code[index + 1].isSymbol(":") || code[index + 1].isSymbol("="),
                let unit = units.first(where: {
                    isNamed(code[index], $0.name) && $0.integers.contains(code[index + 2].text)
                })
            else { return nil }
            return file.finding(
                code[index].line,
                "\(code[index].text) is a \(unit.type) and no \(code[index + 2].text)")
        }
    }

    /// Figures of a room's `Bounds.swift` that are bytes by their names and have no type by their
    /// values: `maximumLineBytes = 16 << 20`.
    static func findings(inBounds file: SourceFile) -> [Finding] {
        guard file.path.hasSuffix("/Bounds.swift") else { return [] }
        let code = file.tokens.filter { !$0.isComment }
        return code.indices.dropLast(2).compactMap { index in
            guard code[index + 1].isSymbol("="), isNamed(code[index], "bytes"),
                code[index + 2].text.first?.isNumber == true
            else { return nil }
            return file.finding(
                code[index].line,
                "\(code[index].text) is a ByteCount: write .kibibytes, .mebibytes or its type")
        }
    }

    /// Types of numbers that other modules could only call into.
    ///
    /// An `@inlinable` member of a type that is `package` alone is not inlined elsewhere; it takes
    /// `@frozen` and `@usableFromInline` on the type, and then costs what the integer costs.
    static func findings(inUnits file: SourceFile) -> [Finding] {
        guard file.path.hasPrefix("Sources/WeirBase/Units/") else { return [] }
        let code = file.tokens.filter { !$0.isComment }
        return code.indices.dropLast().compactMap { index in
            guard code[index].isWord("struct") else { return nil }
            let before = code[max(0, index - 3)..<index].map(\.text)
            guard !before.contains("@frozen") || !before.contains("@usableFromInline") else {
                return nil
            }
            return file.finding(
                code[index].line,
                "\(code[index + 1].text) is not inlined into other modules: "
                    + "make it @frozen and @usableFromInline")
        }
    }

    /// Whether a word is the name, or ends in it: `step`, `lastStep`. The type itself, as the key
    /// of a dictionary, begins with a capital letter.
    private static func isNamed(_ token: Token, _ name: String) -> Bool {
        guard token.text.first?.isLowercase == true else { return false }
        let ending = name.prefix(1).uppercased() + name.dropFirst()
        return token.kind == .word && (token.text == name || token.text.hasSuffix(ending))
    }
}
