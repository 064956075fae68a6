package import WeirTerminal

/// How a key moves in a list.
package enum ListMove: CaseIterable, Sendable {
    case next, previous, first, last, pageDown, pageUp

    /// The place that it leads to in a list of `count`, a page of which has so many rows.
    ///
    /// It stays within the list: 0 where that is empty. A `place` of -1 is before the first.
    package func place(from place: Int, count: Int, page: Int) -> Int {
        let wanted =
            switch self {
            case .next: place + 1
            case .previous: place - 1
            case .first: 0
            case .last: count - 1
            case .pageDown: place + page
            case .pageUp: place - page
            }
        return max(0, min(count - 1, wanted))
    }
}

/// The keys that move in lists: the same in every view and in whatever is scrolled.
package enum ListKeys {
    private static let table: [(move: ListMove, keys: [Key], help: String)] = [
        (.next, [.character("j"), .down], "next "),
        (.previous, [.character("k"), .up], "previous one"),
        (.first, [.character("g"), .home], "first one"),
        (.last, [.character("G")], "last one"),
        (.pageDown, [.pageDown, .control("d")], "half a screen down"),
        (.pageUp, [.pageUp, .control("u")], "half a screen up"),
    ]

    /// What a key means where nothing but a list takes keys; nil for any other key.
    package static func move(for key: Key) -> ListMove? {
        table.first { $0.keys.contains(key) }?.move
    }

    /// The keys as a view declares them. `thing` is what the help calls an entry of its list.
    package static func bindings<View>(
        over thing: String,
        move: @escaping @Sendable (inout View, ListMove, inout ScreenState) -> Void
    ) -> [KeyBinding<View>] {
        table.map { entry in
            let help = entry.move == .next ? entry.help + thing : entry.help
            return KeyBinding(entry.keys, .move, help) { view, _, screen in
                move(&view, entry.move, &screen)
                return []
            }
        }
    }
}
