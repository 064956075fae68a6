import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

@Suite struct TimerQueueTests {
    @Test func `timers fire by deadline and key, each once`() {
        var random = SeededGenerator(seed: 5)
        var queue = TimerQueue<Int>()
        var model: [[Int64]] = []
        for _ in 0..<2_000 {
            let (deadline, key) = (Int64(random.below(500)), random.below(5))
            let became = queue.register(key, keyBytes: [UInt8(key)], deadline: deadline)
            #expect((became == .merged) == model.contains([deadline, Int64(key)]))
            if became == .added { model.append([deadline, Int64(key)]) }
        }
        model.sort { $0.lexicographicallyPrecedes($1) }
        var fired: [[Int64]] = []
        for time in stride(from: Int64(0), to: 600, by: 7) {
            #expect(
                fired.count == model.count || queue.earliest == model[fired.count][0])
            fired += queue.takeDue(at: time).map { [$0.deadline, Int64($0.key)] }
        }
        #expect(fired == model)
        #expect(queue.count == 0 && queue.earliest == nil)
    }

    @Test func `a timer is due when the watermark has passed it and not before`() {
        var queue = TimerQueue<Int>()
        for deadline in [Int64.min, 6, .max] {
            _ = queue.register(1, keyBytes: [1], deadline: deadline)
        }
        var due: [Int64?] = []
        for watermark in [Int64.min, 6, 7, .max - 1, .max, .max] {
            let timer = queue.takeTimer(passedBy: Instant(nanoseconds: watermark))
            due.append(timer?.deadline)
            if let timer { #expect(queue.takeKey(of: timer) == 1) }
        }
        #expect(due == [nil, .min, 6, nil, .max, nil])
    }

    @Test func `a queue that is full refuses a timer and merges one that it has`() {
        var queue = TimerQueue<Int>(limit: 2)
        var became: [TimerRegistration] = []
        for deadline in [Int64(1), 2, 3, 2] {
            became.append(queue.register(1, keyBytes: [1], deadline: deadline))
        }
        #expect(became == [.added, .added, .refused, .merged])
        _ = queue.takeDue(at: 1)
        #expect(queue.register(1, keyBytes: [1], deadline: 3) == .added)
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

@Suite struct MaximumJumpTests {
    @Test func `a time is believed up to the policy's maximum jump and not a nanosecond behind`() {
        var watermarker = Watermarker(
            .boundedDisorder(
                .zero, granularity: .nanoseconds(1), maximumJump: .nanoseconds(1_000)))
        var element: UInt64 = 0
        func watermark(behind time: Int64) -> Int64? {
            _ = watermarker.judge(time, element: element)
            element += 1
            return watermarker.passed(time)?.nanoseconds
        }
        // The first time counts once there is a second one.
        #expect([0, 0, 1_000, 2_001, 1_999].map(watermark) == [nil, 0, 1_000, nil, 1_999])
    }
}

@Suite struct NewestTimeTests {
    @Test func `the newest event time is the greatest so far, whatever comes behind it`() {
        var watermarker = Watermarker(.boundedDisorder(.seconds(5)))
        let newest = ([3, 9, 1, 8, 10] as [Int64]).map { second in
            _ = watermarker.passed(second)
            return watermarker.newest
        }
        #expect(newest == [3, 9, 9, 9, 10])
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

    @Test func `a line that is too long is one line and the next one is whole`() {
        var assembler = LineAssembler()
        assembler.take(block(.bytes, Array("short\n".utf8)))
        let piece = [UInt8](repeating: 0x78, count: 4 << 20)
        for _ in 0..<5 { assembler.take(block(.bytes, piece)) }
        #expect(assembler.heldBytes < .mebibytes(1))
        assembler.take(block(.bytes, Array("x\nnext\n".utf8)))
        #expect(assembler.next { $0.count } == 5)
        #expect(assembler.nextFacts.isTooLong)
        #expect(assembler.next { $0.count } == LineAssembler.keptOfLongLine)
        #expect(!assembler.nextFacts.isTooLong)
        #expect(assembler.next { String(decoding: $0, as: UTF8.self) } == "next")
        #expect(assembler.position == UInt64(6 + 5 * piece.count + 2 + 5))
    }

    @Test func `whether a line is too long does not depend on where the bytes are cut`() {
        let text = Array("1234\n12345\n123\n123456789\n\n".utf8)
        for cut in 0...text.count {
            var assembler = LineAssembler(maximumLine: 4)
            var found: [Bool] = []
            for part in [Array(text[..<cut]), Array(text[cut...])] {
                assembler.take(block(.bytes, part))
                while assembler.waiting > 0 {
                    found.append(assembler.nextFacts.isTooLong)
                    assembler.next { _ in }
                }
            }
            #expect(found == [false, true, false, true, false])
            #expect(assembler.position == UInt64(text.count))
        }
    }

    @Test func `unfinished lines of two files wait apart from each other`() {
        func file(_ number: UInt64) -> InputBlock {
            var file = block(.file)
            file.offset = number
            return file
        }
        let found = lines([
            block(.bytes, Array("one\nol".utf8)), file(1), block(.bytes, Array("two\nne".utf8)),
            file(0), block(.bytes, Array("d\nlast".utf8)), block(.rotation), file(1),
            block(.bytes, Array("w\n".utf8)),
        ])
        #expect(found.lines == ["one", "two", "old", "last", "new"])
    }

    @Test func `unfinished lines of all files are counted`() {
        var assembler = LineAssembler()
        assembler.take(block(.bytes, Array("one\nol".utf8)))
        var file = block(.file)
        file.offset = 1
        assembler.take(file)
        #expect(assembler.unfinishedLines == 1)
        assembler.take(block(.bytes, Array("ne".utf8)))
        #expect(assembler.unfinishedLines == 2)
    }

    @Test func `NUL bytes that were passed over are told with the line behind them`() {
        var assembler = LineAssembler()
        var nuls = block(.nuls)
        nuls.offset = 7
        assembler.take(block(.truncation))
        assembler.take(nuls)
        assembler.take(block(.bytes, Array("a\nb\n".utf8)))
        #expect(assembler.nextFacts.nuls == 7)
        assembler.next { _ in }
        #expect(assembler.nextFacts.nuls == 0)
    }

    @Test func `NUL bytes wait with their file for the line behind them`() {
        func file(_ number: UInt64) -> InputBlock {
            var file = block(.file)
            file.offset = number
            return file
        }
        var assembler = LineAssembler()
        var nuls = block(.nuls)
        nuls.offset = 7
        for next in [nuls, file(1), block(.bytes, Array("b\n".utf8)), file(0)] {
            assembler.take(next)
        }
        assembler.take(block(.bytes, Array("a\n".utf8)))
        #expect(assembler.nextFacts.nuls == 0)
        #expect(assembler.next { $0.first } == 0x62)
        #expect(assembler.nextFacts.nuls == 7)
    }
}
