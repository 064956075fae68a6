import Foundation
import Testing
import WeirBase
import WeirTelemetry

@testable import WeirTrace

/// The public `mcap` package of Python reads what Weir writes. It must be installed.
@Suite struct OtherReadersTests {
    private static let script = """
        import json, sys
        from mcap.reader import make_reader
        from mcap.stream_reader import StreamReader
        with open(sys.argv[1], "rb") as file:
            reader = make_reader(file, validate_crcs=True)
            topics = []
            for schema, channel, message in reader.iter_messages():
                topics.append(channel.topic)
                if channel.message_encoding == "json":
                    json.loads(message.data)
            summary = reader.get_summary()
            names = sorted(m.name for m in reader.iter_metadata())
            header = reader.get_header()
        with open(sys.argv[1], "rb") as file:
            records = sum(1 for _ in StreamReader(file, validate_crcs=True).records)
        print(json.dumps({
            "profile": header.profile, "topics": sorted(set(topics)), "messages": len(topics),
            "counted": summary.statistics.message_count, "metadata": names,
            "chunks": summary.statistics.chunk_count == len(summary.chunk_indexes),
            "records": records > 0}, sort_keys=True))
        """

    @Test func `the public Python package reads a finished trace`() throws {
        try withFolder { folder in
            let path = folder + "/run.mcap"
            try Fixture.write(path)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["python3", "-c", Self.script, path]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(
                text == """
                    {"chunks": true, "counted": 12, "messages": 12, \
                    "metadata": ["weir.end", "weir.run"], "profile": "weir", "records": true, \
                    "topics": ["weir/input", "weir/journal", "weir/log", "weir/mark", \
                    "weir/metric", "weir/schedule"]}

                    """)
        }
    }
}
