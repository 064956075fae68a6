import Foundation
import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import Gallery
@testable import WeirReplay

/// Everything a session says of its step, as text to compare.
private func picture(of session: ReplaySession) throws -> String {
    var text = "step \(session.position)\n"
    for value in session.cells { text += "\(value.name) = \(value.value)\n" }
    for value in try session.states().entries {
        text += "\(value.name) = \(value.value) \(value.asOfTurn ?? 0)\n"
    }
    for queue in session.queues(messages: 4) { text += "\(queue)\n" }
    for subtask in session.subtasks { text += "\(subtask)\n" }
    for turn in try session.runnable() { text += "\(turn)\n" }
    for turn in session.openTurns { text += "\(turn)\n" }
    return text
}

/// The shipped trace in which an invariant fails.
private func overdrawn() throws -> Trace { try shipped("overdrawn") }

/// The ends of a trace's turns, in the order of the file.
private func ends(of trace: Trace) throws -> [EndNote] {
    var ends: [EndNote] = []
    try trace.forEachSchedule { ends += $0.ends }
    return ends
}

private func session(memoryBytes: ByteCount = .mebibytes(256)) throws -> ReplaySession {
    var options = ReplaySession.Options()
    options.memoryBytes = memoryBytes
    return try ReplaySession(overdrawn(), orders, options)
}

@Suite struct SessionTests {
    @Test(arguments: [.zero, 200_000, .mebibytes(256)] as [ByteCount])
    func `a step looks the same whichever way it was reached`(memoryBytes: ByteCount) throws {
        let wanderer = try session(memoryBytes: memoryBytes)
        var random = SeededGenerator(seed: memoryBytes.rawValue + 7, stream: 1)
        let steps = (0..<12).map { _ in Step(random.below(wanderer.lastStep.count + 1)) }
        // One that only goes forward begins at no snapshot.
        let straight = try session()
        var expected: [Step: String] = [:]
        for step in steps.sorted() {
            try straight.go(to: step)
            expected[step] = try picture(of: straight)
        }
        for step in steps {
            try wanderer.go(to: step)
            let got = try picture(of: wanderer)
            #expect(got == expected[step], "step \(step)")
        }
    }

    @Test func `an access is at the time of its turn`() throws {
        let session = try session()
        var times: Set<RunTime> = []
        for step in 1...session.lastStep {
            guard let facts = try session.facts(of: step), facts.kind == .access else { continue }
            #expect(try facts.time == session.facts(of: facts.turn)?.time)
            times.insert(facts.time)
        }
        #expect(times.count > 1)
    }

    @Test func `each turn of a source took the elements that its note counts`() throws {
        let session = try session()
        let source = try #require(session.sourceNames.first)
        var taken: [Step: UInt32] = [:]
        for index in 0..<400 as Range<UInt64> {
            if let step = try session.event(source: source, index: index)?.step {
                taken[step, default: 0] += 1
            }
        }
        // Of the last turn only some elements were asked for.
        let whole = taken.keys.sorted().dropLast()
        try #require(!whole.isEmpty)
        for step in whole { #expect(try session.facts(of: step)?.count == taken[step]) }
    }

    @Test func `a search back finds the very step before`() throws {
        let session = try session()
        for step in [session.lastStep, 40, 2] as [Step] {
            try session.go(to: step)
            let found = try session.searchBack(candidates: { _ in true }, test: { true })
            #expect(found == step.previous && session.position == step.previous)
        }
    }

    @Test func `a search back finds the steps on both sides of the edge of a stretch`() throws {
        let session = try session()
        // The first of its stretch, and the last one of the stretch before.
        let edge = session.lastStep.earlier(by: ReplaySession.firstWindow)
        for step in [edge, edge.previous] {
            try session.go(to: session.lastStep)
            let found = try session.searchBack(
                candidates: { $0.step == step }, test: { session.position == step })
            #expect(found == step && session.position == step)
        }
    }

    @Test func `a step forward and back changes nothing`() throws {
        let session = try session()
        var random = SeededGenerator(seed: 11, stream: 1)
        for _ in 0..<12 {
            let step = Step(random.below(session.lastStep.count))
            try session.go(to: step)
            let before = try picture(of: session)
            try session.go(to: step.next)
            try session.go(to: step)
            let after = try picture(of: session)
            #expect(after == before, "step \(step)")
        }
    }

    @Test func `all steps are passed without a divergence`() throws {
        let session = try session()
        for step in 0...session.lastStep {
            try session.go(to: step)
            #expect(session.position == step)
        }
        #expect(session.divergence == nil)
    }

    @Test func `a sample that differs behind the last rest point is told at the end`() throws {
        let trace = try shipped("race")
        let last = try ends(of: trace).filter { $0.sample != nil }.map(\.step).max()
        try withRewritten(trace) { batch in
            for index in batch.schedule.ends.indices
            where batch.schedule.ends[index].step == last {
                batch.schedule.ends[index].sample? ^= 1
            }
        } _: { trace in
            let session = try ReplaySession(trace, orders, ReplaySession.Options())
            try session.go(to: session.lastStep)
            #expect(session.position == session.lastStep)
            #expect(session.divergence?.expected.hasPrefix("values ") == true)
        }
    }

    @Test func `a replay of a trace without ends of turns agrees up to the first of them`() throws {
        let trace = try overdrawn()
        let steps = try ends(of: trace).map(\.step).sorted()
        try #require(steps.count > 60)
        let gone = [steps[40], steps[60]]
        try withRewritten(trace) { batch in
            batch.schedule.ends.removeAll { gone.contains($0.step) }
        } _: { trace in
            let report = try ReplayRun(trace, orders, ReplayRun.Options()).run()
            #expect(report.divergence == nil)
            #expect(report.reservation?.agreed == gone[0].previous)
        }
    }

    @Test func `entries are the first of their names, and the others are counted`() throws {
        let session = try session()
        try session.go(to: session.lastStep)
        let all = try session.states(of: "match").entries.map(\.name)
        try #require(all.count > 3)
        let some = try session.states(of: "match", limit: 3)
        #expect(some.entries.map(\.name) == Array(all.prefix(3)))
        #expect(some.omitted == all.count - 3)
    }

    @Test func `going back runs no more than the way from a snapshot`() throws {
        let session = try session()
        try session.go(to: session.lastStep)
        let travel = try session.go(to: session.lastStep.previous)
        #expect(travel.stepsRun < session.lastStep.count / 2)
    }

    @Test func `going forward begins at a snapshot that is nearer to the goal`() throws {
        let session = try session()
        try session.go(to: session.lastStep)
        try session.go(to: 1)
        let travel = try session.go(to: session.lastStep)
        #expect(travel.stepsRun < session.lastStep.count / 2)
    }

    @Test func `a journey that is ended stops where it is and can go on`() throws {
        let session = try session()
        session.onProgress = { _, _ in false }
        let travel = try session.go(to: session.lastStep)
        #expect(travel.isInterrupted)
        #expect(travel.to < session.lastStep)
        session.onProgress = nil
        try session.go(to: session.lastStep)
        #expect(session.position == session.lastStep)
        #expect(session.divergence == nil)
    }

    @Test func `the violation that was recorded is found again at its step`() throws {
        let session = try session()
        let failure = try #require(session.failureStep)
        try session.go(to: session.lastStep)
        #expect(session.failureStep == failure)
        #expect(session.incidents.filter { $0.step == failure }.count == 1)
    }

    @Test func `the last write of a cell is an access after which its value is another`() throws {
        let session = try session()
        let failure = try #require(session.failureStep)
        for goal in [failure, Step(session.lastStep.count / 2), session.lastStep] {
            try session.go(to: goal)
            for cell in session.cells {
                guard let step = try session.lastWrite(cell.id) else { continue }
                #expect(try session.facts(of: step)?.kind == .access)
                let now = "\(cell.value)"
                try session.go(to: step.previous)
                #expect("\(try session.find(cell.name)[0].value)" != now)
                try session.go(to: step)
                #expect("\(try session.find(cell.name)[0].value)" == now)
                try session.go(to: goal)
            }
        }
    }

    @Test func `the last write of a key's state is the turn that changed it`() throws {
        let session = try session()
        try session.go(to: session.lastStep)
        for value in try session.states(limit: 12).entries {
            guard let step = try session.lastWrite(value.id) else {
                Issue.record("\(value.name) was never written")
                continue
            }
            try session.go(to: step.previous)
            let before = try session.find(value.name).first { $0.id == value.id }
            #expect(before.map { "\($0.value)" } != "\(value.value)", "\(value.name)")
            try session.go(to: session.lastStep)
        }
    }

    @Test func `the history of a cell has its accesses, and its writes change the value`() throws {
        let session = try session()
        try session.go(to: try #require(session.failureStep))
        let cell = try #require(session.cells.first)
        let history = try session.history(of: cell.id, limit: 12)
        #expect(history.count == 12)
        #expect(history.last { $0.isWrite }?.step == (try session.lastWrite(cell.id)))
        for (earlier, later) in zip(history, history.dropFirst()) {
            #expect(earlier.step < later.step)
            #expect(("\(earlier.value as Any)" != "\(later.value as Any)") == later.isWrite)
        }
    }

    @Test func `searching back finds what searching forward passed last`() throws {
        let session = try session()
        var hits: [Step] = []
        let isOne = { (facts: StepFacts) in
            facts.kind == .access && facts.subtask.rawValue.isMultiple(of: 2)
        }
        let isHit = { session.position.isMultiple(of: 3) }
        while let hit = try session.search(
            through: session.lastStep, candidates: isOne, test: isHit)
        {
            hits.append(hit)
        }
        // From the end and from another hit, and one that the first window does not have.
        let near = session.lastStep.earlier(by: ReplaySession.firstWindow)
        let far = try #require(hits.lastIndex { $0 < near })
        let nearest = hits.index(before: hits.endIndex)
        for (index, start) in [
            (nearest, session.lastStep), (nearest - 1, hits[nearest]),
        ] {
            try session.go(to: start)
            let found = try session.searchBack(candidates: isOne, test: isHit)
            #expect(found == hits[index] && session.position == hits[index])
        }
        try session.go(to: session.lastStep)
        let found = try session.searchBack(
            candidates: { isOne($0) && $0.step < near }, test: isHit)
        #expect(found == hits[far] && session.position == hits[far])
    }
}
