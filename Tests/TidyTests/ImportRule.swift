/// Imports and dependencies of targets, held against the table of rooms.
enum ImportRule {
    static func findings(in file: SourceFile) -> [Finding] {
        imports(in: file).compactMap { module, line in
            guard Rooms.mayDepend(file.target, on: module, isTest: file.isTest) else {
                return file.finding(
                    line,
                    "\(file.target) may not import \(module): move the code to a room that may, "
                        + "or add the arrow to Rooms.swift with its reason")
            }
            if let folder = Rooms.onlyFolder[module], !file.path.hasPrefix(folder) {
                return file.finding(line, "only \(folder) imports \(module): move the code there")
            }
            return nil
        }
    }

    /// Names of types that the file's room sees through a protocol only.
    static func findings(behindSeam file: SourceFile) -> [Finding] {
        guard let hidden = Rooms.behindSeam[file.target], !file.isTest else { return [] }
        return file.tokens.compactMap { token in
            guard token.kind == .word, let instead = hidden[token.text] else { return nil }
            return file.finding(
                token.line, "\(file.target) does not name \(token.text): ask \(instead)")
        }
    }

    /// The modules a file imports, `import struct A.B` included, with their lines.
    static func imports(in file: SourceFile) -> [(module: String, line: Int)] {
        let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        var found: [(module: String, line: Int)] = []
        for (index, token) in file.tokens.enumerated() where token.isWord("import") {
            var names = file.tokens[(index + 1)...].filter { !$0.isComment }.prefix(2)[...]
            if let kind = names.first, kinds.contains(kind.text) { names = names.dropFirst() }
            if let name = names.first, name.kind == .word { found.append((name.text, token.line)) }
        }
        return found
    }

    /// Dependencies that `Package.swift` gives a target beyond the table.
    static func findings(inManifest file: SourceFile) -> [Finding] {
        targets(inManifest: file).flatMap { target in
            target.dependencies.compactMap { name, line in
                if Rooms.mayDepend(target.name, on: name, isTest: target.isTest) { return nil }
                return file.finding(
                    line,
                    "target \(target.name) may not depend on \(name): take it out, "
                        + "or add the arrow to Rooms.swift with its reason")
            }
        }
    }

    struct Target {
        var name: String
        var isTest: Bool
        var dependencies: [(name: String, line: Int)] = []
    }

    /// The targets of a manifest: `.target(name: "…", dependencies: ["…", .product(name: "…")])`.
    static func targets(inManifest file: SourceFile) -> [Target] {
        let tokens = file.tokens.filter { !$0.isComment }
        var found: [Target] = []
        for index in tokens.indices.dropLast() {
            let call = tokens[index].text
            let isTarget = ["target", "executableTarget", "testTarget"].contains(call)
            guard isTarget, tokens[index + 1].isSymbol("("), index > 0,
                tokens[index - 1].isSymbol("."),
                let target = target(tokens[(index + 2)...], isTest: call == "testTarget")
            else { continue }
            found.append(target)
        }
        return found
    }

    private static func target(_ tokens: ArraySlice<Token>, isTest: Bool) -> Target? {
        var target: Target?
        var depth = 1
        var label = ""
        for index in tokens.indices {
            let token = tokens[index]
            if token.isSymbol("(") || token.isSymbol("[") { depth += 1 }
            if token.isSymbol(")") || token.isSymbol("]") { depth -= 1 }
            if depth == 0 { break }
            let isLabel =
                token.kind == .word && index + 1 < tokens.endIndex
                && tokens[index + 1].isSymbol(":")
            if isLabel && (depth == 1 || token.text == "package" || token.text == "name") {
                label = depth == 1 ? token.text : token.text == "package" ? "package" : label
                if depth > 1 && token.text == "name" { label = "dependencies" }
            }
            guard token.kind == .string else { continue }
            if label == "name", target == nil { target = Target(name: token.text, isTest: isTest) }
            if label == "dependencies" { target?.dependencies.append((token.text, token.line)) }
            if label == "package" { label = "dependencies" }
        }
        return target
    }
}
