extension String {
    /// What means something in JSON, and a byte that no text has.
    private static let telling = Array("\"\\]0-.e \u{1}".utf8) + [0xFF]

    /// Gives its bytes once for each of them and each of `changes`, which stands there instead.
    func withBytesChanged(into changes: [UInt8] = telling, _ body: ([UInt8]) -> Void) {
        var bytes = Array(utf8)
        for index in bytes.indices {
            let original = bytes[index]
            for change in changes {
                bytes[index] = change
                body(bytes)
            }
            bytes[index] = original
        }
    }
}
