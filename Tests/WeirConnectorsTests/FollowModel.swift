import Foundation
import Glibc
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// A file of the model: what stands in the real one, and what a reader must have of it.
final class ModelFile {
    let descriptor: Int32
    var content: [UInt8] = []
    /// Grows whenever what stood there stands there no more.
    var epoch = 0
    /// Where its program writes next: behind the end after a truncation it does not know of.
    var writerOffset = 0
    var folder: Int
    /// Nil once it was deleted.
    var name: String?

    // What a reader has.
    var isOpen = false
    var read = 0
    var readEpoch = 0
    var isBeginning = true
    var unfinished: [UInt8] = []
    var nuls: UInt64 = 0
    var quietSince: UInt64?

    init(descriptor: Int32, folder: Int, name: String) {
        self.descriptor = descriptor
        self.folder = folder
        self.name = name
    }

    deinit { close(descriptor) }
}

/// A log, what happens to it, and which lines have to be seen: a reference that knows files, bytes
/// and looks and nothing of how a follower finds out.
///
/// The rules: a look sees the file at the path and, with a watch, all that stood there since the
/// look before and are still in the folder; without a watch those that the names `log.1`, `log.2`
/// show between it and the file before. A file that was seen is seen until it was replaced and
/// quiet for the linger. What stands in a seen file at a look is given once; an unfinished line
/// that is cut, or whose file is let go, is a line.
final class FollowModel {
    static let linger: UInt64 = 5_000_000_000
    static let maximumLine = 200

    let root: TemporaryFolder
    let usesWatch: Bool
    let usesLink: Bool
    var random: SeededGenerator
    var files: [ModelFile] = []
    /// The folder that the link leads to; 0 without a link.
    var linked = 0
    /// What happened, for a test that fails.
    var story: [String] = []
    var now: UInt64 = 1_000_000_000
    var refusesOpening = false

    private(set) var expected: [String: Int] = [:]
    private(set) var expectedCount = 0
    private(set) var nuls: UInt64 = 0
    private var opened: [ModelFile] = []
    private var arrivals: [ModelFile] = []
    private var watched = 0
    private var serial = 0
    private var stamp = 0

    init(seed: UInt64, usesWatch: Bool, usesLink: Bool) throws {
        root = try TemporaryFolder()
        random = SeededGenerator(seed: seed)
        self.usesWatch = usesWatch
        self.usesLink = usesLink
        for folder in 0..<2 {
            try FileManager.default.createDirectory(
                atPath: root.file("v\(folder)"), withIntermediateDirectories: false)
        }
        if usesLink { symlink("v0", root.file("current")) }
        _ = try create()
        write(line(), to: files[0])
        files[0].isOpen = true
        opened = [files[0]]
        arrivals = []
    }

    /// The path that is followed.
    var path: String { usesLink ? root.file("current/log") : root.file("v0/log") }
    /// The file at the path.
    var current: ModelFile? { file(named: "log") }

    func file(named name: String) -> ModelFile? {
        files.first { $0.folder == linked && $0.name == name }
    }

    private func location(_ folder: Int, _ name: String) -> String {
        root.file("v\(folder)/\(name)")
    }

    // MARK: What happens

    /// A line's text with its end; no two are alike.
    func line(length: Int = 0) -> String {
        serial += 1
        let text = "<\(serial)>"
        return text + String(repeating: "x", count: max(0, length - text.utf8.count)) + "\n"
    }

    func write(_ text: String, to file: ModelFile) {
        let bytes = Array(text.utf8)
        let count = pwrite(file.descriptor, bytes, bytes.count, off_t(file.writerOffset))
        precondition(count == bytes.count)
        let gap = file.writerOffset - file.content.count
        if gap > 0 { file.content += [UInt8](repeating: 0, count: gap) }
        file.content += bytes
        file.writerOffset += bytes.count
        touch(file)
    }

    /// Cuts the file; its program goes on at its end, or where it was.
    func cut(_ file: ModelFile, writerNotices: Bool) {
        ftruncate(file.descriptor, 0)
        file.content = []
        file.epoch += 1
        if writerNotices { file.writerOffset = 0 }
        touch(file)
    }

    /// Writes the file anew, with as many bytes as it had or others, without cutting it first when
    /// it does not get shorter.
    func overwrite(_ file: ModelFile, length: Int) {
        var text: [UInt8] = []
        while text.count < length {
            let left = length - text.count
            text += Array(line(length: min(left - 1, 10 + random.below(40))).utf8)
        }
        if text.count < file.content.count { ftruncate(file.descriptor, off_t(text.count)) }
        precondition(pwrite(file.descriptor, text, text.count, 0) == text.count)
        file.content = text
        file.writerOffset = text.count
        file.epoch += 1
        touch(file)
    }

    /// A time stamp of its own: the clock that files are stamped with may tick too slowly.
    private func touch(_ file: ModelFile) {
        stamp += 1
        let time = timespec(tv_sec: 1_000_000 + stamp, tv_nsec: 0)
        var times = [time, time]
        futimens(file.descriptor, &times)
    }

    func create() throws -> ModelFile {
        let path = location(linked, "log")
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        let file = ModelFile(descriptor: descriptor, folder: linked, name: "log")
        files.append(file)
        arrived(file)
        return file
    }

    func rename(_ file: ModelFile, to name: String) throws {
        guard let old = file.name else { return }
        let target = files.first { $0.folder == file.folder && $0.name == name }
        guard Glibc.rename(location(file.folder, old), location(file.folder, name)) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
        target?.name = nil
        file.name = name
        if name == "log", file.folder == linked { arrived(file) }
    }

    func delete(_ file: ModelFile) {
        guard let name = file.name else { return }
        unlink(location(file.folder, name))
        file.name = nil
    }

    /// `log.1` becomes `log.2` and so on, `log` becomes `log.1`.
    func rotate() throws {
        for number in (0..<4).reversed() {
            let name = number == 0 ? "log" : "log.\(number)"
            if let file = file(named: name) { try rename(file, to: "log.\(number + 1)") }
        }
    }

    /// `log` is copied to `log.1` and cut.
    func copyAndCut(_ file: ModelFile, writerNotices: Bool) throws {
        for number in (1..<4).reversed() {
            if let file = self.file(named: "log.\(number)") {
                try rename(file, to: "log.\(number + 1)")
            }
        }
        let path = location(linked, "log.1")
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        let copy = ModelFile(descriptor: descriptor, folder: linked, name: "log.1")
        files.append(copy)
        _ = pwrite(descriptor, file.content, file.content.count, 0)
        copy.content = file.content
        copy.writerOffset = file.content.count
        cut(file, writerNotices: writerNotices)
    }

    func moveLink() {
        linked = 1 - linked
        symlink("v\(linked)", root.file("next"))
        Glibc.rename(root.file("next"), root.file("current"))
    }

    private func arrived(_ file: ModelFile) {
        if file.folder == watched, !arrivals.contains(where: { $0 === file }) {
            arrivals.append(file)
        }
    }

    // MARK: What must be seen

    /// A look at `now`.
    func look() {
        findArrivals()
        for file in opened {
            let gave = consume(file)
            if gave || file.quietSince == nil || file === opened.last {
                if gave || file.quietSince == nil { file.quietSince = now }
            } else if let since = file.quietSince, now - since >= Self.linger {
                finish(file)
                file.isOpen = false
                file.nuls = 0
                opened.removeAll { $0 === file }
            }
        }
    }

    private func findArrivals() {
        if watched != linked {
            watched = linked
            arrivals = []
        }
        arrivals.removeAll { $0.name == nil }
        if refusesOpening {
            // A file that is open needs no opening to be the current one again.
            let isAwaited = usesWatch && !arrivals.isEmpty
            if !isAwaited, let current, current.isOpen, opened.last !== current {
                replaceCurrent(by: current)
            }
            return
        }
        var found = usesWatch ? arrivals.filter { !$0.isOpen } : []
        if found.isEmpty { found = between() }
        arrivals = []
        for file in found { replaceCurrent(by: file) }
        if let current, opened.last !== current { replaceCurrent(by: current) }
    }

    /// What the names show between the file that was at the path and that there now, where no
    /// event told of it.
    private func between() -> [ModelFile] {
        guard let current, !current.isOpen, let last = opened.last, last.folder == linked,
            let name = last.name, let number = Int(name.dropFirst("log.".count)), number > 1
        else { return [] }
        let chain = (1..<number).map { file(named: "log.\($0)") }
        guard chain.allSatisfy({ $0 != nil && $0?.read == 0 && $0?.isOpen == false }) else {
            return []
        }
        return chain.reversed().compactMap { $0 }
    }

    private func replaceCurrent(by file: ModelFile) {
        opened.last?.quietSince = nil
        opened.removeAll { $0 === file }
        file.isOpen = true
        file.quietSince = nil
        opened.append(file)
    }

    /// Takes what stands in the file; says whether there was anything.
    private func consume(_ file: ModelFile) -> Bool {
        var gave = false
        if file.epoch != file.readEpoch {
            file.readEpoch = file.epoch
            // One of which nothing was read is like a new one.
            gave = file.read > 0
            finish(file)
            file.read = 0
            file.isBeginning = true
        }
        var fresh = file.content[file.read...]
        file.read = file.content.count
        if fresh.isEmpty { return gave }
        if file.isBeginning {
            let text = fresh.drop { $0 == 0 }
            file.nuls += UInt64(fresh.count - text.count)
            fresh = text
            file.isBeginning = fresh.isEmpty
        }
        for byte in fresh {
            if byte == 0x0A {
                endLine(of: file)
            } else {
                file.unfinished.append(byte)
            }
        }
        return true
    }

    private func finish(_ file: ModelFile) {
        if !file.unfinished.isEmpty { endLine(of: file) }
    }

    private func endLine(of file: ModelFile) {
        expect(file.unfinished)
        file.unfinished = []
        nuls += file.nuls
        file.nuls = 0
    }

    private func expect(_ line: [UInt8]) {
        expectedCount += 1
        let isTooLong = line.count > Self.maximumLine
        expected[isTooLong ? "[too long]" : String(decoding: line, as: UTF8.self), default: 0] += 1
    }

    /// Lines that have begun in files that are open.
    var unfinished: Int { opened.count { !$0.unfinished.isEmpty } }
}
