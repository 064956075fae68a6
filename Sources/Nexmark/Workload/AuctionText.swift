/// Events of the workload as JSON Lines and as the records of its binary file.
extension AuctionEvent {
    /// How many bytes a record has.
    static let recordBytes = 64

    /// Adds the record: eight words, little-endian.
    func appendRecord(to bytes: inout [UInt8]) {
        let words = [
            head, UInt64(bitPattern: dateTime), UInt64(bitPattern: identity),
            UInt64(bitPattern: party), UInt64(bitPattern: price), UInt64(bitPattern: second),
            UInt64(bitPattern: expires), extra,
        ]
        for word in words {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    /// Adds the line, with its end.
    func appendLine(to bytes: inout [UInt8]) {
        if isPerson {
            appendPerson(to: &bytes)
        } else if isAuction {
            appendAuction(to: &bytes)
        } else {
            appendBid(to: &bytes)
        }
        bytes.append(text: ",\"extra\":\"")
        bytes.append(hexadecimal: extra, digits: 16)
        bytes.append(text: "\"}\n")
    }

    private func appendPerson(to bytes: inout [UInt8]) {
        let (first, last) = (AuctionWords.firstNames[first], AuctionWords.lastNames[last])
        bytes.append(text: "{\"type\":\"person\"")
        bytes.append(text: ",\"id\":", identity)
        bytes.append(string: ",\"name\":\"", "\(first) \(last)")
        let account = "\(first.lowercased()).\(last.lowercased())"
        bytes.append(string: ",\"emailAddress\":\"", "\(account)@mail\(identity % 10).example")
        bytes.append(string: ",\"creditCard\":\"", Self.card(party))
        bytes.append(string: ",\"city\":\"", AuctionWords.cities[city])
        bytes.append(string: ",\"state\":\"", AuctionWords.states[wide])
        bytes.append(text: ",\"dateTime\":", dateTime)
    }

    /// Sixteen digits in groups of four.
    private static func card(_ number: Int64) -> String {
        let digits = String(number)
        let all = String(repeating: "0", count: 16 - digits.count) + digits
        return stride(from: 0, to: 16, by: 4).map { all.dropFirst($0).prefix(4) }
            .joined(separator: " ")
    }

    private func appendAuction(to bytes: inout [UInt8]) {
        bytes.append(text: "{\"type\":\"auction\"")
        bytes.append(text: ",\"id\":", identity)
        bytes.append(string: ",\"itemName\":\"", "item-\(identity)")
        let words = (0..<8).map { AuctionWords.things[Int(extra >> (8 * $0) & 31)] }
        bytes.append(string: ",\"description\":\"", words.joined(separator: " "))
        bytes.append(text: ",\"initialBid\":", price)
        bytes.append(text: ",\"reserve\":", second)
        bytes.append(text: ",\"dateTime\":", dateTime)
        bytes.append(text: ",\"expires\":", expires)
        bytes.append(text: ",\"seller\":", party)
        bytes.append(text: ",\"category\":", Int64(first))
    }

    private func appendBid(to bytes: inout [UInt8]) {
        bytes.append(text: "{\"type\":\"bid\"")
        bytes.append(text: ",\"auction\":", identity)
        bytes.append(text: ",\"bidder\":", party)
        bytes.append(text: ",\"price\":", price)
        let isNamed = first < AuctionWords.channels.count
        bytes.append(
            string: ",\"channel\":\"", isNamed ? AuctionWords.channels[first] : "channel-\(wide)")
        bytes.append(text: ",\"url\":\"https://auction.example/item/\(identity)?ref=")
        bytes.append(hexadecimal: UInt64(bitPattern: second), digits: 8)
        bytes.append(text: "\"")
        bytes.append(text: ",\"dateTime\":", dateTime)
    }
}

extension [UInt8] {
    /// Adds a member whose value is text. Nothing in the workload needs an escape.
    fileprivate mutating func append(string name: StaticString, _ value: String) {
        append(text: name)
        append(text: value)
        append(UInt8(ascii: "\""))
    }
}
