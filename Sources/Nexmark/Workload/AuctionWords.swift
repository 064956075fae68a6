/// The words of the auction workload, which its events name by their indices.
enum AuctionWords {
    static let firstNames = [
        "Ada", "Bram", "Chloe", "Dev", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira",
        "Liam", "Mona", "Nils", "Orla", "Pia",
    ]
    static let lastNames = [
        "Archer", "Bishop", "Carver", "Draper", "Ellis", "Fisher", "Glover", "Hunter", "Irving",
        "Joiner", "Keller", "Lander", "Miller", "Napier", "Osborn", "Porter",
    ]
    static let cities = [
        "Ashland", "Burley", "Casper", "Davis", "Eugene", "Fresno", "Gilbert", "Hailey", "Irvine",
        "Jerome",
    ]
    static let states = ["AZ", "CA", "ID", "OR", "WA", "WY"]
    static let channels = ["search", "social", "mail", "store"]
    static let things = [
        "amber", "brass", "cedar", "delft", "ebony", "flint", "glass", "hazel", "ivory", "jade",
        "kraft", "linen", "maple", "navy", "olive", "pearl", "quartz", "rust", "silk", "teak",
        "umber", "velvet", "walnut", "yarn", "zinc", "antique", "boxed", "classic", "damaged",
        "early", "fine", "grand",
    ]
}
