/// No room of Weir, and no test of one, guards a value with a lock that the thread sanitizer does
/// not see. `Guarded` says why; programs on Weir lock as they like.
enum LockRule {
    static func findings(in file: SourceFile) -> [Finding] {
        guard file.target.lowercased().hasPrefix("weir") || file.isTest else {
            return []
        }
        return file.tokens.filter { $0.isWord("Mutex") }.map {
            file.finding($0.line, "Mutex is not seen by the thread sanitizer: say Guarded")
        }
    }
}
