import Glibc
package import WeirTelemetry

/// Where a run is to be recorded: a trace and its lanes, which nobody's file may give way to.
///
/// Only what does not exist is created. A trace that is there gives way where `overwrites` says
/// so and nobody records into it, its lanes with it; anything else is refused as it is.
package struct RecordingPlace: Sendable {
    private let trace: FilePlace
    private let lanes: FilePlace
    private let overwrites: Bool

    /// Judges a path; touches nothing.
    ///
    /// - Throws: `.usage` with what stands there and what to do.
    package init(_ path: String, overwrites: Bool) throws(TraceError) {
        trace = try FilePlace(path)
        lanes = try FilePlace(nameOf: trace.target + MappedLanes.suffix)
        self.overwrites = overwrites
        switch lanes.kind {
        case .absent: break
        case .lanes:
            if MappedLanes.isLocked(lanes.path) {
                throw TraceError(
                    .usage, "another process records into \(path). Name another trace")
            }
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

    /// Creates lanes and trace. What they replace is gone when this returns, and back in its
    /// place when it throws.
    package func create(
        run: String, layout: LaneLayout, header: RunHeader, byteBound: Int?
    ) throws(TraceError) -> (lanes: MappedLanes, writer: TraceWriter) {
        var aside: [SetAside] = []
        do throws(TraceError) {
            // The lanes first: their lock tells everybody else that this place is taken.
            if let number = lanes.number { aside.append(try SetAside(lanes.path, number)) }
            let mapped = try MappedLanes.create(path: lanes.path, run: run, layout: layout)
            do throws(TraceError) {
                if let number = trace.number { aside.append(try SetAside(trace.target, number)) }
                let writer = try TraceWriter(
                    path: trace.target, header: header, overwrite: false, byteBound: byteBound)
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
