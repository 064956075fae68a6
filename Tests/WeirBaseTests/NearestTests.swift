import Testing
import WeirBase

@Suite struct NearestTests {
    private let stages = ["match", "reserve", "ship", "shipments"]

    @Test(arguments: [("mach", "match"), ("RESERVE", "reserve"), ("shpi", "ship")])
    func `a name with a slip of the hand is meant, in either case`(typed: String, meant: String) {
        #expect(Nearest.best(typed, among: stages) == meant)
        #expect(Nearest.advice(typed, among: stages, or: "-") == "Did you mean \(meant)?")
    }

    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "bc", 1),
        ("bc", "abc", 1), ("abc", "xbc", 1), ("ab", "ba", 2), ("kitten", "sitting", 3),
        ("Sunday", "saturday", 3),
    ])
    func `a distance is the least number of edits, whatever side they are on`(
        left: String, right: String, edits: Int
    ) {
        #expect(Nearest.distance(left, right) == edits)
        #expect(Nearest.distance(right, left) == edits)
        let long = String(repeating: "z", count: 64)
        #expect(Nearest.distance(long + left, long + right) == 0)
    }

    @Test func `a word that would have to be written anew is not meant`() {
        #expect(Nearest.best("xy", among: ["ab", "c"]) == nil)
        #expect(Nearest.best("quit", among: stages) == nil)
    }

    @Test func `of names that are equally near the first is meant`() {
        #expect(Nearest.best("ship", among: ["shop", "shipp"]) == "shop")
    }

    @Test func `a third of a long name may be wrong`() {
        #expect(Nearest.best("shipXXXts", among: stages) == "shipments")
        #expect(Nearest.best("shiXXXXts", among: stages) == nil)
    }

    @Test func `up to twelve names are told where none is near`() {
        let names = (1...12).map { "name\($0)" }
        #expect(Nearest.advice("x", among: names, or: "-").hasPrefix("There are: name1, name2"))
        #expect(Nearest.advice("x", among: names + ["more"], or: "see list") == "see list")
        #expect(Nearest.advice("x", among: [], or: "see list") == "see list")
    }
}
