@testable import WeirEngine

extension ChannelOutlet where Element == Int {
    /// Emits one element, as a turn would with a slice.
    func append(_ element: Int, time: Int64) {
        var (element, time) = (element, time)
        withUnsafeMutablePointer(to: &element) {
            append(moving: UnsafeMutableRawPointer($0), times: &time, count: 1)
        }
    }
}
