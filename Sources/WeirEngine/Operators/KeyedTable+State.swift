import WeirBase

extension KeyedTable where Key: Encodable, Value: Encodable {
    /// Adds every entry's canonical form to a digest, as a sum over the entries: their order in the
    /// table depends on how they came. Costs coding those that were touched since the last digest.
    func digest(into hash: inout StableHash) {
        let sum = sum { key, value in
            var one = StableHash()
            one.combine(canonical: key)
            one.combine(canonical: value)
            return one.value
        }
        hash.combine(UInt64(count))
        hash.combine(sum)
    }

    /// Adds the entries to a list as one table; what `suffix` says stands behind each key.
    func list(_ list: inout EntryList, suffix: String = "") {
        list.addTable(suffix: suffix) { list in
            forEach { key, value in list.add("\(key)", value) }
        }
    }

    /// The key with this text. Looks at all keys.
    func key(named text: String) -> Key? {
        var found: Key?
        forEach { key, _ in
            if found == nil, "\(key)" == text { found = key }
        }
        return found
    }

    func value(of key: Key) -> Value? {
        existing(key, hash: Canonical.hash(key)).map(\.pointee)
    }

    /// About how many bytes a copy takes, from the canonical form of the first eight entries:
    /// looking at all would cost as much as the copy. Counted twice, since a table may be half
    /// empty.
    var estimatedBytes: ByteCount {
        var seen = 0
        var coded = 0
        forEach { key, value in
            guard seen < 8 else { return }
            seen += 1
            coded += Canonical.bytes(of: key).count + Canonical.bytes(of: value).count
        }
        let slot = MemoryLayout<Key>.stride + MemoryLayout<Value>.stride + 8
        return ByteCount(count * slot * 2 + (seen == 0 ? 0 : coded * count / seen))
    }
}
