import Testing
import WeirBase
import WeirTelemetry

/// Which keys are heavy, without a table of all of them.
@Suite struct KeySketchTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a key with a fifth of the elements is found among thousands`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sketch = KeySketch()
        for _ in 0..<20_000 {
            let key = random.next() % 5 == 0 ? 7 : 1_000 + random.next() % 5_000
            sketch.add(key) { "\(key)" }
        }
        let busiest = try #require(BusiestKey([sketch]))
        #expect(busiest.key == "7")
        #expect((0.15...0.35).contains(busiest.share), "\(busiest.share)")
        #expect(sketch.counts.keys.count <= TelemetryBounds.maximumSketchKeys)
    }

    @Test func `a key with more than a sixteenth is found though all others are new each time`()
        throws
    {
        let sketch = KeySketch()
        for number in 1...3_000 as ClosedRange<UInt64> {
            let key = number > 100 && number % 9 == 0 ? 7 : 1_000 + number
            sketch.add(key) { "\(key)" }
        }
        #expect(try #require(BusiestKey([sketch])).key == "7")
    }

    @Test func `a key that was heavy for long is forgotten sooner than it took`() throws {
        let sketch = KeySketch()
        for (hash, key, count) in [(1, "old", 60_000), (2, "new", 20_000)]
            as [(UInt64, String, Int)]
        {
            for _ in 0..<count { sketch.add(hash) { key } }
        }
        #expect(try #require(BusiestKey([sketch])).key == "new")
    }

    @Test func `of keys that are equally common the first by its text is told`() throws {
        // Several times: a table of texts has another order in each process, and may have the
        // wanted one by chance.
        for names in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
            let sketch = KeySketch()
            for (hash, name) in names.enumerated() {
                for _ in 0..<10 { sketch.add(UInt64(hash)) { name } }
            }
            #expect(try #require(BusiestKey([sketch])).key == "a")
        }
    }

    @Test func `a few elements say nothing, and text that a terminal would obey is made visible`() {
        let sketch = KeySketch()
        for _ in 0..<3 { sketch.add(1) { "a" } }
        #expect(BusiestKey([sketch]) == nil)
        for _ in 0..<30 { sketch.add(2) { "\u{1B}[2J" } }
        #expect(BusiestKey([sketch])?.key.contains("\u{1B}") == false)
    }
}
