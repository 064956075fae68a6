import Testing

@testable import Nexmark

/// What the bare loops keep, against the standard library's collections.
@Suite struct LoopTableTests {
    private func draw(_ seed: UInt64, _ number: Int, _ index: UInt64, _ bound: Int) -> Int {
        Int(AuctionWorkload.draw(seed, UInt64(number), index) % UInt64(bound))
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `keys are found with their values through growth and removal`(seed: UInt64) {
        var table = LoopTable<Int>(capacity: 4, initial: -1)
        var model: [Int64: Int] = [:]
        for round in 0..<1_500 {
            // Removals are as frequent as additions at first, and fewer later, when it grows.
            let key = Int64(draw(seed, round, 0, 40 + round / 4))
            if draw(seed, round, 1, 3) == 0 {
                table.remove(key)
                model[key] = nil
            } else {
                #expect(table[key].pointee == model[key] ?? -1)
                table[key].pointee = round
                model[key] = round
            }
            #expect(table.count == model.count)
        }
        for key in 0..<450 as Range<Int64> {
            #expect(table.find(key)?.pointee == model[key])
        }
        var visited: [Int64: Int] = [:]
        table.forEach { visited[$0] = $1.pointee }
        #expect(visited == model)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `what is due comes by its time, and not before it`(seed: UInt64) {
        var heap = DueHeap()
        var model: [Int64] = []
        for round in 0..<300 {
            let time = Int64(round + draw(seed, round, 0, 50))
            heap.add(time, time)
            model.append(time)
            let watermark = Int64(round)
            var taken: [Int64] = []
            while let next = heap.next(at: watermark) { taken.append(next) }
            #expect(taken == model.filter { $0 <= watermark }.sorted())
            model.removeAll { $0 <= watermark }
        }
    }

    @Test func `windows are kept by their starts, whatever order they are opened in`() {
        var windows = OpenWindows<Int>()
        for start in [30, 10, 20, 10, 40, 30] as [Int64] {
            windows.find(start) { 100 }.pointee += 1
        }
        #expect((0..<windows.count).map { windows.start(at: $0) } == [10, 20, 30, 40])
        let counts = (0..<windows.count).map { windows.contents(at: $0).pointee }
        #expect(counts == [102, 101, 102, 101])
        windows.removeFirst()
        #expect(windows.firstStart == 20 && windows.count == 3)
        #expect(windows.find(10) { 7 }.pointee == 7, "what was removed is made anew")
    }
    private final class Contents {
        private let ended: () -> Void
        init(_ ended: @escaping () -> Void) { self.ended = ended }
        deinit { ended() }
    }

    @Test func `windows that are closed or left are freed, each once`() {
        var ended: [Int64] = []
        do {
            var windows = OpenWindows<Contents>()
            for start in 0..<9 as Range<Int64> {
                _ = windows.find(start) { Contents { ended.append(start) } }
            }
            windows.removeFirst()
            #expect(ended == [0])
        }
        #expect(ended == Array(0..<9))
    }
}
