package import Glibc

/// The identity of a file, whatever name it goes by: its device and its inode on that device.
///
/// Two paths lead to the same file exactly when their numbers are equal. The number holds only
/// as long as the file exists; afterwards the file system may give it to another one.
package struct FileNumber: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The number that was kept or written down in its parts.
    package init(device: UInt64, inode: UInt64) {
        (self.device, self.inode) = (device, inode)
    }
}
