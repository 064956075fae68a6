import Foundation
import Testing
import WeirBase
import WeirStress
import WeirTelemetry

/// The yields are set up for the whole process: one test at a time.
@Suite(.serialized) struct StressTests {
    @Test func `runs on one to four threads replay identically`() {
        Probe.configure(seed: 7, permille: 200)
        defer { Probe.configure(seed: 0, permille: 0) }
        var overlaps: [Int] = []
        for seed in UInt64(0)..<150 {
            let outcome = StressPipeline(seed: seed).check()
            #expect(
                outcome.problem == nil,
                "reproduce: weir-bench stress --runs 1 --seed \(seed) --yield 200")
            if outcome.workers >= 2 { overlaps.append(outcome.overlapped) }
        }
        overlaps.sort()
        #expect(overlaps[overlaps.count / 2] >= 100, "the threads hardly overlapped")
    }

    @Test func `a simulated seed gives the same run twice and another seed another`() {
        var outcomes: Set<UInt64> = []
        for seed in UInt64(0)..<40 {
            let outcome = StressPipeline(seed: seed).check(simulated: true)
            #expect(
                outcome.problem == nil,
                "reproduce: weir-bench stress --runs 1 --seed \(seed) --simulated")
            outcomes.insert(outcome.outcome)
        }
        #expect(outcomes.count == 40)
    }

    @Test func `what a kill could have left replays wherever the schedule is cut`() throws {
        for seed in UInt64(0)..<6 {
            let pipeline = StressPipeline(seed: seed)
            let planned = try pipeline.plan()
            let recording = try pipeline.record(planned, simulated: true)
            let steps = recording.batches.flatMap(\.schedule.steps).count
            for step in stride(from: 7, through: steps, by: 61) {
                let problem = try pipeline.replayCut(planned, recording, behind: Step(step))
                #expect(problem == nil, "seed \(seed)")
            }
        }
    }

    @Test func `what was noted before a kill is found and replays`() throws {
        let result = try Bench.run(["stress-kill", "--runs", "15"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("15 kills") || result.output.contains("ended before"))
    }

    @Test func `each planted fault has a trial that the bench can read`() throws {
        let result = try Bench.run(["mutants", "--list"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("numberBeforeLook: "))
        #expect(result.output.contains("    stress --yield 200 --runs 40 --wide numbered\n"))
    }
}

/// The built `weir-bench`, which lies beside the tests.
private enum Bench {
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let process = Process()
        process.executableURL = folder.appendingPathComponent("weir-bench")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
