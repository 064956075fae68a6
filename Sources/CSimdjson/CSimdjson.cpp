#include "CSimdjson.h"

#ifdef WEIR_SIMDJSON

#include <cstring>
#include <optional>
#include <simdjson.h>

using namespace simdjson;

// Members are taken in the order of the line, whatever it is, by the first letter of their names
// and then by the whole of them. What is not wanted is passed over.

struct weir_simdjson {
    ondemand::parser parser;
    ondemand::document_stream stream;
    std::optional<ondemand::document_stream::iterator> next;
};

namespace {

enum Wanted : uint32_t { identity = 1, party = 2, price = 4, extra = 8 };

struct Event {
    uint64_t head;
    int64_t dateTime, identity, party, price, second, expires;
    uint64_t extra;
};

bool hexadecimal(std::string_view text, uint64_t &value) {
    if (text.size() != 16) return false;
    value = 0;
    for (const char digit : text) {
        const int letter = digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
        const int number = digit >= '0' && digit <= '9' ? digit - '0' : letter;
        if (number < 0) return false;
        value = value << 4 | static_cast<uint64_t>(number);
    }
    return true;
}

bool kind(std::string_view text, uint64_t &head) {
    if (text == "bid") head = 2;
    else if (text == "auction") head = 1;
    else if (text == "person") head = 0;
    else return false;
    return true;
}

bool read(ondemand::object object, uint32_t wanted, Event &event) {
    bool hasKind = false, hasTime = false;
    uint32_t found = 0;
    event = Event{};
    for (auto field : object) {
        ondemand::raw_json_string name;
        if (field.key().get(name)) return false;
        auto value = field.value();
        std::string_view text;
        if (name.unsafe_is_equal("type")) {
            if (value.get_string().get(text) || !kind(text, event.head)) return false;
            hasKind = true;
        } else if (name.unsafe_is_equal("dateTime")) {
            if (value.get_int64().get(event.dateTime)) return false;
            hasTime = true;
        } else if (wanted & identity && name.unsafe_is_equal("auction")) {
            if (value.get_int64().get(event.identity)) return false;
            found |= identity;
        } else if (wanted & party && name.unsafe_is_equal("bidder")) {
            if (value.get_int64().get(event.party)) return false;
            found |= party;
        } else if (wanted & price && name.unsafe_is_equal("price")) {
            if (value.get_int64().get(event.price)) return false;
            found |= price;
        } else if (wanted & extra && name.unsafe_is_equal("extra")) {
            if (value.get_string().get(text) || !hexadecimal(text, event.extra)) return false;
            found |= extra;
        }
    }
    return hasKind && hasTime && (event.head != 2 || found == wanted);
}

} // namespace

weir_simdjson *weir_simdjson_create(void) {
    auto reader = new weir_simdjson();
#ifdef SIMDJSON_THREADS_ENABLED
    // One thread, as the loop has.
    reader->parser.threaded = false;
#endif
    return reader;
}

void weir_simdjson_destroy(weir_simdjson *reader) { delete reader; }

bool weir_simdjson_begin(weir_simdjson *reader, const void *lines, size_t count, size_t room) {
    reader->next.reset();
    (void)room;
    const auto bytes = static_cast<const uint8_t *>(lines);
    const size_t batch = count < 1000000 ? 1000000 : count;
    if (reader->parser.iterate_many(bytes, count, batch).get(reader->stream)) return false;
    reader->next.emplace(reader->stream.begin());
    return true;
}

ptrdiff_t weir_simdjson_next(
    weir_simdjson *reader, uint32_t wanted, void *events, size_t capacity) {
    const auto target = static_cast<Event *>(events);
    size_t count = 0;
    auto &next = *reader->next;
    while (count < capacity && next != reader->stream.end()) {
        auto document = *next;
        ondemand::object object;
        if (document.get_object().get(object)) return -1;
        if (!read(object, wanted, target[count])) return -1;
        count++;
        ++next;
    }
    return static_cast<ptrdiff_t>(count);
}

#endif
