/// The names of levels: in small letters, as the source wrote them, with few synonyms.
///
/// Only names that mean the same are joined, so that a count per level equals what a search
/// for the word in the file gives.
enum LineLevel {
    /// The level that a word names where a level is due. A word that is not known names itself.
    static func name(_ word: UnsafeRawBufferPointer) -> String {
        if let known = known(word) { return known }
        return String(decoding: word.map(lowered), as: UTF8.self)
    }

    /// The level that a word names, or nil when it is no level's name.
    static func known(_ word: UnsafeRawBufferPointer) -> String? {
        // From `err` to `critical`. So every name fits a number of 64 bits and is compared at
        // once.
        guard (3...8).contains(word.count) else { return nil }
        var packed: UInt64 = 0
        for byte in word { packed = packed << 8 | UInt64(lowered(byte)) }
        return table(packed)
    }

    /// The names as numbers of their bytes, which are ASCII: 0x69_6E66_6F is `info`.
    private static func table(_ packed: UInt64) -> String? {
        switch packed {
        case 0x69_6E66_6F: "info"
        case 0x77_6172_6E, 0x77_6172_6E69_6E67: "warning"
        case 0x65_7272, 0x65_7272_6F72: "error"
        case 0x64_6562_7567: "debug"
        case 0x74_7261_6365: "trace"
        case 0x6E_6F74_6963_65: "notice"
        case 0x66_6174_616C, 0x63_7269_74, 0x6372_6974_6963_616C: "critical"
        case 0x61_6C65_7274, 0x65_6D65_7267: "critical"
        case 0x70_616E_6963: "panic"
        case 0x73_6576_6572_65: "severe"
        case 0x66_696E_65: "fine"
        case 0x66_696E_6572: "finer"
        case 0x66_696E_6573_74: "finest"
        case 0x63_6F6E_6669_67: "config"
        case 0x76_6572_626F_7365: "verbose"
        case 0x61_7564_6974: "audit"
        default: nil
        }
    }

    /// The level of one of logcat's letters.
    static func logcat(_ letter: UInt8) -> String? {
        switch letter {
        case UInt8(ascii: "V"): "trace"
        case UInt8(ascii: "D"): "debug"
        case UInt8(ascii: "I"): "info"
        case UInt8(ascii: "W"): "warning"
        case UInt8(ascii: "E"): "error"
        case UInt8(ascii: "F"): "critical"
        case UInt8(ascii: "S"): "none"
        default: nil
        }
    }

    /// The level in a syslog priority: facility times eight plus severity (RFC 5424, 6.2.1).
    static func syslog(priority: Int) -> String {
        switch priority & 7 {
        case 0, 1, 2: "critical"
        case 3: "error"
        case 4: "warning"
        case 5: "notice"
        case 6: "info"
        default: "debug"
        }
    }

    /// A byte in small letters, of ASCII alone.
    @inline(__always)
    private static func lowered(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}
