//! What the demo's people and goods are called: plain lists, nobody's real data.
//! Set by hand: one word a line would make pages of them.

/// Given names.
#[rustfmt::skip]
pub const GIVEN_NAMES: [&str; 96] = [
    "Amelia", "Olivia", "Charlotte", "Isla", "Mia", "Grace", "Willow", "Harper", "Chloe", "Ella",
    "Ava", "Zoe", "Ruby", "Sienna", "Evie", "Matilda", "Alice", "Georgia", "Hannah", "Lucy",
    "Emily", "Sophie", "Phoebe", "Jasmine", "Bella", "Claire", "Naomi", "Tessa", "Imogen", "Nina",
    "Rachel", "Sarah", "Leah", "Maya", "Anna", "Elena", "Freya", "Holly", "Ivy", "Joanna",
    "Katie", "Laura", "Megan", "Nadia", "Paige", "Rosa", "Stella", "Tara", "Oliver", "Noah",
    "Jack", "William", "Leo", "Henry", "Thomas", "James", "Lucas", "Charlie", "Ethan", "Hudson",
    "Archie", "Max", "Liam", "Cooper", "Isaac", "Oscar", "Finn", "Hugo", "Joshua", "Samuel",
    "Daniel", "Adam", "Aaron", "Benjamin", "Callum", "Dylan", "Edward", "Felix", "George",
    "Harvey", "Ivan", "Jonah", "Kai", "Lachlan", "Marcus", "Nathan", "Owen", "Patrick", "Quinn",
    "Reuben", "Simon", "Toby", "Victor", "Walter", "Xavier", "Zachary",
];

/// Surnames.
#[rustfmt::skip]
pub const SURNAMES: [&str; 120] = [
    "Abbott", "Adler", "Ainsley", "Archer", "Ashby", "Bailey", "Baker", "Barlow", "Barrett",
    "Baxter", "Bell", "Bennett", "Bishop", "Blake", "Bolton", "Booth", "Bowen", "Bradley",
    "Brennan", "Briggs", "Brooks", "Bryant", "Burgess", "Burton", "Byrne", "Calder", "Cameron",
    "Carey", "Carter", "Chandler", "Chapman", "Clarke", "Coleman", "Collins", "Connor", "Cooke",
    "Crawford", "Curtis", "Dalton", "Davies", "Dawson", "Delaney", "Dixon", "Doyle", "Drummond",
    "Duncan", "Eaton", "Elliott", "Ellis", "Everett", "Farrell", "Fenwick", "Fisher", "Fleming",
    "Foster", "Fraser", "Gallagher", "Gardner", "Gibson", "Goddard", "Graham", "Griffin", "Hale",
    "Hammond", "Hardy", "Harper", "Hartley", "Hayes", "Henderson", "Hewitt", "Holland", "Hopkins",
    "Howard", "Hughes", "Hunter", "Ingram", "Irwin", "Jarvis", "Jensen", "Keating", "Kendall",
    "Kerr", "Lambert", "Lawson", "Lennox", "Lloyd", "Lowe", "Maddox", "Marsh", "Mason", "Mercer",
    "Mills", "Morgan", "Nash", "Newton", "Norris", "Osborne", "Palmer", "Parry", "Pearce",
    "Perkins", "Porter", "Quigley", "Ramsey", "Reeves", "Rhodes", "Sawyer", "Sheridan", "Slater",
    "Stone", "Sutton", "Thorne", "Tucker", "Vance", "Wallis", "Warner", "Webster", "Whitaker",
    "Wilde", "Yates",
];

/// Streets, without a number.
#[rustfmt::skip]
pub const STREETS: [&str; 32] = [
    "acacia avenue", "banksia street", "bay road", "beach parade", "bridge street", "cedar close",
    "church lane", "coral crescent", "creek road", "dune drive", "eucalypt way", "ferry street",
    "garden terrace", "harbour street", "heath court", "high street", "hill road", "jetty lane",
    "kingfisher place", "lagoon drive", "maple street", "mill lane", "ocean view", "orchard road",
    "park avenue", "pine grove", "queen street", "ridge road", "river terrace", "station road",
    "sunset crescent", "wattle street",
];

/// Suburb, postcode and state.
#[rustfmt::skip]
pub const PLACES: [(&str, &str, &str); 24] = [
    ("ashgrove", "4060", "qld"), ("balmain", "2041", "nsw"), ("bendigo", "3550", "vic"),
    ("bondi", "2026", "nsw"), ("brighton", "3186", "vic"), ("broome", "6725", "wa"),
    ("cairns", "4870", "qld"), ("carlton", "3053", "vic"), ("coburg", "3058", "vic"),
    ("darwin", "0800", "nt"), ("dickson", "2602", "act"), ("fremantle", "6160", "wa"),
    ("geelong", "3220", "vic"), ("glenelg", "5045", "sa"), ("hobart", "7000", "tas"),
    ("katoomba", "2780", "nsw"), ("launceston", "7250", "tas"), ("manly", "2095", "nsw"),
    ("newtown", "2042", "nsw"), ("norwood", "5067", "sa"), ("noosa heads", "4567", "qld"),
    ("parramatta", "2150", "nsw"), ("subiaco", "6008", "wa"), ("toowoomba", "4350", "qld"),
];

/// Domains of mailboxes; `.example` is reserved, so nobody can be written to.
pub const MAIL_DOMAINS: [&str; 5] = [
    "mail.example",
    "inbox.example",
    "post.example",
    "letterbox.example",
    "work.example",
];

/// What people type when they do not want to give their e-mail.
pub const PLACEHOLDER_EMAILS: [&str; 3] = [
    "noemail@shop.example",
    "none@none.example",
    "test@test.example",
];

/// What people type when they do not want to give their phone.
pub const PLACEHOLDER_PHONES: [&str; 3] = ["000", "0400000000", "0411111111"];

/// Products are a colour, a material and a thing.
pub const COLOURS: [&str; 8] = [
    "RED", "BLUE", "GREEN", "IVORY", "PINK", "BLACK", "YELLOW", "SILVER",
];
/// See [`COLOURS`].
pub const MATERIALS: [&str; 6] = ["WOODEN", "GLASS", "CERAMIC", "FELT", "TIN", "COTTON"];
/// See [`COLOURS`].
#[rustfmt::skip]
pub const THINGS: [&str; 12] = [
    "LANTERN", "MUG", "LUNCH BAG", "PHOTO FRAME", "CAKE STAND", "CUSHION COVER", "DOORMAT",
    "TEA TOWEL", "CANDLE HOLDER", "BIRD FEEDER", "STORAGE JAR", "WALL CLOCK",
];
