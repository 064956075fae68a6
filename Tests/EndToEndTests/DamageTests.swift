import Glibc
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// Traces that are cut, flipped, foreign or forged: a sentence and a code, never a signal.
struct DamageTests {
    private static let commands = [
        ["check"], ["inspect"], ["inspect", "--json"], ["replay", "--verify"],
        ["export", "--signal", "schedule"], ["export", "--signal", "logs"],
    ]

    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws {
        weir = try Weir()
        let run = try weir(
            "run", "orders", "--rate", "max", "--limit", "400", "--record", "t.mcap", "--seed",
            "4", "--workers", "2")
        try #require(run.code == 0, "\(run)")
    }

    private func outcome(_ command: [String], _ trace: String) throws -> Outcome {
        try weir.run([command[0], trace] + command.dropFirst())
    }

    @Test func `a named pipe is no trace, and nothing waits for whoever writes to it`() throws {
        try #require(mkfifo(scratch.file("pipe"), 0o600) == 0)
        for command in Self.commands {
            let outcome = try outcome(command, "pipe")
            #expect(outcome.code == 2, "\(command): \(outcome)")
            #expect(outcome.errors.contains("regular file"), "\(command): \(outcome)")
        }
        let bytes = try scratch.bytes("t.mcap")
        try scratch.write("cut.mcap", Array(bytes.prefix(bytes.count / 2)))
        try #require(mkfifo(scratch.file("cut.mcap.lanes"), 0o600) == 0)
        let cut = try outcome(["inspect"], "cut.mcap")
        #expect(cut.code == 0 || cut.code == 4, "\(cut)")
    }

    @Test func `a trace does not take the place of a standard stream that was closed`() throws {
        let kept = try scratch.bytes("t.mcap")
        let read = try weir.shell("$WEIR replay t.mcap <&-")
        #expect(read.code == 0 && !read.errors.contains("no command '"), "\(read)")
        for closed in [">&-", "2>&-", "<&- >&- 2>&-"] {
            _ = try weir.shell("$WEIR replay t.mcap -x when \(closed)")
            _ = try weir.shell("$WEIR run orders --limit 500 --rate max --record c.mcap \(closed)")
            let check = try weir("check", "c.mcap")
            #expect(check.code == 0, "\(closed): \(check)")
            try scratch.remove("c.mcap")
        }
        #expect(try scratch.bytes("t.mcap") == kept)
    }

    @Test func `a trace cut anywhere is whole chunks or a sentence with an offset`() throws {
        let bytes = try scratch.bytes("t.mcap")
        var random = SeededGenerator(seed: 11)
        let cuts =
            [0, 1, 8, 40, bytes.count - 1]
            + (0..<8).map { _ in
                Int(random.next() % UInt64(bytes.count))
            }
        for cut in cuts {
            try scratch.write("cut.mcap", Array(bytes.prefix(cut)))
            for command in Self.commands {
                let outcome = try outcome(command, "cut.mcap")
                let code = try #require(outcome.code, "cut at \(cut), \(command): \(outcome)")
                #expect([0, 4].contains(code), "cut at \(cut), \(command): \(outcome)")
                if command == ["check"] { #expect(code == 4, "cut at \(cut): \(outcome)") }
                let says = outcome.errors
                #expect(
                    code == 0 || says.contains("at byte") || says.contains("steps can be read"),
                    "\(outcome)")
            }
        }
    }

    @Test func `a flipped bit is found by check and traps nothing`() throws {
        let bytes = try scratch.bytes("t.mcap")
        var random = SeededGenerator(seed: 12)
        for _ in 0..<16 {
            let (index, bit) = (Int(random.next() % UInt64(bytes.count)), random.next() % 8)
            var flipped = bytes
            flipped[index] ^= 1 << UInt8(bit)
            try scratch.write("flip.mcap", flipped)
            for command in Self.commands {
                let outcome = try outcome(command, "flip.mcap")
                let code = try #require(outcome.code, "bit \(bit) of \(index): \(outcome)")
                #expect([0, 2, 3, 4].contains(code), "bit \(bit) of \(index): \(outcome)")
                if command == ["check"] {
                    #expect(code == 4, "bit \(bit) of byte \(index) was not found: \(outcome)")
                    #expect(outcome.errors.contains("byte"), "no offset: \(outcome)")
                }
            }
        }
    }

    @Test(arguments: ["", "not a trace\n", "\u{89}MCAP0\r\n", "PK\u{3}\u{4}"])
    func `a file that is no trace is code 4 with a reason`(text: String) throws {
        try scratch.write("other", text)
        for command in Self.commands {
            let outcome = try outcome(command, "other")
            #expect(outcome.code == 4, "\(command): \(outcome)")
            #expect(outcome.output.isEmpty && outcome.errors.count > 30, "\(outcome)")
        }
    }

    @Test func `an ordinary MCAP file is code 4 and is called one`() throws {
        let writer = try McapWriter(
            path: scratch.file("ros.mcap"), library: "other", overwrite: false)
        let channel = try writer.addChannel(topic: "/chatter", schema: 0, encoding: "json")
        let data = Array("{}".utf8)
        let message = McapMessage(channel: channel, sequence: 0, logTime: 1, data: data)
        try writer.writeChunk([message], compress: false)
        try writer.finish()
        for command in Self.commands {
            let outcome = try outcome(command, "ros.mcap")
            #expect(outcome.code == 4 && outcome.errors.contains("not a trace"), "\(outcome)")
        }
    }

    @Test func `a later version of the container is code 4 and names it`() throws {
        var bytes = try scratch.bytes("t.mcap")
        bytes[Mcap.versionByte] = UInt8(ascii: "1")
        try scratch.write("later.mcap", bytes)
        let outcome = try outcome(["inspect"], "later.mcap")
        #expect(outcome.code == 4 && outcome.errors.contains("version"), "\(outcome)")
    }

    @Test func `a trace of a pipeline that is not here is code 2`() throws {
        try rewrite("other.mcap") { $0.pipeline = "elsewhere" }
        let outcome = try outcome(["replay", "--verify"], "other.mcap")
        #expect(outcome.code == 2 && outcome.errors.contains("elsewhere"), "\(outcome)")
        #expect(try self.outcome(["inspect"], "other.mcap").code == 0)
    }

    @Test func `a trace of another plan or version is code 2`() throws {
        try rewrite("plan.mcap") { $0.plan = "0000000000000000" }
        try rewrite("version.mcap") { $0.version = "2" }
        for trace in ["plan.mcap", "version.mcap"] {
            let outcome = try outcome(["replay", "--verify"], trace)
            #expect(
                outcome.code == 2 && outcome.errors.contains("another plan")
                    || outcome.errors.contains("version"), "\(outcome)")
        }
    }

    /// What a forger changes in a schedule.
    enum Forgery: CaseIterable {
        case count, subtask, order, emitted, accesses, kind, time, inlet
        /// Whether a replay must notice even when the chain was forged as well: a time that
        /// nothing looks at and a generator's inlet mean nothing.
        var changesTheRun: Bool { self != .time && self != .inlet }
    }

    @Test(arguments: Forgery.allCases)
    func `a schedule that was changed under its chain is code 4`(forgery: Forgery) throws {
        try rewrite("forged.mcap") { _ in
        } batch: {
            forge($0, forgery)
        }
        try restoreChains("forged.mcap", as: "chained.mcap")
        for command in [["replay", "--verify"], ["check"], ["export", "--signal", "schedule"]] {
            let outcome = try outcome(command, "chained.mcap")
            #expect(outcome.code == 4, "\(outcome)")
            #expect(outcome.errors.contains("chain is broken at step"), "\(outcome)")
        }
    }

    @Test(arguments: Forgery.allCases.filter(\.changesTheRun))
    func `a schedule that was changed together with its chain diverges`(forgery: Forgery) throws {
        try rewrite("forged.mcap") { _ in
        } batch: {
            forge($0, forgery)
        }
        let outcome = try outcome(["replay", "--verify"], "forged.mcap")
        #expect(outcome.code == 3, "\(outcome)")
        #expect(outcome.output.hasPrefix("diverged at step "), "\(outcome)")
        #expect(outcome.output.contains("expected") && outcome.output.contains("got"))
        let debugged = try self.outcome(["replay", "-x", "goto end", "-x", "when"], "forged.mcap")
        #expect(debugged.code == 3, "\(debugged)")
        #expect(debugged.output.contains("diverged at step "), "\(debugged)")
    }

    @Test(arguments: Forgery.allCases.filter(\.changesTheRun))
    func `a divergence as JSON has the members that the text has lines`(forgery: Forgery) throws {
        try rewrite("forged.mcap") { _ in
        } batch: {
            forge($0, forgery)
        }
        let text = try outcome(["replay", "-x", "goto end"], "forged.mcap").output
        let json = try outcome(["replay", "--json", "-x", "goto end"], "forged.mcap").outputLines
        let object = try JSONLine(try #require(json.first { $0.contains("\"diverged\"") }))
        for name in ["expected", "got", "likely"] {
            let line = text.split(separator: "\n").first { $0.hasPrefix("  \(name) ") }
            let said = line.map { $0.dropFirst(name.count + 2).drop { $0 == " " } }
            #expect(object.string(name) == said.map(String.init), "\(name)")
        }
    }

    @Test func `a trace that was only written again is the same run`() throws {
        try rewrite("again.mcap") { _ in }
        try restoreChains("again.mcap", as: "chained.mcap")
        let before = try outcome(["replay", "--verify"], "t.mcap")
        #expect(try outcome(["replay", "--verify"], "again.mcap").output == before.output)
        #expect(try outcome(["replay", "--verify"], "chained.mcap").output == before.output)
    }

    private func forge(_ old: ScheduleBatch, _ forgery: Forgery) -> ScheduleBatch {
        var batch = old
        let turns = batch.steps.indices.filter { batch.steps[$0].kind.beginsTurn }
        let input = turns.first { batch.steps[$0].kind == .input && batch.steps[$0].count > 1 }
        guard let input, let last = turns.last else { return batch }
        switch forgery {
        case .count: batch.steps[input].count -= 1
        case .time: batch.steps[last].time = batch.steps[last].time + 1
        case .inlet: batch.steps[input].port += 1
        // Another one that there is.
        case .subtask:
            let subtask = batch.steps[input].subtask
            batch.steps[input].subtask = subtask == 0 ? 1 : SubtaskIndex(subtask.rawValue - 1)
        case .kind: batch.steps[input].kind = .idle
        case .emitted: if !batch.emitted.isEmpty { batch.emitted[0] += 1 }
        case .accesses: if !batch.ends.isEmpty { batch.ends[0].accesses += 1 }
        case .order:
            let other = turns.first { batch.steps[$0].subtask != batch.steps[input].subtask }
            guard let other else { return batch }
            batch.steps.swapAt(input, other)
            let step = batch.steps[input].step
            batch.steps[input].step = batch.steps[other].step
            batch.steps[other].step = step
        }
        return batch
    }

    /// Writes the trace again with the recorded chain's end, so that only its content differs.
    private func rewrite(
        _ name: String, header change: (inout RunHeader) -> Void,
        batch: (ScheduleBatch) -> ScheduleBatch = { $0 }
    ) throws {
        let trace = try Trace.open(path: scratch.file("t.mcap"))
        var header = trace.header
        change(&header)
        let writer = try TraceWriter(
            path: scratch.file(name), header: header, overwrite: true, byteBound: nil)
        let cursor = trace.batches()
        while let recorded = try cursor.next() {
            var changed = recorded
            changed.schedule = batch(recorded.schedule)
            try writer.write(changed)
        }
        try writer.finish(try #require(trace.end))
    }

    /// Writes a trace again with the chain's hashes of `t.mcap`, every checksum mended.
    private func restoreChains(_ name: String, as output: String) throws {
        let (original, _) = try schedules("t.mcap")
        let (_, index) = try schedules(name)
        let file = try InputFile(opening: scratch.file(name))
        let writer = try McapWriter(path: scratch.file(output), library: "w", overwrite: true)
        let run = try index.members(of: TraceMetadata.run, in: file)
        try writer.writeMetadata(name: TraceMetadata.run, try #require(run))
        for topic in index.topics.sorted(by: { $0.key < $1.key }) {
            _ = try writer.addChannel(topic: topic.value, schema: 0, encoding: "x-weir")
        }
        var known = original[...]
        for entry in index.chunks {
            let chunk = try McapChunk(entry, of: file, zstd: Zstd())
            let messages = chunk.messages.map { message in
                var data = Array(chunk.data(of: message))
                if index.topics[message.channel] == Topic.schedule.rawValue,
                    let chain = known.popFirst()
                {
                    data.replaceSubrange(data.count - 8..<data.count, with: chain)
                }
                return McapMessage(
                    channel: message.channel, sequence: message.sequence,
                    logTime: message.logTime, data: data)
            }
            try writer.writeChunk(messages, compress: true)
        }
        let end = try index.members(of: TraceMetadata.end, in: file)
        try writer.writeMetadata(name: TraceMetadata.end, try #require(end))
        try writer.finish()
    }

    /// The last 8 bytes of each block of the schedule: the chain's hash behind it.
    private func schedules(_ name: String) throws -> (chains: [[UInt8]], index: McapIndex) {
        let file = try InputFile(opening: scratch.file(name))
        let index = try McapIndex(of: file)
        var chains: [[UInt8]] = []
        for entry in index.chunks {
            let chunk = try McapChunk(entry, of: file, zstd: Zstd())
            for message in chunk.messages
            where index.topics[message.channel] == Topic.schedule.rawValue {
                chains.append(Array(chunk.data(of: message).suffix(8)))
            }
        }
        return (chains, index)
    }
}
