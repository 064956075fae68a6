import Testing

@testable import WeirConnectors

@Suite struct ArrivalsTests {
    private var arrivals = Arrivals(name: Array("log".utf8))

    private var waiting: [String] { arrivals.waiting.map { String(decoding: $0, as: UTF8.self) } }

    private mutating func appeared(_ name: String) { arrivals.apply(.appeared(Array(name.utf8))) }
    private mutating func vanished(_ name: String) { arrivals.apply(.vanished(Array(name.utf8))) }
    private mutating func moved(_ from: String, _ to: String) {
        arrivals.apply(.moved(from: Array(from.utf8), to: Array(to.utf8)))
    }

    @Test mutating func `a file is followed through its renames`() {
        appeared("log")
        moved("log", "log.1")
        appeared("log")
        moved("log.1", "log.2")
        moved("log", "log.1")
        #expect(waiting == ["log.2", "log.1"])
    }

    @Test mutating func `names of other files are nobody's business`() {
        appeared("other")
        moved("other", "another")
        vanished("another")
        #expect(waiting.isEmpty)
        #expect(arrivals.version == 0)
    }

    @Test mutating func `a deleted or overwritten file no longer waits`() {
        appeared("log")
        moved("log", "log.1")
        appeared("log")
        moved("log", "log.1")
        #expect(waiting == ["log.1"])
        vanished("log.1")
        #expect(waiting.isEmpty)
    }

    @Test mutating func `a rename onto the name is an arrival`() {
        moved("prepared", "log")
        #expect(waiting == ["log"])
    }

    @Test mutating func `an overflow forgets what was tracked`() {
        appeared("log")
        let version = arrivals.version
        arrivals.apply(.overflow)
        #expect(waiting.isEmpty)
        #expect(arrivals.version > version)
    }

    @Test mutating func `more files than fit push the oldest out`() {
        for number in 0...ConnectorBounds.maximumWaitingFiles {
            appeared("log")
            moved("log", "log.\(number)")
        }
        #expect(arrivals.waiting.count == ConnectorBounds.maximumWaitingFiles)
        #expect(waiting.first == "log.1")
    }
}
