#if WEIR_PROBES
    import Synchronization
    import Glibc

    /// The places of the turn protocol at which a test build can lose the processor.
    package enum ProbePoint: Int, CaseIterable, Sendable {
        case claimed, reserved, looked, numbered, noted, ran, publishing, published, ended
        case accessLocked, accessNumbered, accessNoted, dropLocked, dropNumbered, dropNoted
        case inputNoted, handedOver, resultNoted, committing, taking, restNumbered, drained
    }

    /// Rules of the protocol that a test build can break on purpose, to see a test fail.
    package enum Mutant: Int, CaseIterable, Sendable {
        case numberBeforeLook, numberAfterPublish, accessNumberOutsideLock
        case publishNumberOutsideLock, takeOutsideLock
        case freeOnDrain, commitFlag, commitFirst, stopAtGap, skipGaps
        case mergeRemainder, mergeInQueue, twoProducers, rawMemoryDigest, digestQueuedOnly
        case restWithOpenTurns, uncutTimers, bodySeesDepth, runWithPending
        case completionCount, handOverFirst, resultAfterHandOver, dropTimeouts
    }

    /// Injected yields and planted faults; only in builds made with `WEIR_PROBES`.
    ///
    /// Set up before the threads of a run start, read by all of them.
    package enum Probe {
        private static let yieldPermille = Atomic<Int>(0)
        private static let seed = Atomic<UInt64>(0)
        private static let widePoints = Atomic<UInt64>(0)
        private static let mutants = Atomic<UInt64>(0)
        private static let draws = Atomic<UInt64>(0)

        /// Yields at each point with a chance of `permille` in 1,000; at the `wide` points the
        /// thread sleeps up to 300 µs instead, so that a narrow window becomes a wide one.
        package static func configure(
            seed newSeed: UInt64, permille: Int, wide: [ProbePoint] = [],
            mutants planted: [Mutant] = []
        ) {
            seed.store(newSeed, ordering: .relaxed)
            yieldPermille.store(permille, ordering: .relaxed)
            widePoints.store(
                wide.reduce(0) { $0 | 1 << UInt64($1.rawValue) }, ordering: .relaxed)
            mutants.store(
                planted.reduce(0) { $0 | 1 << UInt64($1.rawValue) }, ordering: .relaxed)
        }

        @inline(__always)
        package static func at(_ point: ProbePoint) {
            let permille = yieldPermille.load(ordering: .relaxed)
            if permille > 0 { mayYield(point, permille) }
        }

        @inline(__always)
        package static func has(_ mutant: Mutant) -> Bool {
            mutants.load(ordering: .relaxed) & (1 << UInt64(mutant.rawValue)) != 0
        }

        private static func mayYield(_ point: ProbePoint, _ permille: Int) {
            let draw = draws.wrappingAdd(1, ordering: .relaxed).newValue
            let random = SeededGenerator.mix(seed.load(ordering: .relaxed) &+ draw &* 0x9E37_79B9)
            guard Int(random % 1_000) < permille else { return }
            let isWide =
                widePoints.load(ordering: .relaxed) & (1 << UInt64(point.rawValue)) != 0
            if isWide {
                usleep(UInt32(random >> 32) % 300)
            } else if random >> 60 == 0 {
                usleep(UInt32(random >> 40) % 40)
            } else {
                sched_yield()
            }
        }
    }
#endif
