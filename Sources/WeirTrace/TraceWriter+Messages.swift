import WeirBase
package import WeirTelemetry

/// How a batch is divided into messages of a bounded size.
///
/// A chunk is written whole, so that a kill may cost one, and whoever reads a message has it in
/// memory whole. So inputs, results, records and statements are put together up to the bounds in
/// `TraceBounds`; what is larger by itself gets a message to itself.
extension TraceWriter {
    /// The maximum number of bytes that a block takes in a message.
    static func bytes(of block: InputBlock) -> ByteCount {
        ByteCount(InputCodec.blockHead + (block.bytes?.count ?? 0))
    }

    /// About the number of bytes that a result takes in a message.
    static func bytes(of result: CallResult) -> ByteCount {
        ByteCount(16 + result.bytes.count)
    }

    /// Stretches of blocks of one source, each small enough for a message. A source's blocks
    /// keep their order, and sources come in the order of their numbers.
    static func runs(of inputs: [InputBlock]) -> [ArraySlice<InputBlock>] {
        // Sorted, so that the file does not depend on the order of a dictionary.
        let sources = Dictionary(grouping: inputs, by: \.source).sorted { $0.key < $1.key }
        var runs: [ArraySlice<InputBlock>] = []
        for (_, blocks) in sources {
            var start = 0
            while start < blocks.count {
                var end = start
                var size = ByteCount.zero
                repeat {
                    size += Self.bytes(of: blocks[end])
                    end += 1
                } while end < blocks.count && size < TraceBounds.inputMessageBytes
                    && size + Self.bytes(of: blocks[end]) <= TraceBounds.maximumSharedBytes
                    && blocks[end].index == blocks[end - 1].index &+ 1
                // A message holds blocks with indexes that follow each other; behind a gap
                // another begins.
                runs.append(blocks[start..<end])
                start = end
            }
        }
        assert(
            runs.reduce(0) { $0 + $1.count } == inputs.count,
            "\(inputs.count) blocks were divided into \(runs.count) messages, and some are in none")
        return runs
    }

    /// One batch for each worker: what was drained in many small pieces packs better together.
    ///
    /// So they lie in the file. Whoever shows logs beside the file goes through them the same
    /// way.
    package static func joined(_ batches: [LogBatch]) -> [LogBatch] {
        var joined: [LogBatch] = []
        for batch in batches {
            if let index = joined.firstIndex(where: { $0.worker == batch.worker }) {
                joined[index].records.append(contentsOf: batch.records)
                joined[index].lost = joined[index].lost.saturatingSum(batch.lost)
            } else {
                joined.append(batch)
            }
        }
        assert(
            Set(joined.map(\.worker)).count == joined.count
                && joined.reduce(0) { $0 + $1.records.count }
                    == batches.reduce(0) { $0 + $1.records.count },
            "\(batches.count) batches became \(joined.count), some of them of one worker or short")
        return joined
    }

    /// The index behind the last record of a message that begins at `start`: about 256 KiB
    /// unpacked, at 24 bytes for a record and 8 for a value besides its text.
    static func end(of records: [LogRecord], from start: Int) -> Int {
        var end = start
        var size = ByteCount.zero
        while end < records.count, size < TraceBounds.chunkBytes {
            let more = bytes(of: records[end])
            if end > start, size + more > TraceBounds.maximumSharedBytes { break }
            size += more
            end += 1
        }
        // Whoever calls goes on from there, until every record is in a message.
        assert(
            end > start || start == records.count,
            "a message takes none of \(records.count - start) records, the next would not either")
        return end
    }

    /// About the number of bytes that a record takes in a message before it is packed.
    static func bytes(of record: LogRecord) -> ByteCount {
        var size = 24
        for value in record.values {
            if case .text(let text) = value { size += text.utf8.count }
            size += 8
        }
        return ByteCount(size)
    }

    /// How many statements one message holds, from the first on: about 256 KiB of them.
    static func statementCount(_ sites: ArraySlice<LogSite>) -> Int {
        var count = 0
        var size = ByteCount.zero
        for site in sites {
            let own = 16 + site.message.utf8.count + site.file.utf8.count
            let more = ByteCount(site.fields.reduce(own) { $0 + $1.utf8.count + 5 })
            if count > 0,
                size >= TraceBounds.chunkBytes || size + more > TraceBounds.maximumSharedBytes
            {
                break
            }
            size += more
            count += 1
        }
        return count
    }
}
