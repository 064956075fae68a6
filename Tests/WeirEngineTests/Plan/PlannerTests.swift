import Testing
import WeirBase

@testable import WeirEngine

private let numbers = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
}

private func plan(
    parallelism: Int = 2, _ build: @escaping @Sendable (Flow) throws -> Void
) throws -> Plan {
    try Pipeline("planned", parallelism: parallelism, build).plan().plan
}

/// `count*2[keep count]` for a stage of two subtasks with two operators.
private func stages(_ plan: Plan) -> [String] {
    plan.stages.map { "\($0.name)*\($0.width)[\($0.operators.joined(separator: " "))]" }
}

/// `numbers>count` for an edge, `numbers=count` for one by key.
private func edges(_ plan: Plan) -> [String] {
    plan.edges.map {
        plan.stages[$0.from].name + ($0.isKeyed ? "=" : ">") + plan.stages[$0.to].name
    }
}

@Suite struct FusionTests {
    @Test func `an operator is fused with the one it alone reads`() throws {
        let plan = try plan { flow in
            _ = flow.read("numbers", from: numbers).filter("keep") { $0 > 1 }.map { $0 + 1 }
                .flatMap("twice") { [$0, $0] }
        }
        #expect(stages(plan) == ["twice*1[numbers keep map1 twice]"])
        #expect(edges(plan) == [])
    }

    @Test func `a key begins a stage of the pipeline's parallelism, and what follows is in it`()
        throws
    {
        let plan = try plan(parallelism: 3) { flow in
            _ = flow.read("numbers", from: numbers).keyed { $0 % 5 }
                .process("count", state: 0, emitting: Int.self) { _, _, _ in }
                .filter { $0 > 1 }
        }
        #expect(stages(plan) == ["numbers*1[numbers]", "count*3[count filter1]"])
        #expect(edges(plan) == ["numbers=count"])
    }

    @Test func `a window is keyed, and reads by key what a keyed stage gives`() throws {
        let plan = try plan(parallelism: 3) { flow in
            _ = flow.read("numbers", from: numbers).keyed { $0 }
                .process("first", state: 0, emitting: Int.self) { _, _, _ in }
                .keyed { $0 }.window(.tumbling(.seconds(1)))
                .aggregate("second", from: 0) { $0 += $1 }
        }
        #expect(stages(plan) == ["numbers*1[numbers]", "first*3[first]", "second*3[second]"])
        #expect(edges(plan) == ["numbers=first", "first=second"])
    }

    @Test func `what two read is fused with neither`() throws {
        let plan = try plan { flow in
            let read = flow.read("numbers", from: numbers)
            _ = read.filter("left") { $0 > 1 }
            _ = read.filter("right") { $0 < 1 }
        }
        #expect(stages(plan) == ["numbers*1[numbers]", "left*1[left]", "right*1[right]"])
        #expect(edges(plan) == ["numbers>left", "numbers>right"])
    }

    @Test func `a union begins a stage, as wide as what it reads where that is one width`() throws {
        let plan = try plan(parallelism: 3) { flow in
            let read = flow.read("numbers", from: numbers)
            func keyed(_ name: String) -> DataStream<Int> {
                read.keyed { $0 }.process(name, state: 0, emitting: Int.self) { _, _, _ in }
            }
            _ = keyed("a").union(keyed("b")).filter("wide") { $0 > 1 }
            _ = keyed("c").union(read).filter("one") { $0 > 1 }
        }
        #expect(
            stages(plan) == [
                "numbers*1[numbers]", "a*3[a]", "b*3[b]", "wide*3[wide]", "c*3[c]", "one*1[one]",
            ])
        #expect(
            edges(plan) == [
                "numbers=a", "numbers=b", "a>wide", "b>wide", "numbers=c", "c>one", "numbers>one",
            ])
    }

    @Test func `an operator that makes calls begins a stage`() throws {
        let plan = try plan { flow in
            func asked(_ stream: DataStream<Int>, _ name: String) -> DataStream<Int> {
                stream.callAsync(
                    name, emitting: Int.self, timeout: .seconds(1), call: { _, _ in nil }
                ) { number, _, context in context.emit(number) }
            }
            let first = asked(flow.read("numbers", from: numbers).map("twice") { $0 * 2 }, "first")
            _ = asked(first.map("half") { $0 / 2 }, "second")
        }
        #expect(
            stages(plan) == [
                "twice*1[numbers twice]", "half*1[first half]", "second*1[second]",
            ])
    }

    @Test func `a sink is a stage of its own with one subtask`() throws {
        let plan = try plan(parallelism: 3) { flow in
            let read = flow.read("numbers", from: numbers)
            read.filter("some") { $0 > 1 }.write("alone") { "\($0)" }
            read.keyed { $0 }.process("count", state: 0, emitting: Int.self) { _, _, _ in }
                .write("all") { "\($0)" }
        }
        #expect(
            stages(plan) == [
                "numbers*1[numbers]", "some*1[some]", "alone*1[alone]", "count*3[count]",
                "all*1[all]",
            ])
        #expect(plan.sinks.map(\.name) == ["alone", "all"])
        #expect(plan.stages.map(\.sink) == [nil, nil, 0, nil, 1])
        #expect(plan.stages.map(\.source) == [0, nil, nil, nil, nil])
    }

    @Test func `an edge with a size or a policy of its own keeps two operators apart`() throws {
        let narrow = EdgeOptions(bounds: ChannelBounds(messages: 3))
        let lossy = EdgeOptions(policy: .dropOldest)
        let plan = try plan { flow in
            _ = flow.read("numbers", from: numbers).over(narrow).filter("a") { $0 > 1 }
                .over(lossy).filter("b") { $0 > 1 }.over(EdgeOptions()).filter("c") { $0 > 1 }
        }
        #expect(stages(plan) == ["numbers*1[numbers]", "a*1[a]", "c*1[b c]"])
        #expect(plan.edges.map(\.options) == [narrow, lossy])
    }

    @Test func `a side output is read over an edge, and the main one stays in the stage`() throws {
        let plan = try plan(parallelism: 2) { flow in
            let (panes, late) = flow.read("numbers", from: numbers).keyed { $0 }
                .window(.tumbling(.seconds(1))).aggregateWithLate("count", from: 0) { $0 += $1 }
            _ = panes.map("value") { $0.value }
            _ = late.filter("late") { $0 > 1 }
        }
        #expect(stages(plan) == ["numbers*1[numbers]", "value*2[count value]", "late*2[late]"])
        #expect(edges(plan) == ["numbers=value", "value>late"])
    }

    @Test func `operators without a name are counted by kind, stages called by the last name`()
        throws
    {
        let plan = try plan { flow in
            _ = flow.read("numbers", from: numbers).map { $0 }.filter { $0 > 1 }.map { $0 }
            _ = flow.read("others", from: numbers).map("named") { $0 }.map { $0 }
        }
        #expect(
            stages(plan) == ["numbers*1[numbers map1 filter1 map2]", "named*1[others named map4]"])
    }
}

@Suite struct ChannelsOfPlanTests {
    private func wide() throws -> Plan {
        try plan(parallelism: 2) { flow in
            let keyed = flow.read("in", from: numbers).keyed { $0 }
                .process("a", state: 0, emitting: Int.self) { _, _, _ in }
            keyed.over(EdgeOptions(bounds: ChannelBounds(messages: 9))).filter("b") { $0 > 0 }
                .write("rows") { "\($0)" }
        }
    }

    @Test func `a channel goes to every subtask by key, to the equal one, or to the only one`()
        throws
    {
        let plan = try wide()
        #expect(stages(plan) == ["in*1[in]", "a*2[a]", "b*2[b]", "rows*1[rows]"])
        #expect(plan.channelNames(outOf: 0, 0) == ["in/0>a/0", "in/0>a/1"])
        #expect(plan.channelNames(outOf: 1, 0) == ["a/0>b/0"])
        #expect(plan.channelNames(outOf: 1, 1) == ["a/1>b/1"])
        #expect(plan.channelNames(into: 3, 0) == ["b/0>rows/0", "b/1>rows/0"])
        #expect(
            plan.subtasks.map { "\($0.stage)/\($0.ordinal)" }
                == ["0/0", "1/0", "1/1", "2/0", "2/1", "3/0"])
    }

    @Test func `a bound plan has the channels of its plan at both ends, in their order`() throws {
        let pipeline = Pipeline("bound", parallelism: 3) { flow in
            let read = flow.read("in", from: numbers)
            let keyed = read.keyed { $0 }.process("a", state: 0, emitting: Int.self) { _, _, _ in }
            _ = keyed.over(EdgeOptions(policy: .dropNewest)).filter("b") { $0 > 0 }
                .union(keyed).filter("c") { $0 > 0 }
            _ = keyed.union(read).filter("d") { $0 > 0 }
        }
        let planned = try pipeline.plan()
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual),
            connections: LiveOutside.Connections(),
            lanes: nil)
        let bound = try planned.bind(BindOptions(seed: 1), outside: outside)
        for (subtask, expected) in zip(bound.subtasks, planned.plan.subtasks) {
            let (stage, ordinal) = expected
            #expect(
                subtask.inlets.map(\.channel.name)
                    == planned.plan.channelNames(into: stage, ordinal))
            #expect(
                subtask.outlets.compactMap(\.channel?.name)
                    == planned.plan.channelNames(outOf: stage, ordinal))
            #expect(subtask.inlets.allSatisfy { $0.channel.consumer === subtask })
            #expect(subtask.outlets.allSatisfy { $0.channel?.producer === subtask })
            #expect(subtask.name == "\(planned.plan.stages[stage].name)/\(ordinal)")
        }
        #expect(Set(bound.channels.map(\.name)).count == bound.channels.count)
        let policies = Set(bound.channels.filter { $0.name.hasPrefix("a/") }.map(\.policy))
        #expect(policies == [.block, .dropNewest])
    }

    @Test func `only a keyed edge into several subtasks looks for its heaviest keys`() throws {
        let pipeline = Pipeline("sketched", parallelism: 2) { flow in
            let read = flow.read("in", from: numbers)
            _ = read.keyed { $0 }.process("a", state: 0, emitting: Int.self) { _, _, _ in }
                .over(EdgeOptions(bounds: ChannelBounds(messages: 9))).filter("b") { $0 > 0 }
        }
        let outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual),
            connections: LiveOutside.Connections(),
            lanes: nil)
        func sketched(_ parallelism: Int) throws -> [String] {
            try pipeline.plan(parallelism: parallelism).bind(BindOptions(seed: 1), outside: outside)
                .channels.filter { $0.keys != nil }.map(\.name)
        }
        #expect(try sketched(2) == ["in/0>a/0", "in/0>a/1"])
        #expect(try sketched(1) == [])
    }

    @Test func `a stage in which two operators may touch a cell goes element by element`() throws {
        func slices(cells: Bool, operators: Int) throws -> Int {
            let pipeline = Pipeline("slices") { flow in
                if cells { _ = flow.sharedCell("cell", initial: 0) }
                var stream = flow.read("in", from: numbers)
                for _ in 0..<operators { stream = stream.filter { $0 > 0 } }
            }
            let outside = LiveOutside(
                started: Instant(nanoseconds: 0), clock: RunClock(.virtual),
                connections: LiveOutside.Connections(),
                lanes: nil)
            return try pipeline.plan().bind(BindOptions(seed: 1), outside: outside)
                .subtasks[0].sliceLimit
        }
        #expect(try slices(cells: true, operators: 2) == 1)
        #expect(try slices(cells: true, operators: 1) == ElementSlice.capacity)
        #expect(try slices(cells: false, operators: 2) == ElementSlice.capacity)
    }
}

@Suite struct PlanHashTests {
    private struct Settings {
        var name = "planned"
        var version = "1"
        var parallelism = 2
        var filter: String? = "keep"
        var bounds = ChannelBounds.standard
        var policy = EdgePolicy.block
        var cell = "cell"
        var invariant = "cell is small"
        var isFlat = false
        var limit = 1
    }

    private func hash(_ change: (inout Settings) -> Void) throws -> UInt64 {
        var settings = Settings()
        change(&settings)
        let (name, parallelism) = (settings.name, settings.parallelism)
        let fixed = settings
        return try Pipeline(name, version: settings.version, parallelism: parallelism) { flow in
            let cell = flow.sharedCell(fixed.cell, initial: 0)
            flow.invariant(fixed.invariant, on: cell) { $0 < fixed.limit }
            let read = flow.read("in", from: numbers)
                .over(EdgeOptions(bounds: fixed.bounds, policy: fixed.policy))
            let kept =
                fixed.isFlat
                ? read.flatMap(fixed.filter) { [$0] }
                : read.filter(fixed.filter) { $0 > fixed.limit }
            _ = kept.keyed { $0 }.process("count", state: 0, emitting: Int.self) { _, _, _ in }
        }.plan().plan.hash
    }

    @Test func `a plan's hash is of what a trace relies on and not of what closures do`() throws {
        let same = try hash { _ in }
        #expect(try hash { $0.limit = 7 } == same)
        let others: [(String, (inout Settings) -> Void)] = [
            ("name", { $0.name = "other" }), ("version", { $0.version = "2" }),
            ("parallelism", { $0.parallelism = 3 }), ("operator's name", { $0.filter = "drop" }),
            ("operator without a name", { $0.filter = nil }), ("kind", { $0.isFlat = true }),
            ("messages", { $0.bounds.messages = 9 }), ("bytes", { $0.bounds.bytes = 9 }),
            // Two of them, as an edge with any policy of its own also makes a stage more.
            ("policy", { $0.policy = .dropNewest }), ("another", { $0.policy = .dropOldest }),
            ("cell", { $0.cell = "other" }), ("invariant", { $0.invariant = "other" }),
        ]
        var seen: Set = [same]
        for (what, change) in others {
            #expect(seen.insert(try hash(change)).inserted, "\(what)")
        }
    }
}
