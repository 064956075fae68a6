import Foundation
import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// Seeded stories of a log on real files, each against what a reader must have seen of it.
@Suite struct FollowModelTests {
    /// How many stories a test tells.
    static let stories = 125

    @Test(arguments: 0..<8)
    func `every line that stands in a log at a look is given once`(block: Int) throws {
        for story in 0..<Self.stories {
            let seed = UInt64(block * Self.stories + story)
            let run = try FollowStory(seed: seed, usesWatch: true, usesLink: false)
            try run.tell()
            if let problem = run.problem { Issue.record("\(problem)") }
            if run.problem != nil { return }
        }
    }

    @Test(arguments: 0..<4)
    func `a log behind a link that moves is given once`(block: Int) throws {
        for story in 0..<Self.stories {
            let seed = UInt64(100_000 + block * Self.stories + story)
            let run = try FollowStory(seed: seed, usesWatch: true, usesLink: true)
            try run.tell()
            if let problem = run.problem { Issue.record("\(problem)") }
            if run.problem != nil { return }
        }
    }

    @Test(arguments: 0..<4)
    func `without the directory's events the names tell what came between`(block: Int) throws {
        for story in 0..<Self.stories {
            let seed = UInt64(200_000 + block * Self.stories + story)
            let run = try FollowStory(seed: seed, usesWatch: false, usesLink: false)
            try run.tell()
            if let problem = run.problem { Issue.record("\(problem)") }
            if run.problem != nil { return }
        }
    }
}

/// One story: what happens, drawn from a seed, and a reader that looks now and then.
private final class FollowStory {
    private let model: FollowModel
    private let reader: FollowedFileReader
    private let seed: UInt64
    private var collector = LineCollector(maximumLine: ByteCount(FollowModel.maximumLine))
    private(set) var problem: String?

    init(seed: UInt64, usesWatch: Bool, usesLink: Bool) throws {
        let model = try FollowModel(seed: seed, usesWatch: usesWatch, usesLink: usesLink)
        self.model = model
        self.seed = seed
        reader = try FollowedFileReader(
            path: model.path, linger: FollowModel.linger, usesWatch: usesWatch,
            opening: { path throws(SystemFailure) in
                if model.refusesOpening { throw SystemFailure(code: EACCES) }
                return try FollowedFile(opening: path)
            })
    }

    func tell() throws {
        for _ in 0..<20 + model.random.below(40) {
            try happen()
            if model.random.below(3) == 0 { look(after: 20_000_000) }
            if problem != nil { return }
        }
        model.refusesOpening = false
        for _ in 0..<3 { look(after: 6_000_000_000) }
        compare()
    }

    private func note(_ words: String) { model.story.append(words) }

    /// A look by both, and the comparison.
    private func look(after time: UInt64) {
        model.now += time
        let piece = [64, 1_000, 65_536][model.random.below(3)]
        note("look")
        model.look()
        do throws(FollowFailure) {
            var idle = 0
            while idle < 2 {
                let found = try reader.look(maximum: piece, now: model.now)
                collector.take(found)
                idle = found == nil ? idle + 1 : 0
            }
        } catch {
            problem = "seed \(seed): \(error.sentence)\n\(model.story.joined(separator: "; "))"
            return
        }
        // All lines are compared at the end, or where their number tells that something is wrong.
        if collector.lines.count != model.expectedCount { compare() }
    }

    private func compare() {
        var found: [String: Int] = [:]
        for line in collector.lines { found[line, default: 0] += 1 }
        let isSame =
            found == model.expected && collector.unfinished == model.unfinished
            && collector.nuls == model.nuls
        if isSame || problem != nil { return }
        let words = Set(found.keys).union(model.expected.keys).sorted()
            .filter { found[$0] != model.expected[$0] }
            .map { "\($0) \(found[$0] ?? 0) times instead of \(model.expected[$0] ?? 0)" }
        problem =
            "seed \(seed): \(words.joined(separator: ", ")); \(collector.unfinished) lines "
            + "unfinished instead of \(model.unfinished), \(collector.nuls) NULs instead of "
            + "\(model.nuls)\n" + model.story.joined(separator: "; ")
    }

    // MARK: What happens

    private func happen() throws {
        switch model.random.below(model.usesLink ? 23 : 20) {
        case 0...3: append(model.current)
        case 4, 5: appendPart(model.current)
        case 6: append(model.files[model.random.below(model.files.count)])
        case 7: appendLong(model.current)
        case 8: try rotate(times: 1)
        case 9: try rotate(times: 2 + model.random.below(3))
        case 10: try rotateAway()
        case 11, 12: try cut()
        case 13, 14: overwrite()
        case 15: try replace()
        case 16: try comeBack()
        case 17:
            model.refusesOpening.toggle()
            note("opening is \(model.refusesOpening ? "" : "not ")refused")
        case 18: look(after: 2_000_000_000)
        case 19: look(after: 6_000_000_000)
        default: try moveLink()
        }
    }

    private func append(_ file: ModelFile?) {
        guard let file else { return }
        note("append to \(file.name ?? "a deleted file")")
        for _ in 0...model.random.below(4) {
            model.write(model.line(length: model.random.below(60)), to: file)
        }
    }

    private func appendPart(_ file: ModelFile?) {
        guard let file else { return }
        note("append a part")
        model.write(String(model.line(length: model.random.below(60)).dropLast()), to: file)
    }

    private func appendLong(_ file: ModelFile?) {
        guard let file else { return }
        note("append a long line")
        model.write(model.line(length: 150 + model.random.below(800)), to: file)
    }

    private func rotate(times: Int) throws {
        note("rotate \(times) times")
        for _ in 0..<times {
            try model.rotate()
            let file = try model.create()
            if model.random.below(3) > 0 { append(file) }
        }
    }

    private func rotateAway() throws {
        note("rotate, nothing new")
        try model.rotate()
        if model.random.below(2) == 0 { look(after: 20_000_000) }
        if model.random.below(4) > 0 { _ = try model.create() }
    }

    private func cut() throws {
        guard let file = model.current else { return }
        let notices = model.random.below(2) == 0
        if model.random.below(2) == 0 {
            note("copy and cut\(notices ? "" : ", the writer keeps its place")")
            try model.copyAndCut(file, writerNotices: notices)
        } else {
            note("cut\(notices ? "" : ", the writer keeps its place")")
            model.cut(file, writerNotices: notices)
        }
        if model.random.below(2) == 0 { append(file) }
    }

    private func overwrite() {
        guard let file = model.current else { return }
        let size = file.content.count
        let length = max(8, [size, size / 2, size + 100][model.random.below(3)])
        note("overwrite \(size) bytes with \(length)")
        model.overwrite(file, length: length)
    }

    private func replace() throws {
        guard let file = model.current else {
            note("create")
            _ = try model.create()
            return
        }
        note("delete and create")
        model.delete(file)
        if model.random.below(2) == 0 { look(after: 20_000_000) }
        append(try model.create())
    }

    /// The file that was replaced last is the log again.
    private func comeBack() throws {
        guard model.usesWatch, let file = model.file(named: "log.1") else { return }
        note("log.1 becomes log")
        try model.rename(file, to: "log")
    }

    private func moveLink() throws {
        note("move the link")
        model.moveLink()
        if model.current == nil, model.random.below(2) == 0 { append(try model.create()) }
    }
}
