import Foundation
import Testing
import Weir

@testable import Nexmark

/// The bare loops from file to file, and what they say of lines that they cannot read.
@Suite struct LineLoopTests {
    /// Two files that go away with it.
    private final class Files {
        let input = NSTemporaryDirectory() + "/weir-lines-\(UUID().uuidString)"
        let output = NSTemporaryDirectory() + "/weir-rows-\(UUID().uuidString)"

        init(_ lines: [UInt8]) throws { try Data(lines).write(to: URL(fileURLWithPath: input)) }

        deinit {
            unlink(input)
            unlink(output)
        }

        /// The rows that the loop of a query writes.
        func rows(_ query: AuctionQuery) throws -> [UInt8] {
            let count = try LineLoop.run(query, input, output, by: ScannerParser.self)
            let rows = [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
            #expect(rows.count { $0 == 0x0A } == Int(count))
            return rows
        }
    }

    private func lines(_ count: Int) -> [[UInt8]] {
        SampleEvents(seed: 3, count: count).events.map { event in
            var line: [UInt8] = []
            event.appendLine(to: &line)
            return line
        }
    }

    @Test func `blank lines are passed over, however many there are`() throws {
        let lines = lines(1_000)
        let expected = try Files(Array(lines.joined())).rows(.q0)
        #expect(!expected.isEmpty)
        // More of them than events are parsed at once, at the beginning, inside and at the end.
        let blanks = Array(String(repeating: "\n \t\r\n", count: 400).utf8)
        let spaced = blanks + lines[..<500].joined() + blanks + lines[500...].joined() + blanks
        #expect(try Files(spaced).rows(.q0) == expected)
    }

    @Test func `a line that cannot be read is told with its file, number and column`() throws {
        let lines = lines(3_000)
        let before = [0x0A] + lines.joined() + [0x0A]
        let files = try Files(
            before + Array("{\"type\":\"bid\",\"dateTime\":1,\"auction\":true}\n".utf8))
        let error = #expect(throws: UnreadableLine.self) { try files.rows(.q2) }
        #expect(
            error?.description
                == "line 3003 of \(files.input), column 38: member auction is a truth value, "
                + "not Int64")
        let cut = try Files(lines[0] + Array("{\"type\":".utf8))
        #expect(
            #expect(throws: UnreadableLine.self) { try cut.rows(.q2) }?.description
                == "line 2 of \(cut.input), column 9: it ends where a value is due")
    }

    @Test func `a line may be as long as a source reads it, and no longer`() throws {
        let lines = lines(20)
        let expected = try Files(Array(lines.joined())).rows(.q0)
        let frame = "{\"x\":\"\",".utf8.count + lines[7].count - 2
        func files(_ excess: Int) throws -> Files {
            let bytes = LineFile.maximumLineBytes - frame + excess
            let text = String(repeating: "x", count: bytes)
            let line = Array("{\"x\":\"\(text)\",".utf8) + lines[7].dropFirst()
            return try Files(lines[..<7].joined() + line + lines[8...].joined())
        }
        #expect(try files(0).rows(.q0) == expected)
        let long = try files(1)
        #expect(
            #expect(throws: UnreadableLine.self) { try long.rows(.q0) }?.description
                == "line 8 of \(long.input): it is longer than 16 MiB; it is not a line of text")
    }

    @Test func `a call that a signal interrupts is made again`() {
        var calls = 0
        let count = LineFile.repeated {
            calls += 1
            errno = calls < 3 ? EINTR : EIO
            return calls < 3 ? -1 : 5
        }
        #expect(count == 5 && calls == 3)
        let failed = LineFile.repeated {
            calls += 1
            errno = EIO
            return -1
        }
        #expect(failed == -1 && calls == 4)
    }

    @Test func `sixteen hex digits are a number, and no other byte is one of them`() {
        let digits = Array("0123456789abcdef".utf8)
        for position in 0..<16 {
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: digits[(position + 3) % 16], count: 16)
                text[position] = byte
                let value = text.withUnsafeBytes {
                    AuctionText.hexadecimal(
                        $0.loadUnaligned(as: UInt64.self),
                        $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                }
                let expected =
                    digits.contains(byte)
                    ? UInt64(String(decoding: text, as: UTF8.self), radix: 16) : nil
                #expect(value == expected, "\(byte) at \(position)")
            }
        }
    }
}
