import Testing
import WeirBase
import WeirTelemetry

@testable import WeirMonitor

/// What is kept of a run, and what is found in it, at the borders.
@Suite struct HistoryBorderTests {
    private func frame(_ time: RunTime, stages: Int = 0) -> SampleFrame {
        SampleFrame(time: time, step: 0, stages: stages, recorder: RecorderSample())
    }

    @Test func `what leaves the fine part is kept where the last that was is ten seconds away`() {
        var history = SampleHistory(stages: 0)
        let fine = MonitorBounds.maximumFineSamples
        let distance = MonitorBounds.coarseDistance
        // The first frames that leave stand at these times; the others follow much later.
        let times: [RunTime] = [1, distance, distance + 1, distance + 2, distance + distance + 1]
        for time in times { history.append(frame(time)) }
        for number in 0..<fine { history.append(frame(.seconds(1_000 + Int64(number)))) }
        #expect(history.count == fine + 3)
        #expect((0..<3).map { history[$0].time } == [1, distance + 1, distance + distance + 1])
        #expect(history.oldest?.time == 1 && history[3].time == .seconds(1_000))
    }

    @Test func `a frame is found by its number, or the next that is kept`() {
        var history = SampleHistory(stages: 0)
        #expect(history.index(ofNumber: 1) == nil && history.index(atOrBefore: 1) == nil)
        #expect(history.oldest == nil && history.newest == nil)
        for number in [2, 4, 6] as [UInt64] {
            var next = frame(RunTime(Int64(number)))
            next.number = number
            history.append(next)
        }
        #expect([1, 2, 3, 6, 7].map { history.index(ofNumber: $0) } == [0, 0, 1, 2, nil])
        #expect([1, 2, 3, 6, 7].map { history.index(atOrBefore: $0) } == [nil, 0, 0, 2, 2])
    }

    @Test func `a frame takes its stages and the more numerous of stages and subtasks`() {
        let none = SampleHistory.frameBytes(stages: 0, subtasks: 0)
        let stage = MemoryLayout<StageTotals>.stride
        let subtask = MemoryLayout<SubtaskTotals>.stride
        #expect(SampleHistory.frameBytes(stages: 2, subtasks: 1) == none + 2 * stage + 2 * subtask)
        #expect(SampleHistory.frameBytes(stages: 1, subtasks: 3) == none + stage + 3 * subtask)
        #expect(none == MemoryLayout<SampleFrame>.stride + 64)
    }

    @Test func `a moment that is no time of a run is the nearest one`() {
        #expect(SampleFrame.bounded(-1) == .start && SampleFrame.bounded(7) == 7)
        #expect(SampleFrame.bounded(.max) == SampleFrame.times.upperBound)
        #expect(frame(.min).time == .start)
    }

    // MARK: Notices

    private func notice(
        _ severity: Notice.Severity, _ text: String, origin: String = "a", time: RunTime = 1
    ) -> Notice {
        Notice(severity: severity, step: 3, time: time, origin: origin, text: text)
    }

    @Test func `violations are one line for each condition, other notices for each text`() {
        var log = NoticeLog()
        log.append(notice(.violation, "found by a"), sample: 1)
        log.append(notice(.warning, "slow"), sample: 1)
        log.append(notice(.violation, "found by b"), sample: 2)
        log.append(notice(.warning, "slower"), sample: 2)
        log.append(notice(.error, "slow"), sample: 3)
        log.append(notice(.note, "set"), sample: 4)
        log.append(notice(.violation, "other", origin: "b"), sample: 5)
        let lines = log.lines(.all)
        #expect(
            lines.map(\.notice.text) == ["other", "found by a", "set", "slow", "slower", "slow"])
        #expect(lines.map(\.count) == [1, 2, 1, 1, 1, 1])
        #expect(lines.map(\.id) == [7, 1, 6, 5, 4, 2])
        #expect(log.count == 6 && log.lineCount == 6 && log.forgotten == 0)
        #expect(log.counts.total == 6 && log.counts.violations == 3 && log.counts.warnings == 2)
        #expect(log.lines(.upTo(2)).map(\.count) == [2, 1, 1])
        #expect(log.lines(.upTo(0)).isEmpty)
        #expect(log.moments(from: .error).map(\.rank) == [5, 1, 3, 7])
    }

    @Test(arguments: Notice.Severity.allCases)
    func `as many lines of a kind are kept as there is room for`(severity: Notice.Severity) {
        var log = NoticeLog()
        let capacity = NoticeLog.capacity(severity)
        for number in 0..<capacity {
            log.append(notice(severity, "\(number)", origin: "o\(number)"), sample: 1)
        }
        #expect(log.count == capacity && log.forgotten == 0)
        log.append(notice(severity, "more", origin: "more"), sample: 2)
        #expect(
            log.count == capacity && log.forgotten == 1 && log.lineCount == UInt64(capacity + 1))
        #expect(!log.lines(.all).contains { $0.notice.origin == "o0" })
        // The one that had to go is a new line when it comes again.
        log.append(notice(severity, "0", origin: "o0"), sample: 3)
        #expect(log.forgotten == 2 && log.lines(.all).first?.count == 1)
    }

    @Test func `of what came between two samples the newest stands for all`() {
        var log = NoticeLog()
        for time in [1, 2, 3] as [RunTime] {
            log.append(notice(.warning, "slow", time: time), sample: 4)
        }
        log.append(notice(.warning, "slow", time: 9), sample: 5)
        #expect(log.moments(from: .warning).map(\.count) == [3, 4])
        #expect(log.lines(.upTo(4)).map(\.lastTime) == [3])
        #expect(log.lines(.all).map(\.lastTime) == [9])
    }

    @Test func `of a line that comes very often the older half is thinned out`() {
        var log = NoticeLog()
        for sample in 1...256 as ClosedRange<UInt64> {
            log.append(notice(.warning, "slow"), sample: sample)
        }
        #expect(log.moments(from: .warning).count == 256)
        log.append(notice(.warning, "slow"), sample: 257)
        let samples = log.moments(from: .warning).map(\.sample)
        let thinned: [UInt64] = Array(stride(from: 1, to: 128, by: 2)) + Array(129...257)
        #expect(samples == thinned)
        #expect(log.lines(.upTo(2)).map(\.count) == [1] && log.lines(.all).map(\.count) == [257])
    }

    // MARK: The playhead

    @Test func `playing goes on with the clock and waits at the edge, or ends there`() {
        func played(_ passed: RunTime, isOver: Bool) -> Playhead {
            var playhead = Playhead.playing(at: 10)
            playhead.advance(by: passed, newest: 20, isOver: isOver)
            return playhead
        }
        #expect(played(0, isOver: true) == .playing(at: 10))
        #expect(played(9, isOver: true) == .playing(at: 19))
        #expect(played(10, isOver: true) == .paused(at: 20))
        #expect(played(10, isOver: false) == .playing(at: 20))
        #expect(played(99, isOver: false) == .playing(at: 20))
        for still in [Playhead.live, .paused(at: 3)] {
            var playhead = still
            playhead.advance(by: 5, newest: 20, isOver: false)
            #expect(playhead == still && !playhead.isPlaying)
        }
        #expect(Playhead.playing(at: 3).isPlaying)
        #expect(Playhead.paused(at: 30).shown(newest: 20) == 20)
        #expect(Playhead.playing(at: 3).shown(newest: 20) == 3)
        var early = Playhead.live
        early.toggle(newest: nil)
        #expect(early == .live)
    }

    // MARK: The timeline

    private func timeline(seconds: Int64) -> Timeline {
        var timeline = Timeline(ExampleRun.facts)
        for second in stride(from: 1, through: seconds, by: 1) {
            timeline.take(.sample(frame(.seconds(second), stages: 7)))
        }
        return timeline
    }

    @Test func `steps through the past stay within it, and forward from the edge there is none`() {
        var timeline = timeline(seconds: 3)
        timeline.go(by: 1)
        #expect(timeline.playhead == .live)
        timeline.go(by: -1)
        #expect(timeline.shownTime == .seconds(2))
        timeline.go(by: -9)
        #expect(timeline.shownTime == .seconds(1))
        timeline.go(by: 9)
        #expect(timeline.playhead == .paused(at: .seconds(3)))
        var empty = Timeline(ExampleRun.facts)
        empty.go(by: -1)
        let found = empty.goToNotice(forward: true)
        #expect(found && empty.playhead == .live)
        #expect(empty.debugStep == 0 && empty.bottleneck == .unknown && empty.rates.isEmpty)
    }

    @Test func `the clock never goes back, and how far behind and how old counts from it`() {
        var timeline = timeline(seconds: 3)
        timeline.tick(now: .seconds(5))
        timeline.tick(now: .seconds(4))
        #expect(timeline.now == .seconds(5) && timeline.age == .seconds(2))
        #expect(timeline.behind == .zero)
        timeline.pause()
        #expect(timeline.behind == .seconds(2))
        timeline.pause()
        timeline.tick(now: .seconds(6))
        #expect(timeline.playhead == .playing(at: .seconds(3)))
        timeline.go(by: -1)
        #expect(timeline.behind == .seconds(4))
        timeline.take(.ended("done"))
        #expect(timeline.behind == .seconds(1) && timeline.age == .zero)
    }

    @Test func `notices are gone to one by one, and an end stands for what came behind it`() {
        var timeline = timeline(seconds: 2)
        timeline.take(.notice(notice(.warning, "w")))
        timeline.take(.sample(frame(.seconds(3), stages: 7)))
        timeline.take(.notice(notice(.note, "n")))
        timeline.take(.sample(frame(.seconds(4), stages: 7)))
        timeline.take(.notice(notice(.error, "e")))
        var found = [timeline.goToNotice(forward: true), timeline.goToNotice(forward: false)]
        #expect(found == [false, true] && timeline.shownTime == .seconds(3))
        found = [timeline.goToNotice(forward: false), timeline.goToNotice(forward: true)]
        #expect(found == [false, false])
        #expect(timeline.shownCounts.warnings == 1 && timeline.shownCounts.errors == 0)
        #expect(timeline.debugStep == 0)
        timeline.take(.ended("done"))
        found = [timeline.goToNotice(forward: true)]
        #expect(found == [true] && timeline.shownTime == .seconds(4))
        #expect(timeline.knowledge == .all && timeline.debugStep == 3)
    }
}
