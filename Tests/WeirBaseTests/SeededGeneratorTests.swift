import Testing
import WeirBase

@Suite struct SeededGeneratorTests {
    @Test func `the numbers are those published for SplitMix64`() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `a copy goes its own way from the same place`() {
        var first = SeededGenerator(seed: 1)
        _ = first.next()
        var second = first
        #expect(first.next() == second.next())
    }

    @Test func `streams of one seed differ, also from the plain generator`() {
        var firsts: Set<UInt64> = []
        for stream in 0..<100 as Range<UInt64> {
            var generator = SeededGenerator(seed: 5, stream: stream)
            firsts.insert(generator.next())
        }
        var plain = SeededGenerator(seed: 5)
        firsts.insert(plain.next())
        #expect(firsts.count == 101)
    }

    @Test func `streams differ by every bit of their number`() {
        let numbers = [0] + (0..<64).map { UInt64(1) << UInt64($0) }
        let firsts = numbers.map { stream in
            var generator = SeededGenerator(seed: 5, stream: stream)
            return generator.next()
        }
        #expect(Set(firsts).count == numbers.count)
    }

    @Test(arguments: [1, 2, 3, 7, 100, Int.max])
    func `numbers below a bound stay below it`(bound: Int) {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<1_000 { #expect((0..<bound).contains(generator.below(bound))) }
    }

    @Test func `every number below a small bound comes up`() {
        var generator = SeededGenerator(seed: 10)
        let seen = Set((0..<200).map { _ in generator.below(7) })
        #expect(seen == Set(0..<7))
    }

    @Test func `a bound of nothing traps`() async {
        await #expect(processExitsWith: .failure) {
            var generator = SeededGenerator(seed: 1)
            _ = generator.below(0)
        }
    }
}
