import Synchronization
import WeirBase
import WeirEngine

/// Cancels a reader that blocks for ten seconds, so that a broken one fails its test instead of
/// holding up all of them. A test that passes never waits for it.
final class Watchdog {
    private final class Signal: Sendable {
        let lock = ConditionLock()
        let isOver = Atomic<Bool>(false)
    }

    private static let patience: UInt64 = 10_000_000_000

    private let signal = Signal()
    private let thread: SystemThread

    init(_ reader: any ByteReading) {
        thread = SystemThread("watchdog") { [signal] in
            let deadline = MonotonicClock.nanoseconds() + Self.patience
            signal.lock.withLock {
                while !signal.isOver.load(ordering: .relaxed),
                    MonotonicClock.nanoseconds() < deadline
                {
                    signal.lock.wait(until: deadline)
                }
            }
            if !signal.isOver.load(ordering: .relaxed) { reader.cancel() }
        }
    }

    deinit {
        signal.lock.withLock {
            signal.isOver.store(true, ordering: .relaxed)
            signal.lock.signal()
        }
        thread.join()
    }
}
