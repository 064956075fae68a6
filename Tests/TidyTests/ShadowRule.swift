/// Nothing public at the top level of a file has the name of a type of the standard library:
/// whoever imports the package could not write that type any more.
enum ShadowRule {
    /// Types of the standard library that programs write, of Swift 6.3.
    static let names: Set<String> = [
        "AnyHashable", "AnyIterator", "AnyObject", "AnySequence", "Array", "ArraySlice", "Bool",
        "Character", "ClosedRange", "Clock", "CollectionDifference", "Codable", "Comparable",
        "ContiguousArray", "ContinuousClock", "Decodable", "Decoder", "DefaultIndices",
        "Dictionary", "Double", "Duration", "EmptyCollection", "Encodable", "Encoder", "Equatable",
        "Error", "Float", "Hashable", "Hasher", "Identifiable", "InlineArray", "Int", "Iterator",
        "KeyPath", "KeyValuePairs", "ManagedBuffer", "Mirror", "Never", "ObjectIdentifier",
        "Optional", "Range", "RawSpan", "Repeated", "Result", "ReversedCollection", "Sendable",
        "Sequence", "Set", "Slice", "Span", "StaticString", "Stride", "String", "Substring",
        "Task", "UInt", "Unicode", "Unmanaged", "UnsafePointer", "Void", "Zip2Sequence",
    ]

    static func findings(in file: SourceFile) -> [Finding] {
        guard !file.isTest else { return [] }
        let kinds: Set<String> = ["actor", "class", "enum", "protocol", "struct", "typealias"]
        let others: Set<String> = ["extension", "func", "import", "let", "var"]
        let code = file.tokens.filter { !$0.isComment }
        var depth = 0
        var isPublic = false
        var found: [Finding] = []
        for index in code.indices {
            let token = code[index]
            if token.isSymbol("{") { depth += 1 }
            if token.isSymbol("}") { depth -= 1 }
            guard depth == 0 else { continue }
            if token.isWord("public") || token.isWord("open") { isPublic = true }
            if others.contains(token.text) { isPublic = false }
            guard token.kind == .word, kinds.contains(token.text), index + 1 < code.count else {
                continue
            }
            let name = code[index + 1]
            if isPublic, name.line == token.line, names.contains(name.text) {
                found.append(
                    file.finding(token.line, "\(name.text) hides a type of the standard library"))
            }
            isPublic = false
        }
        return found
    }
}
