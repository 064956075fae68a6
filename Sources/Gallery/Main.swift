import Weir
import WeirApp

/// The program `weir`: the pipelines that ship.
@main struct Main: WeirProgram {
    static let pipelines = [orders, logs]
}
