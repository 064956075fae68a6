import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// What a source's position is made of: a driver that takes a saved one in goes on from there.
@Suite struct SourceStateTests {
    /// Numbers a second apart; the fifth and those behind it in fives lie far ahead.
    private func generator(limit: UInt64 = 100) -> GeneratorDriver<UInt64> {
        GeneratorDriver(
            of: .generator(
                watermark: .boundedDisorder(.zero, maximumJump: .seconds(100))
            ) { index, random in
                let ahead = index % 5 == 4 ? 10_000 : 0
                return (random.next() % 1_000, .second(Int64(index) + Int64(ahead)))
            }, limit: limit)
    }

    @Test(arguments: 1...11)
    func `a generator goes on as the one that it was saved from`(count: Int) {
        let (first, chain) = (generator(), DrivenChain<UInt64, UInt64>([]))
        first.run(count, chain.subtask)
        let (other, otherChain) = (generator(), DrivenChain<UInt64, UInt64>([]))
        other.restore(first.save().state)
        otherChain.pass(.watermark(chain.subtask.watermark))
        _ = (chain.taken(), otherChain.taken())
        #expect(other.taken == UInt64(count) && other.remarks == first.remarks)
        #expect(other.newestEvent == first.newestEvent)
        first.run(9, chain.subtask)
        other.run(9, otherChain.subtask)
        #expect(otherChain.taken() == chain.taken())
        #expect(other.remarks == first.remarks)
    }

    @Test func `a generator that had ended where it was saved gives nothing more`() {
        let first = generator()
        first.end(.end, DrivenChain<UInt64, UInt64>([]).subtask)
        let other = generator()
        other.restore(first.save().state)
        #expect(other.look(time: 0, isEnding: false) == .done)
    }

    /// Lines of letters; `.` is blank and `!` cannot be read.
    private func lines(
        _ blocks: GivenBlocks.Piece..., idleAfter: Duration? = nil,
        malformed: MalformedPolicy<String> = .fail
    ) -> LineDriver<String> {
        let feed = GivenBlocks(blocks)
        return LineDriver(
            feed: feed,
            context: SourceContext(
                seed: 1, limit: 4, rate: nil, started: .second(0), feed: feed),
            watermark: .ordered, idleAfter: idleAfter, malformed: malformed
        ) { bytes, index in
            let text = String(decoding: bytes)
            if text == "." { throw BlankLine() }
            if text == "!" { throw MalformedLine("not in order") }
            return (text, .second(Int64(index)))
        }
    }

    private func chain() -> DrivenChain<String, String> { DrivenChain([]) }

    @Test func `lines go on behind the last one taken, under their own numbers`() {
        let (first, firstChain) = (lines(.lines("a\n.\nb\n!\n", at: 0)), chain())
        _ = first.look(time: 0, isEnding: false)
        first.run(2, firstChain.subtask)
        #expect(first.taken == 1)
        let (other, otherChain) = (lines(), chain())
        other.restore(first.save().state)
        #expect(other.taken == 1 && other.takenBytes == 4 && other.lag == 2)
        other.run(2, otherChain.subtask)
        #expect(otherChain.taken() == "b@2 |2")
        #expect(otherChain.failure == "line 4: not in order")
    }

    @Test func `the limit counts what was taken before`() {
        let (first, firstChain) = (lines(.lines("a\n.\nb\nc\nd\ne\n", at: 0)), chain())
        _ = first.look(time: 0, isEnding: false)
        first.run(4, firstChain.subtask)
        let other = lines()
        other.restore(first.save().state)
        var choice = Choice(kind: .input)
        choice.count = 1
        #expect(other.look(time: 0, isEnding: false) == .choice(choice))
    }

    @Test func `silence is told by the last turn's time, and once`() {
        let first = lines(.lines("a\n", at: 0), idleAfter: .seconds(10))
        let firstChain = chain()
        _ = first.look(time: 0, isEnding: false)
        firstChain.subtask.chain.frame.pointee.turnTime = .seconds(3)
        first.run(1, firstChain.subtask)
        let other = lines(idleAfter: .seconds(10))
        other.restore(first.save().state)
        #expect(other.look(time: .seconds(4), isEnding: false) == .waiting(until: .seconds(13)))
        first.becomeIdle()
        let silent = lines(idleAfter: .seconds(10))
        silent.restore(first.save().state)
        #expect(silent.look(time: .seconds(20), isEnding: false) == .waiting(until: nil))
    }

    @Test func `lines that had ended where they were saved are done`() {
        let first = lines(.lines("a\n", at: 0))
        first.end(.end, chain().subtask)
        let other = lines(.lines("a\n", at: 0))
        other.restore(first.save().state)
        #expect(other.look(time: 0, isEnding: false) == .done)
    }

    @Test func `what was odd about the lines before is remembered`() {
        func skipping(_ blocks: GivenBlocks.Piece...) -> LineDriver<String> {
            let feed = GivenBlocks(blocks)
            return LineDriver(
                feed: feed,
                context: SourceContext(
                    seed: 1, limit: nil, rate: nil, started: .second(0), feed: feed),
                watermark: nil, idleAfter: nil, malformed: .element { _ in "m" }
            ) { _, _ in throw MalformedLine("not in order") }
        }
        let first = skipping(.nuls(5), .lines("a\nb\n", at: 0))
        _ = first.look(time: 0, isEnding: false)
        first.run(2, chain().subtask)
        let other = skipping(.lines("c\n", at: 0))
        other.restore(first.save().state)
        other.run(1, chain().subtask)
        #expect(other.remarks.nulBytes == 5)
        #expect(other.remarks.unparsed?.count == 3 && other.remarks.unparsed?.lines == 3)
        #expect(other.remarks.unparsed?.first?.line == 1)
    }
}
