import Nexmark
import Weir
import WeirApp

/// The program `weir`: the pipelines that ship, with Weir's whole command line. A program of one's
/// own looks the same and lists its own pipelines.
@main struct Main: WeirProgram {
    static let pipelines = [orders, logs, Nexmark.pipeline]
    static let workloads: [any BenchWorkload.Type] = [Nexmark.self]
}
