import Glibc

/// Memory of tables in which everything is looked for at random.
enum LargeMemory {
    /// What the system gives as one page where it is asked to, on x86-64 and 64-bit ARM.
    private static let pageBytes = 2 << 20

    /// Asks the system for large pages behind an allocation that nobody has written to yet.
    ///
    /// A look at random at memory of many megabytes waits for the address's translation as long as
    /// for the memory, which large pages spare. Only what lies in whole pages is asked for, so that
    /// a small table has what it had; a system that refuses changes nothing.
    static func prefersLargePages(_ memory: UnsafeMutableRawPointer, bytes: ByteCount) {
        let start = (UInt(bitPattern: memory) + UInt(pageBytes) - 1) & ~UInt(pageBytes - 1)
        let end = (UInt(bitPattern: memory) + UInt(bytes.count)) & ~UInt(pageBytes - 1)
        guard start < end else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE)
    }
}
