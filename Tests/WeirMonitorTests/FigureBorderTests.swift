import Testing
import WeirBase
import WeirTelemetry
import WeirTerminal

@testable import WeirMonitor

/// Figures, names of keys, and pieces of a line at the borders of their forms.
@Suite struct FigureBorderTests {
    @Test(arguments: [
        (-1.0, 0), (0.0049, 0), (0.005, 1), (0.994, 99), (0.996, 100), (2, 100), (.nan, 0),
        (.infinity, 100),
    ])
    func `a share is a whole percentage between nothing and all`(share: Double, percent: Int) {
        #expect(Figures.wholePercent(share) == percent)
        #expect(Figures.percent(share) == "\(percent) %")
    }

    @Test(arguments: [
        (0.0, "0.0"), (0.04, "0.0"), (0.05, "0.1"), (9.96, "10.0"), (-0.26, "-0.3"),
        (12.34, "12.3"),
        (9.9e14, "990000000000000.0"), (1e15, "?"), (-1e15, "?"), (.nan, "?"), (.infinity, "?"),
    ])
    func `tenths are rounded, and what is beyond any figure is not known`(
        number: Double, text: String
    ) {
        #expect(Figures.tenths(number) == text)
    }

    @Test(arguments: [
        (-5, "0.0 s"), (0, "0.0 s"), (9_940_000, "9.9 s"), (9_949_000, "9.9 s"),
        (9_950_000, "10 s"),
        (200_000_000, "3 min"),
    ])
    func `an age has tenths of a second up to ten`(microseconds: Int64, text: String) {
        #expect(Figures.age(RunTime(microseconds)) == text)
    }

    @Test(arguments: [
        (-1, "0 us"), (0, "0 us"), (999, "999 us"), (1_000, "1 ms"), (9_949_999, "9.9 s"),
        (9_950_000, "10 s"), (119_499_999, "119 s"), (119_500_000, "2 min"),
        (7_169_999_999, "119 min"), (7_170_000_000, "2.0 h"),
    ])
    func `a duration changes its unit where it is rounded to the next`(
        microseconds: Int64, text: String
    ) {
        #expect(Figures.duration(microseconds: microseconds) == text)
        #expect(Figures.duration(RunTime(microseconds)) == text)
    }

    @Test func `latencies are given in whole microseconds, and a clock in tenths`() throws {
        var classes = [UInt64](repeating: 0, count: LatencyClass.count)
        classes[LatencyClass.of(1_500)] = 1
        let figures = try #require(LatencyFigures(classes: classes))
        #expect(Figures.latency(figures) == "latency p50 1 us p99 1 us")
        #expect(Figures.clock(Instant(nanoseconds: 1_795_521_871_290_000_000)) == "12:04:31.2")
        #expect(Figures.count(.infinity) == "?" && Figures.count(12_345) == "12.3k")
    }

    @Test(arguments: [
        ([Key.character("1"), .character("2"), .character("3")], "1-3"),
        ([.character("1"), .character("2")], "1 2"),
        ([.character("1"), .character("2"), .character("4")], "1 2 4"),
        ([.character("3"), .character("2"), .character("1")], "3 2 1"),
        ([.character("1"), .character("2"), .character("a")], "1 2 a"),
        ([.character(" "), .control("l"), .alt("x"), .function(5)], "space ^L Alt-x F5"),
        ([.up, .down, .left, .right], "Up Down Left Right"),
        ([.home, .end, .pageUp, .pageDown, .insert, .delete], "Home End PgUp PgDn Ins Del"),
        ([.enter, .tab, .backTab, .backspace, .escape, .paste], "Enter Tab S-Tab BkSp Esc paste"),
    ])
    func `keys have names, and digits in a row are a range`(keys: [Key], label: String) {
        #expect(KeyLabel.text(keys) == label)
    }

    private struct Part: RankedPart, Equatable {
        var width: Int
        var rank: Int
    }

    @Test(arguments: [
        (14, [0, 1, 2, 3]), (13, [0, 1, 3]), (10, [0, 1, 3]), (9, [0, 3]), (6, [0, 3]), (5, [0]),
        (0, [0]),
    ])
    func `the parts of the highest ranks go first, and one stays`(room: Int, kept: [Int]) {
        // Together they take 3 + 3 + 3 + 2 cells and three gaps of one.
        let parts = [
            Part(width: 3, rank: 0), Part(width: 3, rank: 5), Part(width: 3, rank: 9),
            Part(width: 2, rank: 1),
        ]
        #expect(parts.fitting(room, gap: 1) == kept.map { parts[$0] })
        #expect(parts.fitting(0, gap: 1, keeping: 3) == [parts[0], parts[1], parts[3]])
        #expect([Part]().fitting(5, gap: 1) == [])
    }

    @Test func `pieces stand two cells apart behind an empty one, and the last is cut`() {
        var canvas = Canvas(size: CanvasSize(width: 12, height: 1), isASCII: false)
        canvas.put([Piece("abc"), Piece("defgh")], y: 0, symbols: .unicode)
        #expect(canvas.text == " abc  defgh\n")
        canvas = Canvas(size: CanvasSize(width: 11, height: 1), isASCII: false)
        canvas.put([Piece("abc"), Piece("defgh")], y: 0, symbols: .unicode)
        #expect(canvas.text == " abc  defgh\n")
        canvas = Canvas(size: CanvasSize(width: 10, height: 1), isASCII: false)
        canvas.put([Piece("abcdefghijk")], y: 0, symbols: .unicode)
        #expect(canvas.text == " abcdefgh…\n")
    }

    private func rate(
        busy: Double = 0, blocked: Double = 0, waiting: Double = 0, idle: Double = 0,
        errors: Double = 0
    ) -> StageRate {
        var rate = StageRate(stage: "a")
        (rate.busy, rate.backpressured, rate.waiting) = (busy, blocked, waiting)
        (rate.idle, rate.errors) = (idle, errors)
        return rate
    }

    @Test func `of equal shares the one that says most of what is wrong is shown`() {
        func look(_ rate: StageRate) -> String {
            let look = StageLook(rate)
            return "\(look.letter) \(look.word.drawn) \(look.share)"
        }
        #expect(
            look(rate(busy: 0.25, blocked: 0.25, waiting: 0.25, idle: 0.25)) == "B BLOCKED 0.25")
        #expect(look(rate(busy: 0.3, waiting: 0.3, idle: 0.3)) == "W WAITING 0.3")
        #expect(look(rate(busy: 0.5, idle: 0.5)) == "R BUSY 0.5")
        #expect(look(rate(busy: 0.4, idle: 0.6)) == "I IDLE 0.6")
        #expect(look(rate(busy: 0.2, idle: 0.8, errors: 1)) == "F FAILING 0.2")
    }

    @Test func `a notice whose text begins with its origin does not say it twice`() {
        func sentence(_ origin: String, _ text: String) -> String {
            Notice(severity: .error, step: 1, time: 0, origin: origin, text: text).sentence
        }
        #expect(sentence("a/0", "a/0 failed") == "a/0 failed")
        #expect(sentence("a/0", "failed") == "a/0: failed")
        let long = String(repeating: "x", count: MonitorBounds.maximumNoticeScalars + 1)
        let notice = Notice(severity: .note, step: 1, time: -5, origin: long, text: long)
        #expect(notice.text == String(long.dropLast()) && notice.origin == notice.text)
        #expect(notice.time == .start)
    }
}
