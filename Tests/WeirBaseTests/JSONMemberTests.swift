import Testing
import WeirBase

/// JSON as it is written, call by call.
@Suite struct JSONMemberTests {
    @Test func `members of every kind stand with their keys, commas between them`() {
        var json = JSONText()
        json.beginObject()
        json.member("text", "a\"b")
        json.member("count", -7)
        json.member("step", 9 as Step)
        json.member("number", 1.5)
        json.member("flag", true)
        json.key("list")
        json.beginArray()
        json.value(1)
        json.value("two")
        json.value(false)
        json.value(3 as Step)
        json.raw("{\"raw\":null}")
        json.beginArray()
        json.endArray()
        json.endArray()
        json.member("last", "")
        json.endObject()
        #expect(
            json.string == "{\"text\":\"a\\\"b\",\"count\":-7,\"step\":9,\"number\":1.5,"
                + "\"flag\":true,\"list\":[1,\"two\",false,3,{\"raw\":null},[]],\"last\":\"\"}")
    }

    @Test func `a line ends without a comma, and an emptied text begins anew`() {
        var json = JSONText()
        for number in 1...2 {
            json.beginObject()
            json.member("n", number)
            json.endObject()
            json.endLine()
        }
        #expect(json.string == "{\"n\":1}\n{\"n\":2}\n")
        json.value(1)
        json.removeAll()
        json.value(2)
        #expect(json.string == "2")
    }

    @Test(
        arguments: [
            (1e15, "1000000000000000.0"), (999_999_999_999_999, "999999999999999"),
            (-999_999_999_999_999, "-999999999999999"), (-1e15, "-1000000000000000.0"),
            (0.25, "0.25"),
            (-0.0, "0"), (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
        ] as [(Double, String)])
    func `a number is whole where it can be, and null where JSON has none`(
        number: Double, text: String
    ) {
        var json = JSONText()
        json.value(number)
        #expect(json.string == text)
    }
}
