import Foundation
import Glibc
import WeirEngine

/// A folder of its own for one test; gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/weir-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func create(_ name: String, _ text: String) throws -> String {
        let path = file(name)
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
            throw CocoaError(.fileWriteUnknown)
        }
        return path
    }

    /// Appends without O_CREAT: the file must stand there.
    func append(_ name: String, _ text: String) throws {
        guard let handle = FileHandle(forWritingAtPath: file(name)) else {
            throw CocoaError(.fileNoSuchFile)
        }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    func truncate(_ name: String) throws {
        guard Glibc.truncate(file(name), 0) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    func rename(_ from: String, to: String) throws {
        guard Glibc.rename(file(from), file(to)) == 0 else { throw CocoaError(.fileNoSuchFile) }
    }

    /// Writes lines to `log`, renaming it and the older ones every so often, the last line of a
    /// file after its rename, as a program does that has not yet been told.
    func writeRotating(count: Int, every period: Int) throws {
        var handle = FileHandle(forWritingAtPath: file("log"))
        try handle?.seekToEnd()
        for number in 0..<count {
            if number % period == period - 1 {
                for older in (1...20).reversed() {
                    // Most of them are not there yet.
                    _ = Glibc.rename(file("log.\(older)"), file("log.\(older + 1)"))
                }
                try rename("log", to: "log.1")
                try handle?.write(contentsOf: Data("line \(number)\n".utf8))
                try handle?.close()
                handle = FileHandle(forWritingAtPath: try create("log", ""))
            } else {
                try handle?.write(contentsOf: Data("line \(number)\n".utf8))
            }
        }
        try handle?.close()
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: file(name))
    }
}

extension ByteReading {
    /// The next piece as text, as a test reads it: `bytes`, `[rotation]`, `[end]`, `[cancelled]`.
    func text(maximum: Int = 65_536) -> String {
        switch next(maximum: maximum) {
        case .bytes(let bytes, _): String(decoding: bytes, as: UTF8.self)
        case .rotation: "[rotation]"
        case .truncation: "[truncation]"
        case .end: "[end]"
        case .failure(let sentence): "[failure: \(sentence)]"
        case nil: "[cancelled]"
        }
    }

    /// The next `count` pieces.
    func texts(_ count: Int) -> [String] { (0..<count).map { _ in text() } }
}

/// Puts lines together as a consumer does: a rotation or truncation ends an unfinished line.
struct LineCollector {
    private(set) var lines: [String] = []
    private var partial: [UInt8] = []

    mutating func take(_ piece: InputPiece?) {
        switch piece {
        case .bytes(let bytes, _):
            for byte in bytes {
                if byte == 0x0A { finish() } else { partial.append(byte) }
            }
        case .rotation, .truncation, .end:
            if !partial.isEmpty { finish() }
        case .failure, nil:
            break
        }
    }

    private mutating func finish() {
        lines.append(String(decoding: partial, as: UTF8.self))
        partial.removeAll()
    }
}
