import WeirBase

/// Text of a trace or of a user's program as the debugger's lines show it: made safe, and cut to
/// the bound of what it is.
enum ShownText {
    /// What stands on a line of its own: an expression, a message.
    static func line(_ text: some StringProtocol) -> String {
        PrintableText.escaped(text, limit: DebuggerBounds.maximumLineText)
    }

    /// A value that was asked for.
    static func value(_ text: some StringProtocol) -> String {
        PrintableText.escaped(text, limit: DebuggerBounds.maximumValueText)
    }

    /// A word that nothing is called.
    static func word(_ text: some StringProtocol) -> String {
        PrintableText.escaped(text, limit: DebuggerBounds.maximumShownWord)
    }

    /// The name of a state or of a type, in an advice.
    static func name(_ text: some StringProtocol) -> String {
        PrintableText.escaped(text, limit: DebuggerBounds.maximumShownName)
    }
}
