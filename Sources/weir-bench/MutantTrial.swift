#if WEIR_PROBES
    import WeirBase
    import WeirStress

    /// How one broken rule is provoked.
    struct MutantTrial {
        var mutant: Mutant
        /// Where threads sleep.
        var wide: [ProbePoint] = []
        var permille = 200
        /// Whether only a kill shows it.
        var isKill = false
        var runs = 40
        /// A run that takes longer hangs.
        var seconds: UInt64 = 10

        var name: String { "\(mutant)" }

        static func named(_ name: String) throws -> MutantTrial {
            guard let mutant = Mutant.allCases.first(where: { "\($0)" == name }) else {
                throw StressFailure("there is no mutant \(name)")
            }
            return of(mutant)
        }

        static var all: [MutantTrial] { Mutant.allCases.map(of) }

        // One entry a rule; the table is the point.
        static func of(_ mutant: Mutant) -> MutantTrial {
            switch mutant {
            case .numberBeforeLook: MutantTrial(mutant: mutant, wide: [.numbered])
            case .numberAfterPublish: MutantTrial(mutant: mutant, wide: [.published])
            case .accessNumberOutsideLock: MutantTrial(mutant: mutant, wide: [.accessLocked])
            case .publishNumberOutsideLock: MutantTrial(mutant: mutant, wide: [.dropLocked])
            case .takeOutsideLock: MutantTrial(mutant: mutant, wide: [.taking], runs: 100)
            case .freeOnDrain: MutantTrial(mutant: mutant, isKill: true)
            case .commitFlag: MutantTrial(mutant: mutant, runs: 20)
            case .commitFirst: MutantTrial(mutant: mutant, wide: [.committing], runs: 5)
            case .stopAtGap:
                MutantTrial(
                    mutant: mutant, wide: [.accessNumbered, .dropNumbered, .numbered],
                    isKill: true)
            case .skipGaps: MutantTrial(mutant: mutant, wide: [.numbered])
            case .mergeRemainder, .mergeInQueue: MutantTrial(mutant: mutant, runs: 60)
            case .twoProducers, .rawMemoryDigest, .digestQueuedOnly: MutantTrial(mutant: mutant)
            case .restWithOpenTurns: MutantTrial(mutant: mutant, wide: [.ran])
            case .uncutTimers, .bodySeesDepth, .completionCount: MutantTrial(mutant: mutant)
            case .runWithPending: MutantTrial(mutant: mutant)
            case .handOverFirst:
                // The window is between two instructions of a reader: about one kill in twenty.
                MutantTrial(
                    mutant: mutant, wide: [.handedOver], permille: 500, isKill: true, runs: 160)
            case .resultAfterHandOver:
                MutantTrial(mutant: mutant, wide: [.handedOver], permille: 500, isKill: true)
            case .dropTimeouts: MutantTrial(mutant: mutant, runs: 60, seconds: 4)
            }
        }
    }
#endif
