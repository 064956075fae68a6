package import WeirTerminal

/// How a key moves in a list. It is the one vocabulary for selections and for scrolling.
package enum ListMove: CaseIterable, Sendable {
    case next, previous, first, last, pageDown, pageUp

    /// The index that the move leads to in a list of `count` entries, with pages of `page` rows.
    ///
    /// It stays within the list and is 0 where the list is empty. An index of -1 stands before the
    /// first entry, so that the next one from there is the first: that is how a list without a
    /// choice begins.
    package func index(from index: Int, count: Int, page: Int) -> Int {
        let wanted =
            switch self {
            case .next: index + 1
            case .previous: index - 1
            case .first: 0
            case .last: count - 1
            case .pageDown: index + page
            case .pageUp: index - page
            }
        return max(0, min(count - 1, wanted))
    }
}

/// The keys that move in lists, the same in every view and in whatever is scrolled.
///
/// A view declares them by `bindings` and gives what moving means there. An open box has nothing
/// else to do with keys and asks `move` directly. The keys are those of pagers and Vim; `End` is
/// missing because it goes back to live (`ScreenKeys`).
package enum ListKeys {
    /// The moves with their keys and what the help says. The help of `next` is completed by what an
    /// entry of the list is called.
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
