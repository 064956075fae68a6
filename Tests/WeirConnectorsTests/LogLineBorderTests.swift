import Testing
import WeirBase

@testable import WeirConnectors

/// Lines at the borders of their forms: what is just one, and what is just none.
@Suite struct LogLineBorderTests {
    /// The whole of what a line says, in one text; nil where it is of no form.
    private func told(_ line: String) -> String? {
        guard let read = parsed(line), let form = read.form else { return nil }
        let message = String(decoding: Array(line.utf8)[read.message], as: UTF8.self)
        return "\(form) \(read.level) <\(read.component)> <\(message)>"
    }

    @Test(arguments: [
        ("INFO shop: x", "log4j info <shop> <x>"), ("INFO shop - x", "log4j info <shop> <x>"),
        ("INFO shop : x", "log4j info <shop> <x>"), ("INFO : x", "log4j info <-> <x>"),
        ("INFO a: x", "log4j info <a> <x>"), ("INFO a.b text", "log4j info <a.b> <text>"),
        ("INFO ends. text", "log4j info <-> <ends. text>"),
        ("INFO a/b.c text", "log4j info <-> <a/b.c text>"),
        ("INFO text", "log4j info <-> <text>"), ("INFO", "log4j info <-> <>"),
        ("INFO [t-1] - x", "log4j info <t-1> <x>"), ("INFO [t-1] shop: x", "log4j info <shop> <x>"),
        ("INFO [t-1] x", "log4j info <-> <x>"), ("INFO\tshop:\tx", "log4j info <shop> <\tx>"),
        ("[main] INFO", "log4j info <-> <>"), ("[main] - INFO - x", "log4j info <-> <- x>"),
        ("[WARN] x y", "log4j warning <-> <x y>"), ("[WARN]x y", nil),
        ("[x [y] z] WARN a.b: c", "log4j warning <a.b> <c>"), ("[x [y] WARN a: c", nil),
        ("- INFO x.y z", "log4j info <x.y> <z>"), ("shop - INFO - x", "log4j info <shop> <x>"),
        ("shop - INFO x", "log4j info <shop> <x>"), ("shop - INFO", "log4j info <shop> <>"),
        ("shop -INFO x", nil), ("shop - other x", nil), ("shop INFO x", nil),
        ("INFO 42 --- [ m] a.b   : x", "log4j info <a.b> <x>"),
        ("INFO 42 a.b: x", "log4j info <-> <42 a.b: x>"),
        ("25746 INFO a.b [r] m", "openStack info <a.b> <m>"),
        ("25746 INFO a.b m", "openStack info <a.b> <m>"),
        ("25746 INFO a.b", "openStack info <a.b> <>"), ("25746 INFO", nil),
        ("25746 other a.b m", nil), ("12345678901 INFO a.b m", nil),
        ("1234567890 INFO a.b m", "openStack info <a.b> <m>"),
    ])
    func `behind a date and a time stand level and logger in a few orders`(
        rest: String, what: String?
    ) {
        #expect(told("2024-01-02 03:04:05 " + rest) == what)
    }

    @Test(arguments: [
        ("17/06/09 20:10:40 INFO a: b", "log4j info <a> <b>"), ("7/06/09 20:10:40 INFO a: b", nil),
        ("17/06/9 20:10:40 INFO a: b", nil), ("17/13/09 20:10:40 INFO a: b", nil),
        ("17/06/09 20:61:40 INFO a: b", nil), ("17/06/09T20:10:40 INFO a: b", nil),
        ("1.log 2017-05-16 00:00:00 1 INFO a m", "openStack info <a> <m>"),
        ("2017.log 2017-05-16 00:00:00 1 INFO a m", "openStack info <a> <m>"),
        ("[f 2017-05-16 00:00:00 1 INFO a m", nil), ("{f 2017-05-16 00:00:00 1 INFO a m", nil),
        ("f  2017-05-16 00:00:00 1 INFO a m", nil),
        ("081109 203615 148 INFO a: b", "hdfs info <a> <b>"),
        ("081109 203615 148 INFO a:", "hdfs info <a> <>"),
        ("081109 203615 148 INFO : b", "hdfs info <-> <b>"),
        ("081109 203615 148 INFO a:b: c", "hdfs info <a:b> <c>"),
        ("081109 203615 148 INFO a", nil), ("081309 203615 148 INFO a: b", nil),
        ("081109 203615 INFO a: b", nil), ("081109 253615 148 INFO a: b", nil),
        ("[Sun Dec 04 04:47:44 2005] [core:error] x", "apache error <core> <x>"),
        ("[Sun Dec  4 04:47:44 2005] [error] x", "apache error <httpd> <x>"),
        ("[Sun Dec 04 04:47:44 2005] [error] [pid 1]x", "apache error <httpd> <x>"),
        ("[Sun Dec 04 04:47:44 2005] [error] [pid 1 x", "apache error <httpd> <[pid 1 x>"),
        ("[Sun Dec 04 04:47:44 2005] [error]", "apache error <httpd> <>"),
        ("[Sun Dec 04 04:47:44 2005] [core:] x", nil), ("[Sun Dec 04 04:47:44 2005] [] x", nil),
        ("[Sund Dec 04 04:47:44 2005] [error] x", nil),
        ("[Sun Dec 04 04:47:44 205] [error] x", nil),
        ("[Sun Dec 04 04:47:44 2005][error] x", nil),
    ])
    func `the forms with dates of their own`(line: String, what: String?) {
        #expect(told(line) == what)
    }

    @Test(arguments: [
        ("host su[1]: x", "syslog3164 info <su> <x>"), ("host su[1] x", "syslog3164 info <su> <x>"),
        ("host su[1 x", "syslog3164 info <-> <su[1 x>"),
        ("host su x", "syslog3164 info <-> <su x>"),
        ("host su:x", "syslog3164 info <su> <x>"), ("host su:", "syslog3164 info <su> <>"),
        ("host su", "syslog3164 info <-> <su>"), ("host : x", "syslog3164 info <-> <: x>"),
        ("host [1]: x", "syslog3164 info <-> <[1]: x>"), ("host ", "syslog3164 info <-> <>"),
        ("host", nil), ("-host su: x", nil), ("[host su: x", nil),
    ])
    func `behind a time and a host stands a tag, or text`(rest: String, what: String?) {
        #expect(told("Oct 11 22:14:15 " + rest) == what)
        #expect(told("2024-03-01T10:00:00Z " + rest) == what)
    }

    @Test func `a host that is called like a level is a level where one may be due`() {
        #expect(told("Oct 11 22:14:15 error su: x") == nil)
        #expect(told("2024-03-01T10:00:00Z error su: x") == "log4j error <su> <x>")
    }

    @Test(arguments: [
        ("<0>Oct  1 22:14:15 h a: x", "syslog3164 critical <a> <x>"),
        ("<191>Oct 1 22:14:15 h a: x", "syslog3164 debug <a> <x>"),
        ("<1234>Oct 11 22:14:15 h a: x", nil), ("<>Oct 11 22:14:15 h a: x", nil),
        ("<1Oct 11 22:14:15 h a: x", nil), ("Oct 111 22:14:15 h a: x", nil),
        ("2024-03-01T10:00:00 h a: x", nil), ("2024-03-01 10:00:00Z h a: x", nil),
        ("<34>0 2003-10-11T22:14:15Z h a p m - x", nil),
        ("<34>99 2003-10-11T22:14:15Z h a p m - x", "syslog5424 critical <a> <x>"),
        ("<34>100 2003-10-11T22:14:15Z h a p m - x", nil),
        ("<34>1 2003-10-11T22:14:15Z h a p m", "syslog5424 critical <a> <>"),
        ("<34>1 2003-10-11T22:14:15Z h a p", nil),
        ("<34>1 2003-10-11T22:14:15Z h a p m -", "syslog5424 critical <a> <>"),
        ("<34>1 2003-10-11T22:14:15Z h a p m - - x", "syslog5424 critical <a> <- x>"),
        (#"<34>1 2003-10-11T22:14:15Z h a p m [a][b] x"#, "syslog5424 critical <a> <x>"),
        (#"<34>1 2003-10-11T22:14:15Z h a p m [a k="]"] x"#, "syslog5424 critical <a> <x>"),
        (#"<34>1 2003-10-11T22:14:15Z h a p m [a k="\"]"] x"#, "syslog5424 critical <a> <x>"),
        (#"<34>1 2003-10-11T22:14:15Z h a p m [a k="\\"] x"#, "syslog5424 critical <a> <x>"),
        (#"<34>1 2003-10-11T22:14:15Z h a p m [a\] x"#, "syslog5424 critical <a> <x>"),
        (#"<34>1 2003-10-11T22:14:15Z h a p m [a k="] x"#, #"syslog5424 critical <a> <[a k="] x>"#),
        ("03-17 16:13:38.811 1 2 D Tag: x", "logcat debug <Tag> <x>"),
        ("03-17 16:13:38.811 1 2 D Tag  : x", "logcat debug <Tag> <x>"),
        ("03-17 16:13:38.811 1 2 D Tag:x: y", "logcat debug <Tag:x> <y>"),
        ("03-17 16:13:38.811 1 2 D Tag:", "logcat debug <Tag> <>"),
        ("03-17 16:13:38.811 1 2 D   : x", "logcat debug <-> <x>"),
        ("03-17 16:13:38.811 1 2 D Tag", nil), ("03-17 16:13:38.811 1 2 X Tag: x", nil),
        ("03-17 16:13:38.811 1 2 DD Tag: x", nil), ("03-17 16:13:38.811 1 D Tag: x", nil),
        ("03-17 16:13:38.811 12345678901 2 D Tag: x", nil),
        ("03-17 16:13:38.811 1234567890 2 D Tag: x", "logcat debug <Tag> <x>"),
        ("03-17 16:13:38.811 1 2\tD Tag: x", "logcat debug <Tag> <x>"),
    ])
    func `priorities, versions, structured data and processes`(line: String, what: String?) {
        #expect(told(line) == what)
    }

    @Test(arguments: [-1, 0, 1])
    func `a word is as long as words may be, and no longer`(more: Int) {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        let bound = LineFormat.maximumWord
        // Behind it comes a space, which has to be within the bound as well.
        let host = text(bound - 1 + more)
        #expect((told("Oct 11 22:14:15 \(host) su: x") != nil) == (more <= 0))
        let tag = text(bound - 1 + more)
        #expect((told("03-17 16:13:38.811 1 2 D \(tag): x") != nil) == (more <= 0))
        // At the end of a line nothing follows.
        let logger = text(bound + more)
        #expect(
            (told("2024-01-02 03:04:05 1 INFO \(logger)") != nil) == (more <= 0))
        let request = text(bound - 2 + more)
        let message = more <= 0 ? "m" : "[\(request)] m"
        #expect(
            told("2024-01-02 03:04:05 1 INFO a.b [\(request)] m")
                == "openStack info <a.b> <\(message)>")
        let name = text(bound + more)
        let (component, rest) = more <= 0 ? (name, "x") : ("-", "\(name): x")
        #expect(
            told("Oct 11 22:14:15 host \(name): x") == "syslog3164 info <\(component)> <\(rest)>")
    }

    @Test func `each month has its name`() {
        let names = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        for (index, name) in names.enumerated() {
            let number = index < 9 ? "0\(index + 1)" : "\(index + 1)"
            #expect(
                parsed("\(name) 11 22:14:15 h a: x")?.time == Instant("2024-\(number)-11T22:14:15Z")
            )
        }
    }

    @Test(arguments: [
        // The eighteenth digit still counts, those behind it only move the point.
        ("123456789.123456789", "1973-11-29T21:33:09.123456789Z"),
        ("123456789.1234567899", "1973-11-29T21:33:09.123456789Z"),
        ("1234567891234567899", "2009-02-13T23:31:31.234567890Z"),
        ("000000000000000000001", "1970-01-01T00:00:01.000000000Z"),
        ("0.000000001", "1970-01-01T00:00:00.000000001Z"),
        ("0.0000000001", "1970-01-01T00:00:00.000000000Z"),
        ("1e+2", "1970-01-01T00:01:40.000000000Z"), ("100e-2", "1970-01-01T00:00:01.000000000Z"),
        ("1E3", "1970-01-01T00:16:40.000000000Z"), ("-1", "1969-12-31T23:59:59.000000000Z"),
        ("9223372036854775807", "2262-04-11T23:47:16.854775800Z"),
        ("9223372036854775000", "2262-04-11T23:47:16.854775000Z"),
    ])
    func `a number since 1970 keeps its digits`(number: String, time: String) {
        #expect(parsed("{\"time\":\"\(number)\"}")?.time.description == time)
    }

    @Test(arguments: ["1e1000", "1.2.3", "1e+", "--1", "1 ", "92233720368547758080", ""])
    func `what is not quite a number since 1970 is no time`(number: String) {
        #expect(parsed("{\"time\":\"\(number)\"}") == nil)
    }

    @Test(arguments: [
        (#"{"time":1,"level":""}"#, "info -"), (#"{"time":1,"level":30}"#, "30 -"),
        (#"{"time":1,"level":null,"lvl":"warn"}"#, "warning -"),
        (#"{"time":1,"level":{},"severity":"x"}"#, "x -"),
        (#"{"time":1,"logger":5,"module":"m"}"#, "info m"), (#"{"time":1,"logger":""}"#, "info -"),
        (#"{"time":1,"component":"c","logger":"l"}"#, "info c"),
        (#"{"ts":"x","time":1}"#, "info -"), (#"{"tim":2,"time":1,"times":3}"#, "info -"),
    ])
    func `members of JSON that are of the wrong kind are passed over`(line: String, what: String) {
        let read = parsed(line)
        #expect(read.map { "\($0.level) \($0.component)" } == what)
        #expect(read?.time == Instant(milliseconds: 1_000))
    }

    @Test func `of two messages the first in rank is the text, and without one there is none`() {
        let line = Array(#"{"msg":"short","message":"long","time":1}"#.utf8)
        #expect(parsed(line).map { String(decoding: line[$0.message], as: UTF8.self) } == "long")
        let other = Array(#"{"msg":5,"time":1}"#.utf8)
        #expect(parsed(other)?.message == other.count..<other.count)
    }
}
