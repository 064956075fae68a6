import Testing
import WeirTerminal

@testable import WeirMonitor

/// Keys and their help, of every view that is registered: what the help says is what a key does,
/// because both are one declaration.
@Suite struct KeyTests {
    private func model(_ view: any ScreenView.Type) -> ScreenModel {
        ScreenModel(
            facts: ExampleRun.facts, standpoint: .owner, size: CanvasSize(width: 80, height: 24),
            theme: Theme(symbols: .unicode, hasColor: true), views: [view])
    }

    @Test func `no key stands for two things`() {
        for view in ScreenViews.all {
            // With other views there are keys to go to them as well.
            let rows = view.rows + ScreenKeys.all(ScreenViews.all).map(\.row)
            let keys = rows.flatMap(\.keys)
            let twice = Set(keys.filter { key in keys.count { $0 == key } > 1 })
            #expect(twice.isEmpty, "in \(view.name)")
        }
    }

    @Test func `no text in the help stands for two keys`() {
        for view in ScreenViews.all {
            let helps = model(view).keys.map(\.help)
            #expect(Set(helps).count == helps.count, "in \(view.name)")
        }
    }

    @Test func `the help names every key and what it does`() {
        for view in ScreenViews.all {
            var model = model(view)
            _ = model.update(.key(.character("?")))
            // What has no room on a screen of the usual size is scrolled to.
            var text = ""
            for _ in 0..<10 {
                text += model.frame.text
                _ = model.update(.key(.pageDown))
            }
            #expect(text.contains("Keys of the \(view.name)"))
            for row in model.keys {
                #expect(text.contains("\(row.label) "), "\(row.label)")
                #expect(text.contains(row.help), "\(row.help)")
            }
        }
    }

    @Test func `the line at the bottom names keys of the help alone, and never loses the way out`()
    {
        for view in ScreenViews.all {
            let rows = model(view).keys
            let isInside = model(view).views.current.canGoBack
            let hints = rows.compactMap { row in
                row.hint.map { hint in
                    // A view with something to leave says what the way out leaves first.
                    let word = isInside ? hint.wordInside ?? hint.word : hint.word
                    return "\(row.label.split(separator: " ")[0]) \(word)"
                }
            }
            let wayOut = isInside ? "q back" : "q quit"
            for width in [30, 60, 200] {
                var model = model(view)
                _ = model.update(.resize(CanvasSize(width: max(40, width), height: 24)))
                let line = model.frame.text.split(separator: "\n").last.map(String.init) ?? ""
                let said = line.split(separator: "  ").map {
                    String($0.drop { $0 == " " })
                }
                #expect(said.allSatisfy(hints.contains), "\(line)")
                #expect(line.contains("? help") && line.contains(wayOut), "\(line)")
            }
        }
    }

    @Test(arguments: [
        ([Key.character("j"), .down], "j Down"), ([.character(" "), .function(5)], "space F5"),
        ([.pageDown, .control("d")], "PgDn ^D"), ([.character("L"), .end], "L End"),
        ([.alt("x"), .tab, .backTab], "Alt-x Tab S-Tab"), ([.escape], "Esc"),
        ([.character("1"), .character("2"), .character("3")], "1-3"),
        ([.character("1"), .character("2")], "1 2"),
        ([.character("1"), .character("2"), .character("4")], "1 2 4"),
        ([.character("8"), .character("9"), .character(":")], "8 9 :"),
    ])
    func `keys are written as they stand on a keyboard`(keys: [Key], label: String) {
        #expect(KeyLabel.text(keys) == label)
    }
}
