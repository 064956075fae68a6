import Foundation
import Glibc
import Testing
import WeirBase

/// A folder of its own for one test; gone with the value.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/weir-e2e-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { name.hasPrefix("/") ? name : path + "/" + name }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: file(name))))
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    func lines(_ name: String) throws -> [String] {
        try text(name).split(separator: "\n").map(String.init)
    }

    func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    }

    func append(_ name: String, _ text: String) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    func size(_ name: String) -> Int {
        var status = stat()
        return stat(file(name), &status) == 0 ? Int(status.st_size) : 0
    }

    func rename(_ old: String, _ new: String) throws {
        try FileManager.default.moveItem(atPath: file(old), toPath: file(new))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

    func copy(_ old: String, _ new: String) throws {
        try FileManager.default.copyItem(atPath: file(old), toPath: file(new))
    }
}

/// Log lines of a kind that `logs` reads.
enum Lines {
    static func line(_ number: Int) -> String {
        let (hours, minutes, seconds) = (number / 36_000 % 24, number / 600 % 60, number / 10 % 60)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let level = number % 7 == 0 ? "ERROR" : "INFO"
        return "2024-01-02 \(two(hours)):\(two(minutes)):\(two(seconds)) \(level) "
            + "part\(number % 5): message number \(number)"
    }

    static func text(_ range: Range<Int>) -> String {
        range.map { line($0) + "\n" }.joined()
    }

    /// Lines that do not get much smaller by packing, 6 MB of them.
    static func noise() -> [UInt8] {
        var random = SeededGenerator(seed: 3)
        return (0..<6_000_000).map { index in
            index % 100 == 99 ? 0x0A : UInt8(0x21 + random.next() % 94)
        }
    }

    /// A file of these lines that is larger than what is taken into a trace, 5 MB. The lines are
    /// long: what a run costs are its lines, and what the tests want are its bytes.
    static func large() -> String {
        let padding = " " + String(repeating: "x", count: 850) + "\n"
        return (0..<5_500).map { line($0) + padding }.joined()
    }
}
