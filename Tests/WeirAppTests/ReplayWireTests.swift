import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry

@testable import WeirApp

/// What a screen and the process of its replay write to each other.
@Suite struct ReplayWireTests {
    private let picture = ReplayPicture(
        step: 7, lastStep: 9, time: 1_234, what: "a/0 takes\n1 message \u{1B}[2J", subtask: 3,
        failure: nil, incidents: ["é\u{0}"],
        lanes: .init(
            first: 6, columns: [.init(kind: .access, subtask: 1, turn: 6)],
            subtasks: [.init(index: 1, name: "a/0")]),
        replayed: .init(
            queues: [
                .init(channel: "a>b", depth: 1, capacity: 2, unpublished: 3, oldest: ["m"])
            ], omittedQueues: 4,
            states: [.init(name: "cell x", before: nil, after: "\"\\", isChanged: true)],
            omittedStates: 5,
            choices: [.init(subtask: "a/0", what: "source", isRecorded: true)]),
        breaks: [.init(number: 1, text: "watch cell x", hits: 2)])

    @Test func `what is written as a line is read as what it was`() {
        let reply = ReplayWire.Reply(
            progress: .init(done: 1, total: .max), picture: picture,
            answer: ReplayAnswer(command: "step", lines: ["one\u{2028}", ""], isFault: true))
        let line = ReplayWire.line(reply)
        #expect(line.count { $0 == 0x0A } == 1 && line.last == 0x0A)
        #expect(ReplayWire.value(ReplayWire.Reply.self, of: line.dropLast()) == reply)
    }

    @Test func `a picture comes before the answer that ends its command`() {
        let reply = ReplayWire.Reply(
            picture: picture, answer: ReplayAnswer(command: "s", lines: [], isFault: false))
        let kinds = reply.events.map { event in
            switch event {
            case .progress: "progress"
            case .picture: "picture"
            case .answer: "answer"
            case .ended: "ended"
            }
        }
        #expect(kinds == ["picture", "answer"])
    }

    @Test func `what is no reply is none`() {
        for text in ["", "{", "[]", "null", "{\"picture\":{\"step\":-1}}", "\u{FFFD}"] {
            let read = ReplayWire.value(ReplayWire.Reply.self, of: Array(text.utf8))
            #expect(read == nil, "\(text)")
        }
    }

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func `lines are whole however they come`(size: Int) {
        let bytes = Array("first\nsecond, longer\n\nthird\nrest".utf8)
        var lines = WireLines()
        var found: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(bytes.count, start + size)]
            found += lines.take(piece).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found == ["first", "second, longer", "third"])
        #expect(!lines.isTooLong)
    }

    @Test func `a line that never ends is noticed`() {
        var lines = WireLines()
        let piece = [UInt8](repeating: 0x20, count: 1 << 20)
        var count = 0
        while !lines.isTooLong, count < 100 {
            #expect(lines.take(piece).isEmpty)
            count += 1
        }
        #expect(count == 9)
    }
}
