/// Nothing that has a type of its own is declared as the integer inside it.
///
/// It sees `step: UInt64` and `lastStep = UInt64(…)` alike, so that neither a declaration nor a
/// conversion in passing takes the unit off. Codecs and lanes do that by `rawValue`.
enum UnitRule {
    /// The names, the integer that they must not be, and what they are instead.
    static let units: [(name: String, integer: String, unit: String)] = [
        ("step", "UInt64", "Step")
    ]

    /// Files that give or check the bare number, each with the reason.
    static let bareFiles: [String: String] = [
        "Sources/WeirTesting/Run/PipelineRun.swift": "users of the library compare plain numbers",
        "Sources/WeirTesting/Run/TraceReplay.swift": "users of the library compare plain numbers",
        "Tests/WeirTestingTests/TraceReplayTests.swift": "it reads what such users read",
        "Tests/EndToEndTests/Support/LaneReader.swift": "it shares no code with what it checks",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        guard bareFiles[file.path] == nil else { return [] }
        let code = file.tokens.filter { !$0.isComment }
        return code.indices.dropLast(2).compactMap { index in
            guard code[index + 1].isSymbol(":") || code[index + 1].isSymbol("="),
                let unit = units.first(where: {
                    isNamed(code[index], $0.name) && code[index + 2].isWord($0.integer)
                })
            else { return nil }
            return file.finding(
                code[index].line, "\(code[index].text) is a \(unit.unit) and no \(unit.integer)")
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
