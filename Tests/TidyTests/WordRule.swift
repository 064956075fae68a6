/// Words that do not belong into the repository.
enum WordRule {
    /// Put together from pieces, so that this file does not hold them itself.
    static let forbidden: [(word: String, advice: String)] = [
        ("/wo" + "rk/", "a folder of one machine: use a path from the top level"),
        ("/tmp/bash" + "_jobs", "a folder of one machine: use a path from the top level"),
    ]

    private static let never = "FIX" + "ME"
    private static let open = "TO" + "DO"

    static func findings(in file: SourceFile) -> [Finding] {
        var found: [Finding] = []
        for (index, line) in file.lines.enumerated() {
            for (word, advice) in forbidden where line.contains(word) {
                found.append(file.finding(index + 1, "“\(word)”: \(advice)"))
            }
            // Four letters turn up by chance in packed bytes; whole folder names do not.
            if file.isPacked { continue }
            if line.contains(never) {
                found.append(
                    file.finding(
                        index + 1, "“\(never)”: mend it, or say in a sentence what holds and why"))
            }
            // A reason is the trace or the numbered decision that it waits for, in parentheses.
            if line.contains(open), !line.contains(open + "(") {
                found.append(
                    file.finding(
                        index + 1,
                        "“\(open)” without a reason: do it, or write \(open)(traces/NAME: …)"))
            }
        }
        return found
    }
}
