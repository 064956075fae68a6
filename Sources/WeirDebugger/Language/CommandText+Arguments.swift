import WeirBase

/// Arguments that several commands take.
extension CommandText {
    /// Reads a number of times, which is 1 unless it is given.
    mutating func count() throws(CommandError) -> UInt64 {
        skipSpace()
        let column = position
        let word = word()
        if word.isEmpty { return 1 }
        // Doing something no times is never what was meant.
        guard let count = UInt64(word), count > 0 else {
            throw CommandError(
                "\(PrintableText.escaped(word)) is no number of times", "Give 1 or more",
                at: column)
        }
        return count
    }

    /// Reads a piece of state, `stage[key]`, `stage.operator[key]` or `cell NAME`, with the
    /// way to a part of it. It is the same language as in expressions, so an expression is
    /// read and looked at.
    mutating func state() throws(CommandError) -> StateReference {
        skipSpace()
        let column = position
        let node = try Expression.value(&self)
        // A literal, a comparison and the like are expressions, but no state.
        guard case .state(let reference) = node.root.form else {
            throw CommandError(
                "this is no state", "Write stage[key], stage.operator[key] or cell NAME",
                at: column)
        }
        return reference
    }

    /// Reads how many lines are wanted: `usual` unless it is given, and `maximum` at most.
    ///
    /// `further` is what else could have been here, as the end of the advice.
    mutating func lineCount(
        usual: Int, maximum: Int, further: String = ""
    ) throws(CommandError) -> Int {
        skipSpace()
        let column = position
        let word = word()
        if word.isEmpty { return usual }
        guard let count = Int(word), count > 0, count <= maximum else {
            throw CommandError(
                "\(PrintableText.escaped(word)) is no number of lines",
                "Give 1 to \(maximum)\(further)", at: column)
        }
        return count
    }
}
