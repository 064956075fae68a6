import Testing
import WeirMonitor
import WeirTerminal

/// Lists that are longer than the rows they have, exhausted for small ones.
@Suite struct ListTests {
    private func withEveryList(_ body: (_ count: Int, _ rows: Int, _ index: Int) -> Void) {
        for count in 0...9 {
            for rows in 0...11 {
                for index in -2...11 { body(count, rows, index) }
            }
        }
    }

    @Test func `no row stays empty while an entry is out of sight`() {
        withEveryList { count, rows, index in
            for list in [
                ListWindow(count: count, rows: rows, around: index),
                ListWindow(count: count, rows: rows, from: index),
            ] {
                #expect(list.range.count == min(count, rows), "\(list)")
                #expect(list.range.isEmpty || list.range.lowerBound >= 0, "\(list)")
                #expect(list.range.upperBound <= max(count, list.top), "\(list)")
            }
        }
    }

    @Test func `the chosen entry is in sight wherever there is a row`() {
        withEveryList { count, rows, chosen in
            guard rows > 0, (0..<count).contains(chosen) else { return }
            let list = ListWindow(count: count, rows: rows, around: chosen)
            #expect(list.range.contains(chosen), "\(list), \(chosen)")
        }
    }

    @Test func `the place is told where some entries are out of sight, and nowhere else`() {
        #expect(ListWindow(count: 60, rows: 6, around: 6).position == "4-9 of 60")
        #expect(ListWindow(count: 60, rows: 6, from: 100).position == "55-60 of 60")
        #expect(ListWindow(count: 6, rows: 6, from: 3).position == nil)
        #expect(ListWindow(count: 60, rows: 0, from: 3).position == nil)
        #expect(ListWindow(count: 0, rows: 5, from: 0).position == nil)
    }

    @Test func `scrolling ends where the last entry is in the last row`() {
        withEveryList { count, rows, _ in
            let end = ListWindow(count: count, rows: rows, from: 0).maximumTop
            #expect(end == max(0, count - rows))
            let list = ListWindow(count: count, rows: rows, from: end)
            #expect(rows == 0 || list.range.upperBound == count)
        }
    }

    @Test(arguments: [
        (ListMove.next, 5), (.previous, 3), (.first, 0), (.last, 9), (.pageDown, 7), (.pageUp, 1),
    ])
    func `each move leads to its place`(move: ListMove, index: Int) {
        #expect(move.index(from: 4, count: 10, page: 3) == index)
    }

    @Test(arguments: ListMove.allCases)
    func `every move stays within the list, also within an empty one`(move: ListMove) {
        for count in 0...5 {
            for index in -1...6 {
                for page in 1...7 {
                    let after = move.index(from: index, count: count, page: page)
                    #expect((0...max(0, count - 1)).contains(after))
                }
            }
        }
    }

    @Test(arguments: ListMove.allCases)
    func `every move has a key, and that key means the same everywhere`(move: ListMove) {
        let declared = ListKeys.bindings(over: "thing") { (view: inout ListMove?, move, _) in
            view = move
        }
        var screen = ExampleRun.model(seconds: 0).state
        var count = 0
        for binding in declared {
            for key in binding.row.keys where ListKeys.move(for: key) == move {
                var done: ListMove?
                _ = binding.action(&done, key, &screen)
                #expect(done == move)
                count += 1
            }
        }
        #expect(count > 0)
    }
}
