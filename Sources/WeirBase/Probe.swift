import Glibc
import Synchronization

/// The points of the turn protocol at which a test build can lose the processor.
///
/// The windows that the protocol closes are some nanoseconds wide: a test whose threads never stop
/// inside of one proves nothing. So the engine, the recorder and the threads at its edge name the
/// points between two steps of the protocol, in the order in which these are taken.
@usableFromInline package enum ProbePoint: Int, CaseIterable, Sendable {
    /// A worker owns a subtask; it has room for the notes of a turn; it has looked for one.
    case claimed, reserved, looked
    /// The turn has its number; its beginning is noted; its body has run.
    case numbered, noted, ran
    /// An outlet has published; all have; the turn's end is noted.
    case publishing, published, ended
    /// The lock of a cell, or of an edge that may drop, is taken; the step inside has its number.
    case exclusiveLocked, exclusiveNumbered
    /// That step is noted: an access to a cell, or a publish to an edge that may drop.
    case accessNoted, dropNoted
    /// A reader has noted a block, or an executor a result, and has not handed it over.
    case inputNoted, resultNoted
    /// A note is written and not committed; the recorder has taken one and not freed its room.
    case committing, drained
    /// A turn has given a channel the room back that its messages took.
    case taking
    /// A rest point has its number.
    case restNumbered

    /// The point's bit in a set of points; there are fewer than 64.
    fileprivate var bit: UInt64 { 1 << UInt64(rawValue) }
}

/// Yields at the points of the turn protocol, in builds made with `WEIR_PROBES`.
///
/// Debug builds are such builds, and release builds made with `--traits Probes`. In any other build
/// `at` is empty and disappears where it is called. What a test sets up is read by all threads of
/// its runs: set it up before they start, and for one test of a process at a time.
@usableFromInline package enum Probe {
    /// Whether this build has yields at all.
    package static var isBuilt: Bool {
        #if WEIR_PROBES
            true
        #else
            false
        #endif
    }

    /// Yields at each point with a chance of `permille` in 1,000; at the `wide` points the
    /// thread sleeps up to 300 µs instead, so that a narrow window becomes a wide one.
    ///
    /// Does nothing in a build without yields.
    package static func configure(seed: UInt64, permille: Int, wide: [ProbePoint] = []) {
        #if WEIR_PROBES
            Yields.seed.store(seed, ordering: .relaxed)
            Yields.permille.store(permille, ordering: .relaxed)
            Yields.widePoints.store(wide.reduce(0) { $0 | $1.bit }, ordering: .relaxed)
        #endif
    }

    /// Loses the processor for a moment, perhaps. An ordinary release build holds nothing of it:
    /// what is inlinable in a `package` type reaches other modules only if the type is usable from
    /// inlinable code too, which is why the types here say so.
    @inlinable @inline(__always)
    package static func at(_ point: ProbePoint) {
        #if WEIR_PROBES
            Yields.pass(point)
        #endif
    }
}

#if WEIR_PROBES
    /// What the yields of this process are set to, and the yields themselves.
    @usableFromInline package enum Yields {
        fileprivate static let permille = Atomic<Int>(0)
        fileprivate static let seed = Atomic<UInt64>(0)
        fileprivate static let widePoints = Atomic<UInt64>(0)
        private static let draws = Atomic<UInt64>(0)

        @usableFromInline package static func pass(_ point: ProbePoint) {
            let permille = permille.load(ordering: .relaxed)
            if permille > 0 { mayYield(point, permille) }
        }

        private static func mayYield(_ point: ProbePoint, _ permille: Int) {
            let draw = draws.wrappingAdd(1, ordering: .relaxed).newValue
            let random = SeededGenerator.mix(seed.load(ordering: .relaxed) &+ draw &* 0x9E37_79B9)
            guard Int(random % 1_000) < permille else { return }
            if widePoints.load(ordering: .relaxed) & point.bit != 0 {
                usleep(UInt32(random >> 32) % 300)
            } else if random >> 60 == 0 {
                usleep(UInt32(random >> 40) % 40)
            } else {
                sched_yield()
            }
        }
    }
#endif
