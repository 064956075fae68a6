/// What digests are made of. A replay computes them in the form of its trace, so that traces of
/// earlier builds can be verified as before; a run has the current one.
///
/// All forms here are by parts, with trails of sampled values.
package enum DigestForm: Int, Sendable {
    /// Values are sampled by their canonical form, up to 64 bytes a turn.
    case canonicalSamples = 2
    /// Values are sampled member by member, up to 128 bytes a turn: a sample costs a fifth.
    case memberSamples = 3

    package static let current = memberSamples
}
