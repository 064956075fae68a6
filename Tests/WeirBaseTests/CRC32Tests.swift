import Testing
import WeirBase

@Suite struct CRC32Tests {
    @Test func `the check value of the standard`() {
        #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
    }
}
