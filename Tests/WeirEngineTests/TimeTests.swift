import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

@Suite struct TimerQueueTests {
    @Test func `timers fire by deadline, key and order of registration`() {
        var random = SeededGenerator(seed: 5)
        var queue = TimerQueue<Int>()
        var model: [(deadline: Int64, key: Int, place: Int)] = []
        for place in 0..<2_000 {
            let entry = (deadline: Int64(random.below(50)), key: random.below(5), place: place)
            queue.register(entry.key, keyBytes: [UInt8(entry.key)], deadline: entry.deadline)
            model.append(entry)
        }
        model.sort { ($0.deadline, $0.key, $0.place) < ($1.deadline, $1.key, $1.place) }
        var fired: [TimerQueue<Int>.Entry] = []
        for time in stride(from: Int64(0), to: 60, by: 7) {
            #expect(
                queue.earliest == model[min(fired.count, model.count - 1)].deadline
                    || fired.count == model.count)
            fired += queue.takeDue(at: time)
        }
        #expect(fired.map(\.registration) == model.map { UInt64($0.place + 1) })
        #expect(queue.count == 0 && queue.earliest == nil)
    }
}

@Suite struct WatermarkerTests {
    @Test func `watermarks follow from the elements alone`() {
        let policy = WatermarkPolicy.boundedDisorder(
            .milliseconds(3), granularity: .milliseconds(10))
        var watermarker = Watermarker(policy)
        var random = SeededGenerator(seed: 9)
        var greatest = Int64.min
        var emitted: [Int64] = []
        for index in 0..<5_000 {
            let time = Int64(index) * 400_000 - Int64(random.below(3_000_000))
            greatest = max(greatest, time)
            guard let watermark = watermarker.passed(time) else { continue }
            #expect(watermark.nanoseconds % 10_000_000 == 0)
            #expect(watermark.nanoseconds <= greatest - 3_000_000)
            #expect(watermark.nanoseconds > emitted.last ?? .min)
            emitted.append(watermark.nanoseconds)
        }
        #expect(emitted.last == (greatest - 3_000_000) / 10_000_000 * 10_000_000)
    }
}

@Suite struct LineAssemblerTests {
    private func block(_ kind: InputKind, _ bytes: [UInt8] = []) -> InputBlock {
        InputBlock(
            source: 0, index: 0, kind: kind, offset: 0, length: UInt32(bytes.count), hash: 0,
            time: 0, bytes: bytes)
    }

    private func lines(_ blocks: [InputBlock]) -> (lines: [String], position: UInt64) {
        var assembler = LineAssembler()
        var lines: [String] = []
        for block in blocks {
            assembler.take(block)
            while assembler.waiting > 0 {
                lines.append(assembler.next { String(decoding: $0, as: UTF8.self) })
            }
        }
        return (lines, assembler.position)
    }

    @Test func `lines do not depend on where the bytes are cut`() {
        let text = Array("a\r\n\nbc\r\r\n\ndef".utf8)
        let expected = ["a", "", "bc\r", "", "def"]
        for first in 0...text.count {
            for second in first...text.count {
                let cut = [
                    block(.bytes, Array(text[..<first])),
                    block(.bytes, Array(text[first..<second])),
                    block(.bytes, Array(text[second...])), block(.end),
                ]
                let found = lines(cut)
                #expect(found.lines == expected)
                #expect(found.position == UInt64(text.count))
            }
        }
    }

    @Test(arguments: [InputKind.rotation, .truncation])
    func `a new file begins a new line`(kind: InputKind) {
        let found = lines([
            block(.bytes, Array("whole\nhal".utf8)), block(kind), block(.bytes, Array("f\n".utf8)),
        ])
        #expect(found.lines == ["whole", "hal", "f"])
    }

    @Test func `a line that never ends is refused with its place`() {
        var assembler = LineAssembler()
        assembler.take(block(.bytes, Array("short\n".utf8)))
        let piece = [UInt8](repeating: 0x78, count: 4 << 20)
        for _ in 0..<5 { assembler.take(block(.bytes, piece)) }
        #expect(assembler.trouble == .lineTooLong(offset: 6))
        #expect(!assembler.wantsMore)
        #expect(assembler.next { $0.count } == 5)
    }
}
