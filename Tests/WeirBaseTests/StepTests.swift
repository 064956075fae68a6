import Foundation
import Testing
import WeirBase

/// A step is counted on and compared as a position of the total order, and is the bare number in
/// everything that is written.
@Suite struct StepTests {
    @Test func `a step is the bare number in JSON, in text and back`() throws {
        let step = Step(18_446_744_073_709_551_615)
        let encoded = try JSONEncoder().encode(["step": step])
        #expect(String(decoding: encoded, as: UTF8.self) == #"{"step":18446744073709551615}"#)
        #expect(try JSONDecoder().decode([String: Step].self, from: encoded) == ["step": step])
        var json = JSONText()
        json.beginObject()
        json.member("step", step)
        json.endObject()
        #expect(json.text == Array(encoded))
        #expect("\(step)" == "18446744073709551615")
        #expect(Step("\(step)") == step)
    }

    @Test(arguments: ["", "-1", "1.5", "18446744073709551616", "one"])
    func `a text that is no step is none`(text: String) {
        #expect(Step(text) == nil)
    }

    @Test func `steps are counted from the start on`() {
        #expect(Step.start.next == .first)
        #expect(Step.first.previous == .start)
        #expect(Step(7).count == 7)
        #expect(Array(Step(2)..<5) == [2, 3, 4])
    }

    @Test(arguments: [(3, 8, 5), (8, 3, -5), (4, 4, 0), (0, 1, 1)] as [(Step, Step, Int)])
    func `the distance says how many steps on, and is negative backwards`(
        from: Step, to: Step, distance: Int
    ) {
        #expect(from.distance(to: to) == distance)
        #expect(from.advanced(by: distance) == to)
    }

    @Test func `a way that leads beyond the ends stops at them`() {
        #expect(Step(5).earlier(by: 4) == 1)
        #expect(Step(5).earlier(by: 5) == .start)
        #expect(Step(5).earlier(by: .max) == .start)
        #expect(Step(5).later(by: 2) == 7)
        #expect(Step(5).later(by: .max) == .max)
    }

    @Test func `the largest step compares although its distance would not fit`() {
        #expect(Step.start < .max)
        #expect(Step.max != .start)
        #expect(max(Step.max, 3) == .max)
    }

    @Test func `nothing lies before the start`() async {
        await #expect(processExitsWith: .failure) { _ = Step.start.previous }
        await #expect(processExitsWith: .failure) { _ = Step(2).advanced(by: -3) }
        await #expect(processExitsWith: .failure) { _ = Step.max.next }
    }

    @Test func `every step is handed out once, whichever thread takes it`() {
        let counter = SharedCounter()
        let takers = (0..<4).map { _ in SystemThread("taking") { counter.take(5_000) } }
        for taker in takers { taker.join() }
        #expect(counter.last == 20_000)
        #expect(counter.taken.sorted() == Array(1...20_000))
    }

    @Test func `a counter that was moved goes on behind that step`() {
        let counter = StepCounter()
        #expect(counter.last == .start)
        counter.move(to: 41)
        #expect(counter.next() == 42)
        #expect(counter.last == 42)
    }
}

/// A counter with what was taken from it, shared by threads.
private final class SharedCounter: Sendable {
    private let counter = StepCounter()
    private let all = Guarded<[Step]>([])

    var last: Step { counter.last }
    var taken: [Step] { all.withLock { $0 } }

    func take(_ count: Int) {
        for _ in 0..<count {
            let step = counter.next()
            all.withLock { $0.append(step) }
        }
    }
}
