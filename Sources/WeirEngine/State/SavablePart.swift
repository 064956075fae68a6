package import WeirBase

/// A part of an execution that has state of its own: an operator, a source, an outlet, a channel, a
/// cell, a whole subtask.
///
/// Whatever looks at state looks at it through this: rest points and the end digest it, a replay
/// saves it and puts it back. A part that lasts from turn to turn in any field states what of it is
/// saved as a type of its own, so that a field which is forgotten in `digest`, `save` or `restore`
/// is seen where all three are written.
///
/// The law that the three keep: a part into which a snapshot was restored has the digest of the
/// part that was saved, and goes on as that part would.
///
/// All of it is called where no turn of the part is open: at a rest point, behind the last turn, or
/// in a replay.
package protocol SavablePart: AnyObject {
    /// The state as values that are shared with nothing that runs.
    associatedtype Snapshot

    /// What a message to people calls the part.
    var partName: String { get }
    /// Adds the state's canonical form to a digest: equal states add equal bytes, in every process
    /// and build. Nothing that depends on timing, on an address or on a table's order may be in it.
    /// Costs coding all that the part holds.
    func digest(into hash: inout StableHash)
    /// The state as values. Costs a copy of what is not shared copy-on-write.
    func save() -> Saved<Snapshot>
    /// Takes saved state in, in a part of the same plan that has taken nothing yet. The snapshot
    /// stays as it is and may be restored again.
    func restore(_ snapshot: Snapshot)
}

/// A part's state as values, and about how many bytes they take.
package struct Saved<State> {
    package let state: State
    package let bytes: ByteCount

    package init(_ state: State, bytes: ByteCount) {
        self.state = state
        self.bytes = bytes
    }
}

/// The saved state of some part, without its type.
///
/// Plans have parts of any type, so that a snapshot of a whole execution cannot name them all. What
/// is restored is checked: state of another part's type ends the process with both types named,
/// because a run that went on without its state would be wrong without a word.
package struct SavedPart {
    fileprivate let state: Any
    fileprivate let name: String
    package let bytes: ByteCount
}

extension SavablePart {
    /// `save` without the type of the state, with the part's name for the message of a mismatch.
    package func savePart() -> SavedPart {
        let saved = save()
        return SavedPart(state: saved.state, name: partName, bytes: saved.bytes)
    }

    /// `restore` of what `savePart` gave; traps on the state of a part of another type.
    package func restorePart(_ saved: SavedPart) {
        guard let snapshot = saved.state as? Snapshot else {
            preconditionFailure(
                "\(partName) keeps \(String(reflecting: Snapshot.self)) and was given "
                    + "\(String(reflecting: type(of: saved.state))), the state of \(saved.name)")
        }
        restore(snapshot)
    }
}
