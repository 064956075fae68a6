import Testing
import WeirBase

@testable import WeirEngine

/// What operators show of their state: lists of entries, and each entry by its name.
@Suite struct StateViewTests {
    @Test(arguments: SavablePartTests.Kind.allCases)
    func `each entry of a list is found by its name, with its value`(
        kind: SavablePartTests.Kind
    ) {
        let chain = kind.chain
        for second in 1...7 as ClosedRange<Int64> { chain.take(Int(second), at: second) }
        var list = EntryList(limit: 100)
        let subtask = chain.subtask
        #expect(subtask.stateOperators == [kind.rawValue] && subtask.hasState)
        subtask.list(&list, ofState: 0)
        // Three keys, in the window operator's case in two windows.
        #expect(list.count == (kind == .window ? 6 : kind == .subtask ? 1 : 3))
        for entry in list.entries {
            let key = subtask.key(named: entry.key, of: kind.rawValue)
            let value = key.flatMap { subtask.value(of: $0, of: kind.rawValue) }
            #expect("\(value ?? "none")" == "\(entry.value)", "\(entry.key)")
        }
        #expect(subtask.key(named: "no such key", of: kind.rawValue) == nil)
        #expect(subtask.key(named: list.entries[0].key, of: "no such operator") == nil)
    }

    @Test func `of keys with the same words the first one is meant`() {
        struct Alike: Hashable, Codable, CustomStringConvertible {
            var number: Int
            var description: String { "alike" }
        }
        let table = KeyedTable<Alike, Int>()
        for number in 1...5 {
            let key = Alike(number: number)
            _ = table.value(of: key, hash: Canonical.hash(key)) { number }
        }
        var order: [Int] = []
        table.forEach { key, _ in order.append(key.number) }
        #expect(table.key(named: "alike")?.number == order.first)
    }
}
