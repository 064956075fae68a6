import Glibc
package import WeirBase
package import WeirTelemetry

/// The destination of a recording, a trace and its lanes, judged before anything is touched.
///
/// `weir run` makes this value first, so that a wrong path is refused before the run begins, and
/// calls `create` when it begins. Nobody's file gives way to a recording: only what does not
/// exist is created. The one exception is an older trace, with its lanes, when `overwrites` says
/// so and nobody records into it.
package struct RecordingDestination: Sendable {
    /// What is at the trace's own path.
    private let trace: FileLocation
    /// What is at the path of the lanes beside it.
    private let lanes: FileLocation
    /// Whether an older trace may give way.
    private let overwrites: Bool

    /// Judges a path and touches nothing.
    ///
    /// - Throws: `.usage` with what is there and what to do, `.operating` where one may not
    ///   look.
    package init(_ path: String, overwrites: Bool) throws(TraceError) {
        trace = try FileLocation(path)
        // The name itself: a link there is nobody's lanes, and is refused.
        lanes = try FileLocation(nameOf: trace.target + MappedLanes.suffix)
        self.overwrites = overwrites
        switch lanes.kind {
        case .absent: break
        case .lanes:
            if try MappedLanes.isLocked(lanes.path) {
                throw TraceError(
                    .usage, "another process records into \(path). Name another trace")
            }
            // Lanes without their trace are all that is left of a run; they are never replaced.
            if trace.kind == .absent || !overwrites {
                throw TraceError(
                    .usage,
                    "\(lanes.path) holds what a run that died left"
                        + (trace.kind == .absent
                            ? ". Name another trace"
                            : ". Name another trace, or give --overwrite to replace it"))
            }
        case .trace, .file, .directory, .characterDevice, .blockDevice, .pipe, .socket:
            throw TraceError(
                .usage,
                "\(lanes.path), where the lanes of this recording belong, is there already and is "
                    + "none of Weir's lanes. Name another trace")
        }
        switch trace.kind {
        case .absent: break
        case .trace where overwrites: break
        case .trace:
            throw TraceError(
                .usage,
                "\(path) is a recorded run already. Name another trace, or give --overwrite to "
                    + "replace it")
        case .lanes, .file, .directory, .characterDevice, .blockDevice, .pipe, .socket:
            throw TraceError(
                .usage, "\(path) is \(trace.noun) and stays as it is. Name another file")
        }
    }

    /// Creates the lanes and the trace.
    ///
    /// What they replace is gone when this returns, and back at its path when it throws. What
    /// was found by the judgement may have changed since: each file is created as new, so the
    /// change is an error.
    package func create(
        run: String, layout: LaneLayout, header: RunHeader, byteBound: ByteCount?
    ) throws(TraceError) -> (lanes: MappedLanes, writer: TraceWriter) {
        // The judgement has refused every other path on which something is.
        precondition(
            overwrites || (trace.number == nil && lanes.number == nil),
            "\(trace.path) or its lanes would be replaced, though nobody allowed it")
        var aside: [SetAside] = []
        do throws(TraceError) {
            // The lanes first: their lock tells everybody else that this destination is taken.
            if let number = lanes.number {
                aside.append(try SetAside(lanes.path, number, .lanes))
            }
            let mapped = try MappedLanes.create(path: lanes.path, run: run, layout: layout)
            do throws(TraceError) {
                if let number = trace.number {
                    aside.append(try SetAside(trace.target, number, .trace))
                }
                // Without `overwrite`: the old trace is out of the way, so that whatever is
                // there now is another's.
                let writer = try TraceWriter(
                    path: trace.target, header: header, overwrite: false, byteBound: byteBound)
                assert(
                    mapped.run == run && header.run == run,
                    "the lanes are of run \(mapped.run), the trace is of \(header.run)")
                for file in aside { file.discard() }
                return (mapped, writer)
            } catch {
                // The error that counts is the one of the trace.
                try? mapped.remove()
                throw error
            }
        } catch {
            for file in aside.reversed() { file.putBack() }
            throw error
        }
    }
}
