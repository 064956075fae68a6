import Foundation
import Testing

/// One JSON object on one line, with the order of its keys.
struct JSONLine {
    let text: String
    private let object: [String: Any]

    init(_ text: String) throws {
        self.text = text
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8))
        object = try #require(parsed as? [String: Any], "no JSON object: \(text)")
    }

    func string(_ key: String) -> String? { object[key] as? String }
    func number(_ key: String) -> Int? { (object[key] as? NSNumber)?.intValue }
    func real(_ key: String) -> Double? { (object[key] as? NSNumber)?.doubleValue }
    func strings(_ key: String) -> [String] { object[key] as? [String] ?? [] }
    func objects(_ key: String) -> [[String: Any]] { object[key] as? [[String: Any]] ?? [] }
    func flag(_ key: String) -> Bool? { object[key] as? Bool }
    func has(_ key: String) -> Bool { object[key] != nil }
    func member(_ key: String) -> [String: Any] { object[key] as? [String: Any] ?? [:] }

    /// The keys of the object itself, not of those inside it, in the order of the text.
    var keys: [String] {
        var (keys, depth, isText, isEscaped) = ([String](), 0, false, false)
        var current = ""
        for character in text.unicodeScalars {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isText = false
                    continue
                }
                current.unicodeScalars.append(character)
                continue
            }
            switch character {
            case "\"": (isText, current) = (true, "")
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            case ":": if depth == 1 { keys.append(current) }
            default: break
            }
        }
        return keys
    }

    /// Whether the keys stand in the order of `contract`, and no others.
    func follows(_ contract: [String]) -> Bool {
        keys == contract.filter { keys.contains($0) }
    }
}
