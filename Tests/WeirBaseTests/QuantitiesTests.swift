import Testing
import WeirBase

@Suite struct QuantitiesTests {
    @Test(
        arguments: [
            ("5ns", .nanoseconds(5)), ("300us", .microseconds(300)), ("300µs", .microseconds(300)),
            ("250ms", .milliseconds(250)), ("1.5s", .milliseconds(1_500)), ("10m", .seconds(600)),
            ("2h", .seconds(7_200)), ("1d", .seconds(86_400)), ("0s", .zero),
            ("0.25h", .seconds(900)),
        ] as [(String, Duration)])
    func `durations are read with their unit`(text: String, expected: Duration) {
        #expect(Quantities.duration(text) == expected)
    }

    @Test func `every decimal of a second is read exactly`() {
        for milliseconds in 0..<10_000 {
            let digits = String(milliseconds % 1_000)
            let fraction = String(repeating: "0", count: 3 - digits.count) + digits
            let text = "\(milliseconds / 1_000).\(fraction)s"
            #expect(Quantities.duration(text) == .milliseconds(milliseconds), "\(text)")
        }
    }

    @Test(arguments: [
        "", "5", "ms", "-5ms", "+5ms", "5 ms", "5MS", "1.2.3s", ".", ".s", "1e3s", "٣s", "nans",
        "infs", "300000000000s", "5msx", "0x5s",
    ])
    func `what is no duration is refused`(text: String) {
        #expect(Quantities.duration(text) == nil)
    }

    @Test(arguments: [
        ("4096", 4_096), ("4096B", 4_096), ("64kB", 64_000), ("64KB", 64_000),
        ("256MB", 256_000_000), ("2GB", 2_000_000_000), ("64KiB", 65_536), ("1MiB", 1_048_576),
        ("2GiB", 2_147_483_648), ("0", 0),
    ])
    func `byte counts are read in both families of units`(text: String, expected: ByteCount) {
        #expect(Quantities.bytes(text) == expected)
    }

    @Test(arguments: [
        "", "MB", "-1", "1.5MB", "1 MB", "1mb", "1TB", "٣", "99999999999999999999",
        "9223372036854775807kB",
    ])
    func `what is no byte count is refused`(text: String) {
        #expect(Quantities.bytes(text) == nil)
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_249, "1.2 kB"), (99_949, "99.9 kB"),
        (99_960, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (41_000_000, "41.0 MB"),
        (2_000_000_000_000, "2.0 TB"), (9_223_372_036_854_775_807, "9223372 TB"),
        (.max, "18446744 TB"),
    ])
    func `byte counts are written with three digits`(bytes: ByteCount, expected: String) {
        #expect(Quantities.describe(bytes: bytes) == expected)
    }

    @Test(
        arguments: [
            (0, "0"), (12, "12"), (96_200, "96.2 k"), (1_300_000, "1.3 M"), (1e15, "1000 T"),
            (.infinity, "inf"), (.nan, "nan"),
        ] as [(Double, String)])
    func `counts are written with three digits, and the odd ones too`(
        count: Double, expected: String
    ) {
        #expect(Quantities.describe(count: count) == expected)
    }

    @Test func `a count beyond every unit is written and does not trap`() {
        #expect(Quantities.describe(count: 1e300).hasSuffix("e+288 T"))
    }
}
