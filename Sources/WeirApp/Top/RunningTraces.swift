import Glibc
import WeirBase
import WeirTrace

/// Finds the trace that `weir top` is to show. A run that records holds a lock on its lanes, which
/// is how it is found without asking it.
enum RunningTraces {
    /// The trace for an argument: a path, or the id of a process that records.
    ///
    /// - Throws: `CommandFailure` with code 2 when there is none.
    static func trace(for argument: String?) throws -> String {
        guard let argument else { return try newest() }
        // A file that is called like a number is a file.
        if access(argument, F_OK) != 0, let process = pid_t(argument), process > 0 {
            return try trace(of: process)
        }
        return argument
    }

    /// The trace that a process records, the last one of several.
    private static func trace(of process: pid_t) throws -> String {
        // Signal 0 is none: it only asks whether the process is there.
        if kill(process, 0) != 0, errno == ESRCH {
            throw CommandFailure.usage(
                "there is no process \(process)", "Give a trace, or the id of one that runs")
        }
        let found = recorded(by: process)
        guard let found else {
            throw CommandFailure.usage(
                "process \(process) may not be looked at", "Give the trace that it records")
        }
        guard let path = found.last else {
            throw CommandFailure.usage(
                "process \(process) records no trace",
                "Give the process of a run that was not started with --no-record")
        }
        return path
    }

    /// The newest trace that is being recorded here, else the newest one. "Here" is the folder of
    /// automatic traces, this folder, and whatever processes that run in this folder record.
    private static func newest() throws -> String {
        let folders = [Retention.folder, "."]
        var best: (path: String, started: Instant)?
        let paths = folders.flatMap { TraceFolder($0).entries.map(\.path) } + recordedHere()
        // Asking for the lock is cheap, and only what is being recorded is opened and compared by
        // its start.
        for path in paths where isRecording(path) {
            guard let trace = try? Trace.open(path: path), trace.isRecording else { continue }
            if trace.header.started > best?.started ?? .distantPast {
                best = (path, trace.header.started)
            }
        }
        if let best { return best.path }
        do {
            // Nothing is being recorded: the newest trace of a run that is over is the next best.
            return try Newest.trace()
        } catch {
            throw CommandFailure.usage(
                "no run is being recorded here and there is no trace in \(Retention.folder)/",
                "Start one with \(Advice.shown(ProgramName.command("run"))), or name a trace or a "
                    + "process")
        }
    }

    /// Whether somebody holds the lanes beside a trace. Where the system cannot say, this is no
    /// trace to be shown as one that grows.
    private static func isRecording(_ path: String) -> Bool {
        (try? MappedLanes.isLocked(MappedLanes.path(beside: path))) ?? false
    }

    /// Traces recorded by processes that run in this folder, wherever these lie.
    private static func recordedHere() -> [String] {
        guard let here = link("/proc/self/cwd"), let processes = opendir("/proc") else { return [] }
        defer { closedir(processes) }
        var paths: [String] = []
        while let entry = readdir(processes) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let process = pid_t(name), link("/proc/\(process)/cwd") == here else { continue }
            paths += recorded(by: process) ?? []
        }
        return paths
    }

    /// The traces whose lanes a process holds open; nil when it may not be looked at, as when it is
    /// another user's.
    private static func recorded(by process: pid_t) -> [String]? {
        let folder = "/proc/\(process)/fd"
        guard let descriptors = opendir(folder) else { return nil }
        defer { closedir(descriptors) }
        var paths: [String] = []
        // A trace may have any name; its lanes' name follows from it.
        let suffix = MappedLanes.path(beside: "")
        while let entry = readdir(descriptors) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let target = link("\(folder)/\(name)"), target.hasSuffix(suffix) else { continue }
            let path = String(target.dropLast(suffix.count))
            if isRecording(path) { paths.append(path) }
        }
        return paths
    }

    /// Where a symbolic link leads; nil where it cannot be read.
    private static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
