import Glibc
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// What connectors do at the bounds of what they take.
@Suite struct BoundTests {
    @Test func `a write that fails later names the bytes that were written before`() throws {
        let folder = try TemporaryFolder()
        let number = open(try folder.create("out", ""), O_WRONLY | O_CLOEXEC)
        try #require(number >= 0)
        let writer = DescriptorWriter(number, location: "out", closesDescriptor: true)
        try writer.write(Array("row\n".utf8).span.bytes)
        // From here on the descriptor leads to a device that is full.
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(dup2(full, number) == number)
        close(full)
        let error = #expect(throws: ConnectorError.self) {
            try writer.write(Array("row\n".utf8).span.bytes)
        }
        #expect(error?.description.contains("failed at byte 4") == true)
    }

    @Test(arguments: [
        ("9223372036", "2262-04-11T23:47:16.000000000Z"),
        ("100000000000", "1973-03-03T09:46:40.000000000Z"),
        ("9223372036854", "2262-04-11T23:47:16.854000000Z"),
        ("100000000000000", "1973-03-03T09:46:40.000000000Z"),
        ("9223372036854775", "2262-04-11T23:47:16.854775000Z"),
        ("100000000000000000", "1973-03-03T09:46:40.000000000Z"),
    ])
    func `the unit of a number since 1970 is told by its size`(number: String, time: String) {
        #expect(parsed("{\"time\":\(number)}")?.time.description == time)
    }

    @Test func `a component that an expression finds is cut to the length of a word`() throws {
        let format = try ExpressionFormat(#"(?<time>\d+) (?<level>\w+) (?<component>\w+)"#)
        let long = String(repeating: "x", count: LineFormat.maximumWord + 1)
        let reading = Array("1700000000 \(long) \(long)".utf8).withUnsafeBytes { format.parse($0) }
        guard case .parsed(let line) = reading else {
            Issue.record("it was not parsed")
            return
        }
        #expect(line.component.utf8.count == LineFormat.maximumWord)
        #expect(line.level.utf8.count == LineFormat.maximumWord)
    }

    @Test func `of names for the component the one that is first in rank counts`() {
        let names = ["component", "logger", "module", "service", "name"]
        for (first, rest) in zip(names, names.indices.map { names[($0 + 1)...] }) {
            for second in rest {
                let line = parsed("{\"\(second)\":\"no\",\"\(first)\":\"yes\",\"time\":1}")
                #expect(line?.component == "yes", "\(first) before \(second)")
            }
        }
    }
}
