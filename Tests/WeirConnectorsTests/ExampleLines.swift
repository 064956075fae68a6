import Testing

@testable import WeirConnectors

/// A line and what it says.
struct ExampleLine: Sendable, CustomTestStringConvertible {
    let form: LineForm
    let line: String
    let time: String
    let level: String
    let component: String
    let message: String

    init(
        _ form: LineForm, _ line: String, _ time: String, _ level: String, _ component: String,
        _ message: String
    ) {
        self.form = form
        self.line = line
        self.time = time
        self.level = level
        self.component = component
        self.message = message
    }

    var testDescription: String { line }

    static let all: [ExampleLine] = [
        ExampleLine(
            .syslog3164, "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            "2024-10-11T22:14:15Z", "critical", "su", "'su root' failed"),
        ExampleLine(
            .syslog3164, "Jun  9 06:06:20 combo sshd(pam_unix)[19939]: check pass",
            "2024-06-09T06:06:20Z", "info", "sshd(pam_unix)", "check pass"),
        ExampleLine(
            .syslog3164, "<13>Feb 29 00:00:00 host last message repeated 2 times",
            "2024-02-29T00:00:00Z", "notice", "-", "last message repeated 2 times"),
        ExampleLine(
            .syslog3164, "2024-03-01T10:00:00.250000+01:00 host systemd[1]: Started it.",
            "2024-03-01T09:00:00.25Z", "info", "systemd", "Started it."),
        ExampleLine(
            .syslog5424,
            "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% time to go",
            "2003-08-24T12:14:15.000003Z", "notice", "myproc", "%% time to go"),
        ExampleLine(
            .syslog5424,
            "<11>1 2003-10-11T22:14:15.003Z host app - ID47 [a@1 k=\"v\\\"]\"][b@2 x=\"]\"] \u{FEFF}hi",
            "2003-10-11T22:14:15.003Z", "error", "app", "hi"),
        ExampleLine(
            .log4j, "2015-10-18 18:01:47,978 [main] INFO org.example.App - started in 3 s",
            "2015-10-18T18:01:47.978Z", "info", "org.example.App", "started in 3 s"),
        ExampleLine(
            .log4j, "2015-10-18 18:01:48,963 WARN [Thread-1 [x]] org.example.App: no more room",
            "2015-10-18T18:01:48.963Z", "warning", "org.example.App", "no more room"),
        ExampleLine(
            .log4j, "2015-10-18 18:01:48.963  FATAL org.example.App: stopped",
            "2015-10-18T18:01:48.963Z", "critical", "org.example.App", "stopped"),
        ExampleLine(
            .log4j, "2024-01-02 03:04:05,678 - shop.cart - DEBUG - two items",
            "2024-01-02T03:04:05.678Z", "debug", "shop.cart", "two items"),
        ExampleLine(
            .log4j, "2024-01-02T03:04:05.678+01:00  INFO 123 --- [  main] c.e.App    : Started",
            "2024-01-02T02:04:05.678Z", "info", "c.e.App", "Started"),
        ExampleLine(
            .log4j, "17/06/09 20:10:40 WARN executor.Backend: no heartbeat",
            "2017-06-09T20:10:40Z", "warning", "executor.Backend", "no heartbeat"),
        ExampleLine(
            .log4j, "2024-01-02 03:04:05 [ERROR] storage: disk is full",
            "2024-01-02T03:04:05Z", "error", "storage", "disk is full"),
        ExampleLine(
            .log4j, "2024-01-02 03:04:05 INFO Server started",
            "2024-01-02T03:04:05Z", "info", "-", "Server started"),
        ExampleLine(
            .openStack,
            "nova-api.log 2017-05-16 00:00:00.008 25746 INFO nova.api.server [req-1 - -] GET /v2",
            "2017-05-16T00:00:00.008Z", "info", "nova.api.server", "GET /v2"),
        ExampleLine(
            .openStack, "2017-05-16 00:00:04.500 2931 WARNING nova.virt.libvirt [-] Unknown file",
            "2017-05-16T00:00:04.5Z", "warning", "nova.virt.libvirt", "Unknown file"),
        ExampleLine(
            .apache, "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok",
            "2005-12-04T04:47:44Z", "notice", "httpd", "workerEnv.init() ok"),
        ExampleLine(
            .apache,
            "[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 43] [client ::1] no file",
            "2000-10-11T14:32:52.123456Z", "error", "core", "[client ::1] no file"),
        ExampleLine(
            .apache, "[Wed Oct 11 14:32:52 2000] [:emerg] [pid 1] lost",
            "2000-10-11T14:32:52Z", "critical", "httpd", "lost"),
        ExampleLine(
            .logcat, "03-17 16:13:38.811  1702  2395 D WindowManager: printing: now",
            "2024-03-17T16:13:38.811Z", "debug", "WindowManager", "printing: now"),
        ExampleLine(
            .logcat, "2016-03-17 16:13:38.811  1702  2395 F Two Words   : ",
            "2016-03-17T16:13:38.811Z", "critical", "Two Words", ""),
        ExampleLine(
            .hdfs, "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1",
            "2008-11-09T20:36:15Z", "info", "dfs.DataNode$PacketResponder", "PacketResponder 1"),
        ExampleLine(
            .jsonLines,
            #"{"level":"warn","ts":1576536830.0215,"logger":"raft","msg":"slow","x":{"a":[1,"}"]}}"#,
            "2019-12-16T22:53:50.0215Z", "warning", "raft", "slow"),
        ExampleLine(
            .jsonLines,
            #"{ "@timestamp": "2024-01-02T03:04:05.678Z", "severity": "ERROR", "name": "a\u00e9" }"#,
            "2024-01-02T03:04:05.678Z", "error", "aé", ""),
    ]
}
