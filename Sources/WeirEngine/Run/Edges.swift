package import WeirBase

/// Makes what lies between two subtasks: a channel and its two ends.
///
/// Given to the binding of a plan, which calls it once for each pair of subtasks that an edge
/// joins. So subtasks do not know on which kind of channel they live, and a run differs from a
/// replay in the maker alone.
package protocol EdgeMaker: Sendable {
    /// An edge for elements of this type; the outlet is its subtask's `outlet`th.
    func makeEdge<Element: Sendable>(
        of type: Element.Type, named name: String, _ options: EdgeOptions, outlet: ChannelIndex
    ) -> EdgeEnds
}

/// A channel with its reading end, for the consumer's subtask, and its writing end, for the
/// producer's.
package struct EdgeEnds {
    let channel: any AnyChannel
    let inlet: Inlet
    let outlet: any AnyOutlet

    /// An edge that may drop. Only its reading end depends on who runs it: a run takes under the
    /// lock, a replay may take ahead.
    fileprivate static func dropping<Element: Sendable>(
        _ name: String, _ options: EdgeOptions, outlet: ChannelIndex,
        inlet: (DroppingChannel<Element>) -> Inlet
    ) -> EdgeEnds {
        let target = DroppingChannel<Element>(
            name: name, bounds: options.bounds, policy: options.policy)
        return EdgeEnds(
            channel: target, inlet: inlet(target),
            outlet: DroppingOutlet(index: outlet, target: target))
    }
}

/// The edges of a run: bounded, with a thread at each end.
package struct ConcurrentEdges: EdgeMaker {
    package init() {}

    package func makeEdge<Element: Sendable>(
        of type: Element.Type, named name: String, _ options: EdgeOptions, outlet: ChannelIndex
    ) -> EdgeEnds {
        switch options.policy {
        case .block:
            let ring = Channel<Element>(name: name, bounds: options.bounds)
            return EdgeEnds(
                channel: ring, inlet: BlockingInlet(ring: ring),
                outlet: BlockingOutlet(index: outlet, ring: ring))
        case .dropNewest, .dropOldest, .fail:
            return .dropping(name, options, outlet: outlet) { (target: DroppingChannel<Element>) in
                DroppingInlet(target: target)
            }
        }
    }
}

/// The edges of a replay, where one thread is at both ends at any moment.
///
/// A blocking edge has no bound: when a run waited for room is no part of what it computed, and a
/// replay that waited would have to know it. What becomes of the messages of an edge that may drop
/// is recorded.
package struct SequentialEdges: EdgeMaker {
    package init() {}

    package func makeEdge<Element: Sendable>(
        of type: Element.Type, named name: String, _ options: EdgeOptions, outlet: ChannelIndex
    ) -> EdgeEnds {
        switch options.policy {
        case .block:
            let queue = QueueChannel<Element>(name: name, bounds: options.bounds)
            return EdgeEnds(
                channel: queue, inlet: QueueInlet(queue),
                outlet: QueueOutlet(index: outlet, queue))
        case .dropNewest, .dropOldest, .fail:
            return .dropping(name, options, outlet: outlet) { (target: DroppingChannel<Element>) in
                SteppedInlet(target)
            }
        }
    }
}
