import Foundation
import Glibc
import WeirBase
import WeirEngine
import WeirTelemetry

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

    /// Writes from the file's beginning on without cutting it.
    func overwrite(_ name: String, _ text: String) throws { try write(name, text, at: 0) }

    /// Writes at a place that may lie behind the file's end.
    func write(_ name: String, _ text: String, at offset: UInt64) throws {
        guard let handle = FileHandle(forWritingAtPath: file(name)) else {
            throw CocoaError(.fileNoSuchFile)
        }
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
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
        case .file(let number): "[file \(number)]"
        case .nuls(let count): "[\(count) NULs]"
        case .end: "[end]"
        case .failure(let sentence): "[failure: \(sentence)]"
        case nil: "[cancelled]"
        }
    }

    /// The next `count` pieces.
    func texts(_ count: Int) -> [String] { (0..<count).map { _ in text() } }
}

/// Puts lines together as the engine does.
struct LineCollector {
    private(set) var lines: [String] = []
    private(set) var nuls: UInt64 = 0
    private var assembler: LineAssembler

    init(maximumLine: ByteCount = EngineBounds.maximumLineBytes) {
        assembler = LineAssembler(maximumLine: maximumLine)
    }

    /// Lines that have begun and not ended.
    var unfinished: Int { assembler.unfinishedLines }

    mutating func take(_ piece: InputPiece?) {
        guard let piece else { return }
        assembler.take(block(piece))
        while assembler.waiting > 0 {
            let facts = assembler.nextFacts
            nuls += facts.nuls
            let line = assembler.next { String(decoding: $0, as: UTF8.self) }
            lines.append(facts.isTooLong ? "[too long]" : line)
        }
    }

    private func block(_ piece: InputPiece) -> InputBlock {
        var block = InputBlock(
            source: 0, index: 0, kind: .bytes, offset: 0, length: 0, hash: 0, time: 0, bytes: [])
        switch piece {
        case .bytes(let bytes, let offset): (block.bytes, block.offset) = (bytes, offset)
        case .rotation: block.kind = .rotation
        case .truncation: block.kind = .truncation
        case .file(let number): (block.kind, block.offset) = (.file, number)
        case .nuls(let count): (block.kind, block.offset) = (.nuls, count)
        case .end: block.kind = .end
        case .failure(let sentence): (block.kind, block.bytes) = (.failure, Array(sentence.utf8))
        }
        return block
    }
}
