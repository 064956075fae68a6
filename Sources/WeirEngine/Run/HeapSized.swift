/// A type that can tell how many bytes it holds outside its own fields.
///
/// Blocking channels of such elements are bounded in bytes by it; channels of other types are
/// bounded in messages alone, and are shown with the size of their elements' fields. Asked once for
/// each element that is published, so it should be cheap.
public protocol HeapSized {
    /// Bytes on the heap that belong to this value, roughly.
    var heapBytes: Int { get }
}

extension String: HeapSized {
    /// The UTF-8 bytes.
    public var heapBytes: Int { utf8.count }
}

extension Array: HeapSized {
    /// The elements' own fields.
    public var heapBytes: Int { count * MemoryLayout<Element>.stride }
}
