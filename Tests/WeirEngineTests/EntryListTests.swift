import Testing

@testable import WeirEngine

/// The first entries of tables, beside an array that keeps and sorts everything.
@Suite struct EntryListTests {
    @Test func `a list has the first entries in order and counts the others`() {
        for limit in [0, 1, 2, 63, 64, 65, 130, 499, 500, 501, Int.max] {
            var list = EntryList(limit: limit)
            // No order in which the tables are likely to be.
            let keys = (0..<250).map { $0 * 37 % 250 }
            for suffix in ["@a", "@b"] {
                list.addTable(suffix: suffix) { list in
                    for key in keys { list.add("\(key)", key) }
                }
            }
            let sorted = keys.map { "\($0)" }.sorted()
            let all = sorted.map { $0 + "@a" } + sorted.map { $0 + "@b" }
            #expect(list.entries.map(\.key) == Array(all.prefix(limit)), "limit \(limit)")
            #expect(list.count == 500)
        }
    }

    @Test func `a list holds no more than about twice as many as were asked for`() {
        var list = EntryList(limit: 100)
        var maximum = 0
        list.addTable { list in
            for key in 0..<10_000 {
                list.add("\(key)", key)
                maximum = max(maximum, list.entries.count)
            }
        }
        #expect(maximum <= 201)
        #expect(list.entries.count == 100 && list.count == 10_000)
    }

    @Test func `only entries that are wanted are counted, and their names are whole`() {
        var list = EntryList(limit: 2) { $0.hasSuffix("@b") && $0.hasPrefix("1") }
        for suffix in ["@a", "@b"] {
            list.addTable(suffix: suffix) { list in
                for key in 0..<20 { list.add("\(key)", key) }
            }
        }
        #expect(list.entries.map(\.key) == ["1@b", "10@b"])
        #expect(list.count == 11)
    }
}
