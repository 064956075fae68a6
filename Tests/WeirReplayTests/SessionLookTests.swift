import Testing
import WeirBase
import WeirEngine
import WeirTelemetry
import WeirTrace

@testable import Gallery
@testable import WeirReplay

/// What a session shows of its step, beside what the trace says of the steps around it.
@Suite struct SessionLookTests {
    private let session: ReplaySession
    private let notes: [StepNote]
    private let end: RunEnd

    init() throws {
        let trace = try shipped("overdrawn")
        session = try ReplaySession(trace, orders, ReplaySession.Options())
        var notes: [StepNote] = []
        try trace.forEachSchedule { notes += $0.steps }
        self.notes = notes
        end = try #require(trace.end)
    }

    @Test func `a step has the facts of its note, and there are none beyond the run`() throws {
        for note in notes {
            let facts = try #require(try session.facts(of: note.step))
            #expect(facts.kind == note.kind && facts.subtask == note.subtask)
            #expect(facts.port == note.port && facts.count == note.count)
            let isInside = note.kind == .access || note.kind == .publish
            #expect(facts.turn == (isInside ? note.turn : note.kind.beginsTurn ? note.step : 0))
        }
        #expect(try session.facts(of: 0) == nil && session.facts(of: end.steps.next) == nil)
    }

    @Test func `steps are looked for between both limits, which are those of a list`() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<60 {
            let (low, high) = (Step(random.below(600)), Step(random.below(600)))
            let every = 1 + UInt64(random.below(40))
            let matches: (StepFacts) throws -> Bool = { $0.step.isMultiple(of: every) }
            let steps = notes.map(\.step).filter { $0.isMultiple(of: every) }
            #expect(
                try session.firstStep(after: low, through: high, where: matches)
                    == steps.first { $0 > low && $0 <= high })
            #expect(
                try session.lastStep(before: high, from: low, where: matches)
                    == steps.last { $0 < high && $0 >= low })
        }
    }

    /// Goes through some of the steps before the failure.
    private func forEachStep(_ body: (Step) throws -> Void) throws {
        for step in 20...70 as ClosedRange<Step> {
            try session.go(to: step)
            try body(step)
        }
    }

    @Test func `an open turn waits for what it did next, and so did its subtask`() throws {
        var looked = 0
        try forEachStep { step in
            let open = session.openTurns
            for turn in open {
                let next = try #require(notes.first { $0.step > step && $0.turn == turn.turn })
                let channel = "\(turn.subtask)>"
                switch turn.next {
                case .access(let cell):
                    #expect(next.kind == .access && session.cellNames[next.cell.offset] == cell)
                case .publish(let name):
                    #expect(next.kind == .publish && name.hasPrefix(channel))
                case .nothing: Issue.record("the turn of step \(turn.turn) waits for nothing")
                }
                looked += 1
            }
            let inTurns = session.subtasks.filter { $0.openTurn != nil }
            #expect(inTurns.map(\.name) == open.map(\.subtask))
            #expect(inTurns.map(\.openTurn) == open.map(\.turn))
        }
        #expect(looked > 0)
    }

    @Test func `a turn that was taken next could be taken`() throws {
        var looked = 0
        try forEachStep { step in
            let next = notes[step.count]
            guard next.kind == .input else { return }
            let name = session.subtaskNames[next.subtask.offset]
            let works = try session.runnable().filter { $0.subtask == name }.map(\.work)
            let isSource = session.sourceNames.contains { name.hasPrefix("\($0)/") }
            if isSource {
                #expect(works.contains(.read))
            } else {
                let waits = works.contains { work in
                    guard case .messages(let count, let channel) = work else { return false }
                    return count >= next.count && channel.hasSuffix(">\(name)")
                }
                #expect(waits, "step \(step): \(works)")
                looked += 1
            }
        }
        #expect(looked > 0)
    }

    @Test func `a queue holds what was not taken, its oldest messages first`() throws {
        var fullest = 0
        try forEachStep { _ in
            let bare = session.queues()
            for (queue, other) in zip(session.queues(messages: 2), bare) {
                #expect(queue.oldest.count == min(2, queue.depth) && other.oldest.isEmpty)
                #expect(queue.depth == other.depth && queue.channel == other.channel)
                fullest = max(fullest, queue.depth)
            }
            let waiting = bare.reduce(0) { $0 + $1.depth }
            #expect(
                session.watermarks.reduce(0) { $0 + $1.inputs.reduce(0) { $0 + $1.depth } }
                    == waiting)
        }
        #expect(fullest > 2)
    }

    @Test func `at the end all is done, taken and accounted for`() throws {
        try session.go(to: end.steps)
        #expect(session.subtasks.allSatisfy { $0.isDone && $0.watermark == .distantFuture })
        #expect(session.subtasks.reduce(0) { $0 + $1.turns.rawValue } == end.turns.rawValue)
        #expect(session.queues().allSatisfy { $0.depth == 0 && $0.unpublished == 0 })
        #expect(session.watermarks.allSatisfy { $0.inputs.allSatisfy { $0.state == .ended } })
        #expect(try session.runnable().isEmpty && session.openTurns.isEmpty)
        let books = session.books
        #expect(books.taken == end.events && books.isDrained && books.imbalances.isEmpty)
    }

    @Test func `what the sources gave and the next stages took are two counts`() throws {
        try session.go(to: end.steps)
        let sources = session.subtasks.filter { subtask in
            session.sourceNames.contains { subtask.name.hasPrefix("\($0)/") }
        }
        try #require(!sources.isEmpty)
        #expect(sources.reduce(0) { $0 + $1.recordsOut } == end.events)
    }

    @Test func `a history shows each value as it was behind its own access`() throws {
        // An access that another one of the same cell follows at once.
        let pairs = zip(notes, notes.dropFirst()).filter { first, second in
            first.kind == .access && second.kind == .access && first.port == second.port
        }
        let (first, second) = try #require(pairs.first)
        try session.go(to: first.step)
        let cell = try #require(session.cells.first { $0.id == .cell(first.cell) })
        try session.go(to: second.step)
        let history = try session.history(of: cell.id, limit: 2)
        #expect(history.map(\.step) == [first.step, second.step])
        #expect(history.map(\.turn) == [first.turn, second.turn])
        #expect(history[0].value.map { "\($0)" } == "\(cell.value)")
    }

    @Test func `a subtask's name means its own state alone, an operator's that of its operator`()
        throws
    {
        try session.go(to: end.steps)
        let names = session.subtaskNames
        let entries = try session.states(limit: 6).entries
        try #require(!entries.isEmpty)
        for value in entries {
            guard case .entry(let owner, let name, let key) = value.id else { continue }
            let stage = names[owner.offset].prefix { $0 != "/" }
            for (index, subtask) in names.enumerated() where subtask.hasPrefix("\(stage)/") {
                let found = try session.find("\(subtask)[\(key)]").map(\.id)
                #expect(found.contains(value.id) == (index == owner.offset), "\(subtask)")
            }
            let found = try session.find("\(stage).\(name)[\(key)]").map(\.id)
            #expect(found.contains(value.id))
            #expect(try session.find("\(stage).\(name)x[\(key)]").isEmpty)
        }
    }

    @Test func `a journey tells its way`() throws {
        let there = try session.go(to: 30)
        #expect(there.from == 0 && there.to == 30 && there.stepsRun == 30 && !there.isInterrupted)
        let back = try session.go(to: 10)
        #expect(back.from == 30 && back.to == 10 && back.stepsRun == 10)
        #expect(try session.go(to: 10).stepsRun == 0)
        #expect(try session.go(to: .max).to == end.steps)
    }

    @Test func `progress is told in steps of the way`() throws {
        var told: [(done: Int, total: Int)] = []
        session.onProgress = {
            told.append(($0, $1)); return true
        }
        try session.go(to: 40)
        try session.go(to: 300)
        #expect(told.map(\.done) == [88, 216] && told.allSatisfy { $0.total == 260 })
    }

    @Test func `an element that no source made is nothing`() throws {
        let source = try #require(session.sourceNames.first)
        #expect(try session.event(source: "no such source", index: 0) == nil)
        #expect(try session.event(source: source, index: 0)?.step != nil)
        #expect(try session.event(source: source, index: .max) == nil)
    }

    @Test func `recorded lines are given up to a step and until somebody has enough`() throws {
        var all: [Step] = []
        try session.logLines(through: .max) { line in
            all.append(line.step)
            #expect(!line.subtask.isEmpty)
            let json = try line.json()
            #expect(json.hasPrefix("{") && json.hasSuffix("}") && json.contains(line.message))
            return true
        }
        try #require(all.count > 3 && all == all.sorted())
        var some: [Step] = []
        try session.logLines(through: all[1]) {
            some.append($0.step); return true
        }
        #expect(some == all.filter { $0 <= all[1] })
        some = []
        try session.logLines(through: .max) {
            some.append($0.step); return some.count < 2
        }
        #expect(some.count == 2)
    }
}
