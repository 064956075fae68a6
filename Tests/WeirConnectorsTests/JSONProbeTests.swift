import Foundation
import Testing
import WeirBase
import WeirEngine

@testable import WeirConnectors

/// What a type read of a line, thrown so that the probe's reading is seen and not the decoder's.
private struct Told: Error, Equatable {
    let what: String
    init(_ what: String) { self.what = what }
}

/// Decodes a line; what it throws comes from the probe, which reads a line that was refused again.
private func told<Value: Decodable>(_ type: Value.Type, _ line: String) -> String? {
    do {
        let value = try Array(line.utf8).withUnsafeBytes { try JSONLine.decode(type, from: $0) }
        return "\(value)"
    } catch let told as Told {
        return told.what
    } catch {
        return "\(error)"
    }
}

/// How the probe reads a line a second time: values, containers, and what it says of each fault.
@Suite struct JSONProbeTests {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Reads numbers of all types.
    private struct Numbers: Decodable {
        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            func value<Value: Decodable>(_ type: Value.Type) throws -> String {
                "\(try members.decode(type, forKey: Key("\(type)")))"
            }
            throw Told(
                try [
                    value(Int.self), value(Int8.self), value(Int16.self), value(Int32.self),
                    value(Int64.self), value(UInt.self), value(UInt8.self), value(UInt16.self),
                    value(UInt32.self), value(UInt64.self), value(Double.self), value(Float.self),
                    value(Bool.self), value(String.self), value(Instant.self),
                ].joined(separator: " "))
        }
    }

    @Test func `each kind of value is read as its type`() {
        let line =
            #"{"Int":-1,"Int8":-128,"Int16":3e2,"Int32":4.0,"Int64":-9223372036854775808,"#
            + #""UInt":0,"UInt8":255,"UInt16":7,"UInt32":8,"UInt64":18446744073709551615,"#
            + #""Double":1.5,"Float":-2.5e1,"Bool":true,"String":"a\u00e9","#
            + #""Instant":"2026-11-24T12:04:31Z"}"#
        #expect(
            told(Numbers.self, line)
                == "-1 -128 300 4 -9223372036854775808 0 255 7 8 18446744073709551615 1.5 -25.0 "
                + "true aé 2026-11-24T12:04:31.000000000Z")
    }

    /// Reads containers in containers, by hand.
    private struct Containers: Decodable {
        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            var said = ["\(members.contains(Key("list"))) \(members.contains(Key("none")))"]
            said.append(members.allKeys.map(\.stringValue).joined(separator: ","))
            said.append("\(try members.decodeNil(forKey: Key("null")))")
            said.append("\(try members.decodeNil(forKey: Key("list")))")
            var list = try members.nestedUnkeyedContainer(forKey: Key("list"))
            said.append("\(list.count ?? -1)")
            said.append("\(try list.decodeNil()) \(list.currentIndex)")
            said.append("\(try list.decode(Int.self)) \(list.currentIndex)")
            said.append("\(try list.decodeNil()) \(list.currentIndex)")
            var inner = try list.nestedUnkeyedContainer()
            said.append("\(try inner.decode(Bool.self)) \(try inner.decode(Bool.self))")
            said.append("\(inner.isAtEnd) \(list.currentIndex) \(list.isAtEnd)")
            let object = try list.nestedContainer(keyedBy: Key.self)
            said.append("\(try object.decode(String.self, forKey: Key("k"))) \(list.currentIndex)")
            let last = try list.superDecoder().singleValueContainer().decode(Double.self)
            said.append("\(last) \(list.currentIndex) \(list.isAtEnd)")
            let nested = try members.nestedContainer(keyedBy: Key.self, forKey: Key("object"))
            said.append("\(try nested.decode([Int?].self, forKey: Key("a")))")
            said.append("\(try members.superDecoder().singleValueContainer().decode(Int.self))")
            said.append(
                "\(try members.superDecoder(forKey: Key("x")).singleValueContainer().decodeNil())")
            throw Told(said.joined(separator: " | "))
        }
    }

    @Test func `containers are read in their order, wherever spaces stand`() {
        let line =
            #"{ "null":null, "list" : [ null , 7, [ true,false ] , {"k":"v"}, 2.5 ],"#
            + #""object":{"a":[ 1, null ,3 ]},"super":5,"x":null,"super":6 }"#
        #expect(
            told(Containers.self, line)
                == "true false | null,list,object,super,x,super | true | false | 5 | true 1 | 7 2 "
                + "| false 2 | true false | true 3 false | v 4 | 2.5 5 true "
                + "| [Optional(1), nil, Optional(3)] | 5 | true")
    }

    private struct Item: Decodable {
        var id: Int8
        var price: Double?
        var tags: [String]?
        var kind: Kind?
        var at: Date?
        var link: URL?
        enum Kind: String, Decodable { case a, b }
    }

    @Test(arguments: [
        (#"{"id":128}"#, "column 7: member id: 128 does not fit Int8"),
        (#"{"id":1.5}"#, "column 7: member id: 1.5 does not fit Int8"),
        (#"{"id":"1"}"#, "column 7: member id is a text, not Int8"),
        (#"{"id":true}"#, "column 7: member id is a truth value, not Int8"),
        (#"{"id":[]}"#, "column 7: member id is an array, not Int8"),
        (#"{"id":{}}"#, "column 7: member id is an object, not Int8"),
        (#"{"id":null}"#, "column 7: member id is null"), ("{}", "column 1: it has no member id"),
        ("[1]", "column 1: it is an array, not an object"),
        (" 7", "column 2: it is a number, not an object"),
        (#"{"id":1,"price":1e400}"#, "column 17: member price: 1e400 does not fit Double"),
        (#"{"id":1,"price":"x"}"#, "column 17: member price is a text, not Double"),
        (#"{"id":1,"tags":["a",5]}"#, "column 21: member tags[1] is a number, not String"),
        (#"{"id":1,"tags":["a",  null]}"#, "column 23: member tags[1] is null"),
        (#"{"id":1,"tags":{}}"#, "column 16: member tags is an object, not an array"),
        (
            #"{"id":1,"kind":"c"}"#,
            "column 16: member kind is malformed: Cannot initialize Kind from invalid String "
                + "value c"
        ),
        (#"{"id":1,"at":"x"}"#, "column 14: member at is no Date"),
        (#"{"id":1,"link":""}"#, "column 16: member link is no URL"),
        (#"{"id":1"#, "column 8: it ends inside an object"), ("", "BlankLine()"),
        ("  ", "BlankLine()"),
    ])
    func `a line that is no such value says which member is wrong, where and why`(
        line: String, reason: String
    ) {
        #expect(told(Item.self, line) == reason)
    }

    @Test func `a line that is such a value is it`() throws {
        let line = #"{"id":-3,"price":1.5,"tags":["a"],"kind":"b","link":"http://a"}"#
        let item = try Array(line.utf8).withUnsafeBytes {
            try JSONLine.decode(Item.self, from: $0)
        }
        #expect(item.id == -3 && item.price == 1.5 && item.tags == ["a"] && item.kind == .b)
        #expect(item.link == URL(string: "http://a"))
    }

    private struct Pair: Decodable {
        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            _ = try values.decode(Int.self)
            _ = try values.decode(Int.self)
        }
    }

    @Test func `an array that is too short says how many elements it has`() {
        #expect(told(Pair.self, " [1]") == "column 2: it has only 1 elements")
        #expect(told([String: Pair].self, #"{"p":[]}"#) == "column 6: member p has only 0 elements")
    }

    @Test func `a long text that is no time is cut in the reason`() {
        let text = String(repeating: "x", count: ConnectorBounds.maximumShownValue + 1)
        let cut = String(repeating: "x", count: ConnectorBounds.maximumShownValue) + "…"
        #expect(
            told([Instant].self, "[\"\(text)\"]")
                == "column 2: member [0]: \(cut) is not a time in RFC 3339, such as "
                + "2026-11-24T12:04:31.2Z")
    }

    @Test func `what a row cannot hold names its member`() {
        struct Row: Encodable { var items: [[String: Double]] }
        let encoder = JSONEncoder()
        do {
            _ = try encoder.encode(Row(items: [["price": 1], ["price": .infinity]]))
            Issue.record("it was written")
        } catch let EncodingError.invalidValue(value, context) {
            #expect(
                UnwritableValue(value, context).description
                    == "member items[1].price is inf, which JSON cannot hold. Write an optional "
                    + "without a value, or give the sink a closure that writes it")
        } catch {
            Issue.record("\(error)")
        }
        let whole = EncodingError.Context(codingPath: [], debugDescription: "")
        #expect(UnwritableValue(Double.nan, whole).description.hasPrefix("the row is nan, "))
    }
}
