import Foundation
import Glibc
import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTrace

@testable import WeirApp
@testable import WeirReplay

/// Whole texts of the program that need no process, and the borders of what makes them.
@Suite struct AppTextTests {
    private static let traces =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/traces/"

    private func compared(_ change: (inout ReplayReport.Compared) -> Void) -> String {
        var report = ReplayReport()
        change(&report.compared)
        let line = VerdictText.text(report, times: 1).split(separator: "\n")[1]
        return String(line.dropFirst("compared: ".count))
    }

    @Test func `what was compared is told part by part, with one and with many`() {
        #expect(compared { _ in } == "0 turns, 0 rest points, 0 violations, 0 logs")
        #expect(
            compared { part in
                (part.turns, part.restPoints, part.lastRestPoint) = (1, 1, 40)
                (part.violations, part.failures, part.logs) = (1, 1, 1)
            } == "1 turn, 1 rest point (the last at step 40), 1 violation, 1 failure, 1 log")
        #expect(
            compared { part in
                (part.turns, part.restPoints, part.lastRestPoint) = (2, 3, 40)
                (part.finalSubtasks, part.finalCells, part.rows) = (1, 1, 1)
                (part.violations, part.failures, part.logs, part.lostLogs) = (2, 2, 2, 5)
            }
                == "2 turns, 3 rest points, final state of 1 subtask and 1 cell, 2 violations, "
                + "2 failures, 2 logs (5 lost ones left out), 1 row")
        #expect(
            compared { part in
                (part.finalSubtasks, part.finalCells, part.rows) = (4, 0, 9)
            } == "0 turns, 0 rest points, final state of 4 subtasks, 0 violations, 0 logs, 9 rows")
    }

    @Test func `what recovery a trace needed is told, and nothing where it needed none`() throws {
        let trace = try Trace.open(path: Self.traces + "orders/race.mcap")
        #expect(VerdictText.recovery(trace) == "")
        let path = NSTemporaryDirectory() + "weir-text-\(UUID().uuidString).mcap"
        let bytes = try Data(contentsOf: URL(filePath: Self.traces + "orders/race.mcap"))
        try bytes.prefix(40_000).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(
            VerdictText.recovery(try Trace.open(path: path))
                == "incomplete: the run died and its lane file is gone; the trace ends with its "
                + "last whole chunk\n")
        #expect(RunEnding.text(trace) == "ended: finished")
        #expect(RunEnding.text(try Trace.open(path: path)) == "died: no end in its trace")
    }

    @Test(
        arguments: [
            (6, 7, "at step 7"), (5, 7, "between step 6 and step 7"), (9, 7, "at step 7"),
        ] as [(Step, Step, String)])
    func `a divergence is told where it is, with what was expected and what came`(
        agreed: Step, step: Step, position: String
    ) throws {
        let trace = try Trace.open(path: Self.traces + "orders/race.mcap")
        var divergence = Divergence(
            step: step, agreed: agreed, subtask: "a/0", expected: "one", got: "two")
        let lines = DivergenceText.text(divergence, trace, round: ", round 2")
            .split(separator: "\n").map(String.init)
        #expect(
            Array(lines.prefix(3))
                == ["diverged \(position) of a/0, round 2", "  expected  one", "  got       two"])
        #expect(lines[3].hasPrefix("  note      recorded by another build ("))
        #expect(lines[4].hasSuffix("race.mcap --at \(step)") && lines.count == 5)
        divergence.reason = "a clock"
        let likely = DivergenceText.text(divergence, trace).split(separator: "\n")
        #expect(likely[3] == "  likely    a clock")
    }

    // MARK: Scripts

    @Test func `a line is as long as lines of a script may be, and no longer`() throws {
        let path = NSTemporaryDirectory() + "weir-script-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        // More is read at once than is looked at, so that the bound is met a block later.
        for (count, isTaken) in [(65_536, true), (70_000, false)] {
            try Data((String(repeating: "x", count: count) + "\ny").utf8)
                .write(to: URL(filePath: path))
            let source = try CommandSource(commands: [], script: path, isPending: { false })
            if isTaken {
                #expect(try source.next()?.text.count == count)
                #expect(try source.next()?.text == "y" && source.next() == nil)
            } else {
                let error = #expect(throws: CommandFailure.self) { try source.next() }
                #expect(error?.what.hasSuffix(":1: a line of more than 65536 bytes") == true)
                #expect(error?.advice == "A script has one command on each line")
            }
        }
    }

    @Test func `a script that is none is refused with what to name`() {
        let missing = #expect(throws: CommandFailure.self) {
            try CommandSource(commands: [], script: "/none", isPending: { false })
        }
        #expect(missing?.what == "the script /none cannot be read: No such file or directory")
        #expect(
            missing?.advice
                == "Name a file with a command on each line, or - for standard input")
        let folder = #expect(throws: CommandFailure.self) {
            try CommandSource(commands: [], script: "/tmp", isPending: { false })
        }
        #expect(folder?.what == "the script /tmp is a folder" && folder?.code == 2)
    }

    @Test func `a source without a script ends behind its commands`() throws {
        let source = try CommandSource(commands: ["a"], script: nil, isPending: { false })
        #expect(try source.next()?.location == "-x 1")
        #expect(try source.next() == nil && source.next() == nil)
    }

    // MARK: The tail of an output

    @Test func `the end of an output is kept, exactly as much as the bound`() {
        let bound = AppBounds.outputTailBytes.count
        for count in [bound - 1, bound, bound + 1, 2 * bound - 1, 2 * bound, 2 * bound + 1] {
            let bytes = (0..<count).map { UInt8(0x61 + $0 % 26) }
            var tail = OutputTail()
            for start in stride(from: 0, to: count, by: 1_000) {
                tail.append(bytes[start..<min(count, start + 1_000)])
            }
            #expect(tail.text == String(decoding: bytes.suffix(bound), as: UTF8.self), "\(count)")
        }
    }

    // MARK: Signals

    @Test func `requests are counted, taken once, and an end stays`() {
        let requests = SignalRequests()
        #expect(!requests.isPending && !requests.takeInterrupt() && requests.end == nil)
        #expect(requests.take(SIGINT) == 1 && requests.take(SIGINT) == 2)
        #expect(requests.isPending && requests.codeWhenAskedToEnd == 0)
        #expect(requests.takeInterrupt() && !requests.takeInterrupt() && !requests.isPending)
        #expect(requests.take(SIGTERM) == 1)
        #expect(requests.takeInterrupt() && requests.isPending && requests.end == SIGTERM)
        #expect(requests.codeWhenAskedToEnd == 128 + SIGTERM)
    }

    // MARK: The process

    @Test func `a process takes memory, whole pages of it, and processor time that only grows`() {
        let (first, second) = (OwnProcess.sample(), OwnProcess.sample())
        // The pages that this test's own code lies in are more than these.
        #expect(first.residentBytes >= 1_000_000 && first.residentBytes.rawValue % 4_096 == 0)
        #expect(first.processorNanoseconds > 0 && OwnProcess.peakBytes >= 1_000_000)
        #expect(second.processorNanoseconds >= first.processorNanoseconds)
    }

    // MARK: The feed of a screen

    private func feed() -> ScreenFeed {
        var header = RunHeader(run: "0", pipeline: "p", version: "1", plan: "0", seed: 1)
        header.subtasks = [SubtaskInfo(stage: "a", index: 0, inlets: [], outlets: [], source: 0)]
        return ScreenFeed(header)
    }

    private func sample(_ time: RunTime) -> MetricSample {
        MetricSample(
            time: time, step: 0, subtasks: [], channels: [], recorder: RecorderSample())
    }

    private func notice(_ text: String, _ severity: Notice.Severity = .warning) -> Notice {
        Notice(severity: severity, step: 1, time: 0, origin: "a", text: text)
    }

    /// What a feed gives, in short: samples by their times, notices with their counts.
    private func told(_ news: TimelineNews) -> [String] {
        news.events.map { event in
            switch event {
            case .sample(let frame): "\(frame.time.rawValue)"
            case .notice(let notice): "\(notice.text) x\(notice.count)"
            case .logs(let lines, let lost): "\(lines.count) lines, \(lost) lost"
            case .recordingStopped(let reason): "stopped \(reason)"
            case .ended(let how): "ended \(how)"
            case .restarted(let path): "restarted \(path)"
            }
        }
    }

    @Test func `a notice that is repeated at once counts, and one in between tells them apart`() {
        let feed = feed()
        for text in ["w", "w", "v", "w", "w"] { feed.offer(notice(text)) }
        #expect(told(feed.take()) == ["w x2", "v x1", "w x2"])
        #expect(feed.take().isEmpty)
    }

    @Test func `lines of the log beyond the bound are counted with those that find room again`() {
        let feed = feed()
        feed.takesRecordedBatches()
        var batch = RecordBatch()
        batch.newSites = [LogSite(level: .info, message: "m", file: "a", line: 1, fields: [])]
        let record = LogRecord(
            step: 1, index: 1, operatorIndex: 0, ordinal: 0, subtask: 0, time: 0, site: 0,
            values: [])
        let count = AppBounds.maximumWaitingLines - 1
        batch.logs = [LogBatch(worker: 0, records: .init(repeating: record, count: count), lost: 3)]
        feed.consume(batch)
        batch.newSites = []
        batch.logs = [LogBatch(worker: 0, records: .init(repeating: record, count: 4), lost: 0)]
        for _ in 0..<2 { feed.consume(batch) }
        #expect(told(feed.take()) == ["\(count) lines, 3 lost", "1 lines, 3 lost"])
        feed.consume(batch)
        #expect(told(feed.take()) == ["4 lines, 4 lost"])
    }

    @Test func `beyond the bounds the oldest samples and the newest notices go`() {
        let feed = feed()
        for number in 0..<AppBounds.maximumWaitingNotices + 2 { feed.offer(notice("w\(number)")) }
        for time in 1...Int64(AppBounds.maximumWaitingSamples) + 2 {
            feed.offer(sample(RunTime(time)))
        }
        feed.recordingStopped("full")
        let told = told(feed.take())
        #expect(told.first == "w0 x1" && told.contains("3 x1") == false)
        #expect(told.filter { $0.hasPrefix("w") }.count == AppBounds.maximumWaitingNotices)
        let samples = told.compactMap { Int($0) }
        #expect(samples == Array(3...AppBounds.maximumWaitingSamples + 2))
        #expect(told.suffix(2) == ["2 notices came too fast to be shown x1", "stopped full"])
        // What was given makes room again.
        for number in 0..<3 { feed.offer(notice("again \(number)")) }
        feed.offer(sample(1_000))
        #expect(self.told(feed.take()) == ["again 0 x1", "again 1 x1", "again 2 x1", "1000"])
    }

    @Test func `samples wake the screen; of what is recorded it hears from the recorder alone`() {
        let (feed, wakes) = (feed(), Counter())
        feed.setWake { wakes.count += 1 }
        feed.offer(sample(1))
        feed.offer(notice("w"))
        #expect(wakes.count == 1)
        feed.takesRecordedBatches()
        feed.offer(sample(2))
        feed.offer(Incident(step: 1, kind: .violation, name: "n", message: "m", time: 0))
        #expect(wakes.count == 1 && told(feed.take()) == ["1", "w x1"])
        var batch = RecordBatch()
        batch.incidents = [Incident(step: 1, kind: .violation, name: "n", message: "m", time: 0)]
        feed.consume(batch)
        #expect(wakes.count == 1)
        batch.metrics = [sample(3), sample(4)]
        feed.consume(batch)
        #expect(wakes.count == 2)
        #expect(told(feed.take()) == ["m x2", "3", "4"])
        feed.setClock { 77 }
        #expect(feed.take().now == 77)
    }

    private final class Counter: @unchecked Sendable {
        // Unchecked: one test's thread uses it.
        var count = 0
    }
}
