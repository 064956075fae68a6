import Testing
import WeirBase
import WeirTelemetry
import WeirTerminal

@testable import WeirMonitor

/// The view of the log.
@Suite struct LogsViewTests {
    private static let usual = LogStatement(
        LogSite(level: .info, message: "taken", file: "/a/b/Orders.swift", line: 7, fields: ["n"]))
    private static let late = LogStatement(
        LogSite(
            level: .warning, message: "late", file: "Orders.swift", line: 9,
            fields: ["order", "customer"]))
    private static let bad = LogStatement(
        LogSite(level: .error, message: "lookup_failed", file: "x.swift", line: 1, fields: ["key"]))

    private static func line(
        _ statement: LogStatement, _ level: LogLevel, _ number: Int, _ values: [LogValue],
        origin: String = "enrich/1"
    ) -> LogLine {
        LogLine(
            LogRecord(
                step: Step(number), index: 1, operatorIndex: 0, ordinal: 0, subtask: 0,
                time: .milliseconds(Int64(number) * 100), site: 0, values: values),
            level: level, origin: origin, statement: statement)
    }

    /// Of twenty lines two are warnings, one is an error, and the others are repeated.
    private static func lines(from first: Int = 0) -> [LogLine] {
        (first..<first + 20).map { number in
            switch number % 20 {
            case 5: line(late, .warning, number, [7, "Café \u{1B}[2J"], origin: "parse/0")
            case 11: line(late, .warning, number, [8, "Ida"], origin: "parse/0")
            case 14: line(bad, .error, number, ["o-5512"])
            default: line(usual, .info, number, [.integer(Int64(number))])
            }
        }
    }

    /// The view after twenty lines, with two seconds of samples, and more lines with the last one.
    private func model(
        _ width: Int = 80, _ height: Int = 24, _ look: FrameTests.Look = .unicode,
        more: [LogLine] = [], keys: Key...
    ) -> ScreenModel {
        var model = ExampleRun.model(
            seconds: 0, width: width, height: height, symbols: look.symbols, color: look.hasColor,
            views: [Overview.self, LogsView.self])
        var run = ExampleRun()
        for tenth in 0..<20 {
            _ = model.update(.timeline(.logs([Self.lines()[tenth]], lost: tenth == 3 ? 2 : 0)))
            if tenth == 19, !more.isEmpty { _ = model.update(.timeline(.logs(more, lost: 0))) }
            _ = model.update(.seen(run.next()))
        }
        for key in [.tab] + keys { _ = model.update(.key(key)) }
        return model
    }

    private func view(_ model: ScreenModel) throws -> LogsView {
        try #require(model.views.current as? LogsView)
    }

    private func type(_ text: String, into model: inout ScreenModel) {
        _ = model.update(.key(.character("/")))
        for scalar in text.unicodeScalars { _ = model.update(.key(.character(scalar))) }
        _ = model.update(.key(.enter))
    }

    private func firstLine(_ model: ScreenModel) -> String {
        String(model.frame.text.split(separator: "\n")[1])
    }

    @Test(arguments: FrameTests.sizes, FrameTests.Look.allCases)
    func `the log looks as it was drawn`(size: (Int, Int), look: FrameTests.Look) throws {
        var model = model(size.0, size.1, look)
        type("level>=info", into: &model)
        type("-taken", into: &model)
        _ = model.update(.key(.character("F")))
        _ = model.update(.key(.character("E")))
        try FrameFiles.compare(model, "logs-\(size.0)x\(size.1)-\(look.rawValue)")
    }

    @Test func `the newest line is followed until another one is chosen, and again from it on`()
        throws
    {
        var model = model()
        #expect(try view(model).chosen == nil)
        #expect(firstLine(model).contains("follow  shown 20 of 20"))
        #expect(firstLine(model).contains("2 lost"))
        _ = model.update(.key(.character("k")))
        #expect(try view(model).chosen == 19)
        #expect(firstLine(model).contains("follow off") && firstLine(model).contains("1 newer"))
        _ = model.update(.key(.character("j")))
        #expect(try view(model).chosen == nil)
        _ = model.update(.key(.character("g")))
        #expect(try view(model).chosen == 1)
        _ = model.update(.key(.escape))
        #expect(try view(model).chosen == nil)
    }

    @Test(arguments: [
        ("level>=warning", 3), ("level=info", 17), ("-level>=warning", 17), ("stage=parse", 2),
        ("-stage=parse", 18), ("order=8", 1), ("key=o-5512", 1), ("LATE", 0), ("late", 2),
        ("ida", 1), ("Ida", 1), ("\"order=8 c\"", 1), ("order=8 c", 0), ("n=1", 1),
        ("nothing of that", 0),
    ])
    func `a term keeps the lines that it says`(typed: String, count: Int) throws {
        var model = model()
        type(typed, into: &model)
        #expect(firstLine(model).contains("shown \(count) of 20"), "\(firstLine(model))")
        if count < 20 { #expect(firstLine(model).contains("\(20 - count) hidden")) }
    }

    @Test func `terms hold together, and the marked one is switched off`() throws {
        var model = model()
        type("level>=warning", into: &model)
        type("stage=enrich", into: &model)
        #expect(firstLine(model).contains("shown 1 of 20"))
        // The one that was added last is marked.
        _ = model.update(.key(.character("F")))
        #expect(firstLine(model).contains("shown 3 of 20"))
        #expect(model.frame.text.contains("(off) stage=enrich"))
        _ = model.update(.key(.character("F")))
        _ = model.update(.key(.character("f")))
        _ = model.update(.key(.character("F")))
        #expect(firstLine(model).contains("shown 18 of 20"))
        _ = model.update(.key(.backspace))
        #expect(firstLine(model).contains("shown 20 of 20"))
        _ = model.update(.key(.character("0")))
        #expect(try view(model).filter.terms.isEmpty)
        _ = model.update(.key(.character("F")))
        #expect(model.state.message == "there is no term")
    }

    @Test func `no more terms are added than a line shows`() throws {
        var model = model()
        for number in 1...10 { type("text\(number)", into: &model) }
        #expect(try view(model).filter.terms.count == 9)
        #expect(model.state.message == "there are 9 terms: remove one first")
    }

    @Test(arguments: [
        ("level>=warn", "no level is called that", 7), ("level=", "no level is called that", 6),
        ("-level=loud", "no level is called that", 7), ("stage=", "which stage?", 6),
        ("-", "nothing to look for", 1),
    ])
    func `a term that cannot be read stays, with what is wrong and where`(
        typed: String, reason: String, column: Int
    ) throws {
        var model = model()
        type(typed, into: &model)
        let fault = try #require(try view(model).fault)
        #expect(fault.reason.hasPrefix(reason) && fault.column == column)
        #expect(try view(model).typed?.text == typed && view(model).filter.terms.isEmpty)
        #expect(model.frame.text.contains(reason))
        // What is typed on takes it back.
        _ = model.update(.key(.control("u")))
        #expect(try view(model).fault == nil)
        _ = model.update(.key(.escape))
        #expect(try view(model).typed == nil)
    }

    @Test func `while a term is typed no key is a command`() throws {
        var model = model(keys: .character("/"))
        for key in [Key.character("q"), .character(" "), .tab, .function(10), .character("?")] {
            #expect(model.update(.key(key)).isEmpty)
        }
        #expect(try view(model).typed?.text == "q ?")
        #expect(model.overlay == nil && model.timeline.playhead == .live && !model.state.isEnding)
        for key in [Key.left, .backspace, .end, .character("x"), .home, .delete] {
            _ = model.update(.key(key))
        }
        #expect(try view(model).typed?.text == "?x")
    }

    @Test func `errors and warnings are gone to, forward and back`() throws {
        var model = model(keys: .character("E"))
        #expect(try view(model).chosen == 15)
        _ = model.update(.key(.character("W")))
        #expect(try view(model).chosen == 12)
        _ = model.update(.key(.character("W")))
        #expect(try view(model).chosen == 6)
        _ = model.update(.key(.character("w")))
        #expect(try view(model).chosen == 12)
        _ = model.update(.key(.character("e")))
        #expect(try view(model).chosen == 15)
        _ = model.update(.key(.character("e")))
        #expect(try view(model).chosen == 15)
        #expect(model.state.message == "no next error among the lines that are shown")
    }

    @Test func `lines that repeat are one row with a count`() {
        let model = model(keys: .character("c"))
        // Behind each warning and error the usual ones begin again.
        #expect(model.frame.text.contains("(5 times) taken n=4"))
        #expect(model.frame.text.contains("(5 times) taken n=10"))
        #expect(model.frame.text.contains("(2 times) taken n=13"))
        #expect(firstLine(model).contains("shown 20 of 20"))
    }

    @Test func `rows are chosen for a filter alone, and one that keeps all lines gives the same`()
        throws
    {
        var model = model()
        let plain = LogRows(try view(model), model.timeline)
        #expect(plain.chosen == nil)
        type("level>=trace", into: &model)
        let filtered = LogRows(try view(model), model.timeline)
        #expect(filtered.chosen?.count == 20)
        #expect(plain.shown == filtered.shown && plain.hidden == filtered.hidden)
        #expect(plain.indices.map { plain[$0].id } == filtered.indices.map { filtered[$0].id })
        for id in UInt64(0)...21 { #expect(plain.index(of: id) == filtered.index(of: id)) }
        #expect(plain.index(of: nil) == filtered.index(of: nil))
        _ = model.update(.key(.character("F")))
        #expect(LogRows(try view(model), model.timeline).chosen == nil)
        _ = model.update(.key(.character("c")))
        #expect(LogRows(try view(model), model.timeline).chosen?.count == 7)
    }

    @Test func `the level is raised and lowered in the term that says it`() throws {
        var model = model(keys: .character("+"), .character("+"), .character("+"), .character("+"))
        #expect(try view(model).filter.terms.map(\.text) == ["level>=warning"])
        #expect(firstLine(model).contains("shown 3 of 20"))
        _ = model.update(.key(.character("-")))
        #expect(try view(model).filter.terms.map(\.text) == ["level>=notice"])
        for _ in 0..<9 { _ = model.update(.key(.character("-"))) }
        #expect(model.state.message == "nothing is less severe")
    }

    @Test func `the selected stage becomes a term once`() throws {
        var model = model()
        for key in [Key.tab, .down, .tab, .character("o"), .character("o")] {
            _ = model.update(.key(key))
        }
        #expect(try view(model).filter.terms.map(\.text) == ["stage=parse"])
        #expect(model.state.message == "that term is there already")
        #expect(firstLine(model).contains("shown 2 of 20"))
    }

    @Test func `a line is read whole, with its fields and where it was written`() {
        let model = model(keys: .character("W"), .enter)
        let text = model.frame.text
        for part in ["warning", "parse/0", "Orders.swift:9", "order", "8", "Ida"] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func `in the past the lines are those that were known there`() throws {
        var model = model(more: Self.lines(from: 20))
        #expect(firstLine(model).contains("shown 40 of 40"))
        _ = model.update(.key(.character("t")))
        #expect(firstLine(model).contains("shown 19 of 19"))
        _ = model.update(.key(.character("L")))
        #expect(firstLine(model).contains("shown 40 of 40"))
    }

    @Test func `the oldest lines go beyond the bounds, in number and in bytes, and are counted`() {
        var timeline = Timeline(ExampleRun.facts)
        let many = (0..<MonitorBounds.maximumLogLines + 5).map {
            Self.line(Self.usual, .info, $0, [1])
        }
        timeline.take(.logs(many, lost: 0))
        #expect(timeline.logs.lines(.all).count == MonitorBounds.maximumLogLines)
        #expect(timeline.logs.forgotten == 5 && timeline.logs.lines(.all).first?.id == 6)
        let long = String(repeating: "x", count: 100_000)
        timeline.take(
            .logs((0..<600).map { Self.line(Self.bad, .error, $0, [.text(long)]) }, lost: 0))
        let kept = timeline.logs.lines(.all).count
        // Texts are cut at 16,384 scalars, and count twice.
        #expect((200...256).contains(kept))
        #expect(timeline.logs.forgotten + UInt64(kept) == UInt64(many.count + 600))
    }

    @Test func `a log without lines says why`() {
        var facts = ExampleRun.facts
        var model = ScreenModel(
            facts: facts, standpoint: .owner, size: CanvasSize(width: 80, height: 24),
            theme: Theme(symbols: .unicode, hasColor: true), views: [LogsView.self])
        #expect(model.frame.text.contains("no lines yet"))
        facts = RunFacts(
            pipeline: "p", stages: ["a"], edges: [], started: ExampleRun.started, tracePath: nil)
        model = model.renewed(for: facts)
        #expect(model.frame.text.contains("a run that is not recorded is not shown"))
        _ = model.update(.key(.enter))
        #expect(model.state.message == "there is no line to read")
        for key in [Key.down, .character("e"), .character("g")] { _ = model.update(.key(key)) }
        let none = self.model(keys: .character("/"), .character("#"), .enter)
        #expect(none.frame.text.contains("no line passes the filter"))
    }
}
