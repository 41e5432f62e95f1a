//! Which offer a person gets next, and why none: each rule on rows made for it.

use super::hand_made::HandMade;

const AS_OF: &str = "2026-01-01T00:00:00Z";

/// Tables that the SQL reads: name, columns of the texts, what they become, and rows where a test gives none.
const TABLES: [[&str; 4]; 8] = [
    ["profiles", "person_id email phone", "person_id, email, phone", "ann a@mail.example +61400000001"],
    [
        "consent_status",
        "person_id email sms profiling",
        "person_id, CAST(email AS BOOLEAN) AS email_marketing, CAST(sms AS BOOLEAN) AS sms_marketing,
         CAST(profiling AS BOOLEAN) AS profiling",
        "ann true true true",
    ],
    ["audiences", "audience person_id", "audience, person_id", ""],
    ["orders", "person_id stock_code ts", "person_id, stock_code, CAST(ts AS TIMESTAMP) AS ts", ""],
    [
        "contacts",
        "person_id offer_id ts accepted",
        "person_id, offer_id, CAST(ts AS TIMESTAMP) AS ts, CAST(accepted AS BOOLEAN) AS accepted",
        "",
    ],
    ["recommendations", "person_id stock_code", "person_id, stock_code", ""],
    [
        "lifetime_value",
        "person_id alive",
        "person_id, CAST(alive AS DECIMAL(18, 4)) AS alive_probability",
        "",
    ],
    [
        "experiment_groups",
        "person_id experiment group_name",
        "person_id, experiment, group_name",
        "",
    ],
];

/// Columns of offers that most tests do not vary.
const HEADER: &str = "offer_id,channel,audience,stock_code,value,priority,cap_contacts,cap_days,valid_from,valid_to,updated_at";

/// An offer by e-mail to everybody, without an end.
fn plain(id: &str, value: &str) -> String {
    offer(id, "email,,", value, "2025-01-01 00:00:00,")
}

/// `about` is channel, audience and product.
fn offer(id: &str, about: &str, value: &str, valid: &str) -> String {
    format!("{id},{about},{value},1,2,10,{valid},2025-01-01 00:00:00")
}

/// `person rank offer reason expected_value` of every row, with these offers and rows instead of the usual ones.
async fn actions(offers: &[String], given: &[(&str, &str)]) -> Vec<String> {
    let offers = format!("{HEADER}\n{}\n", offers.join("\n"));
    let stock = "stock_code,on_hand,price,updated_at\n22423,0,1.000,2025-12-31 00:00:00\n";
    let mut made = HandMade::features(&["next_best_action"])
        .source("offers", Some(&offers))
        .source("inventory", Some(stock));
    for [name, header, columns, usual] in TABLES {
        let rows = given.iter().find(|(table, _)| *table == name);
        let rows = rows.map_or(usual, |(_, rows)| *rows);
        made = made.table(name, columns, &format!("{header}\n{rows}"));
    }
    let asked = "SELECT person_id, rank, COALESCE(offer_id, '-'), reason, COALESCE(CAST(expected_value AS VARCHAR), '-')
        FROM customer.next_best_action ORDER BY person_id, rank";
    let rows = made.run(AS_OF).await.texts(asked).await.into_iter();
    rows.map(|row| row.join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_made_while_it_is_valid() {
    let email = "email,,";
    let offers = [
        offer("begins", email, "20", "2026-01-01 00:00:00,"),
        offer("later", email, "20", "2026-01-01 00:00:01,"),
        offer(
            "ends",
            email,
            "20",
            "2025-01-01 00:00:00,2026-01-01 00:00:00",
        ),
        offer(
            "lasts",
            email,
            "10",
            "2025-01-01 00:00:00,2026-01-01 00:00:01",
        ),
    ];
    let expected = [
        "ann 1 begins for_everybody 1.0000",
        "ann 2 lasts for_everybody 0.5000",
    ];
    assert_eq!(actions(&offers, &[]).await, expected);
    let nothing = ["ann 1 - nothing_eligible -"];
    assert_eq!(actions(&offers[1..3], &[]).await, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_for_its_audience_and_for_whom_its_product_is_new() {
    let since = "2025-01-01 00:00:00,";
    let offers = [
        offer("fans", "email,champions,", "10", since),
        offer("cup", "email,,71053", "10", since),
        offer("gone", "email,,22423", "10", since),
    ];
    let persons = "
        ann a@mail.example -
        bob b@mail.example -
        cleo c@mail.example -
        dan d@mail.example -";
    let given = [
        ("profiles", persons),
        (
            "consent_status",
            "ann true - -\nbob true - -\ncleo true - -\ndan true - -",
        ),
        ("audiences", "champions ann\nwin_back bob\nchampions dan"),
        (
            "orders",
            "bob 71053 2025-12-31T23:00:00\ncleo 71053 2026-01-02T00:00:00\ndan 10000 2025-12-01T00:00:00",
        ),
        ("recommendations", "cleo 71053\nbob 71053"),
    ];
    let expected = [
        "ann 1 cup for_everybody 0.5000",
        "ann 2 fans in_audience 0.5000",
        "bob 1 - nothing_eligible -",
        "cleo 1 cup recommended 0.5000",
        "dan 1 cup for_everybody 0.5000",
        "dan 2 fans in_audience 0.5000",
    ];
    assert_eq!(actions(&offers, &given).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_takes_its_consent_and_a_way_to_reach_the_person() {
    let since = "2025-01-01 00:00:00,";
    let offers = [
        offer("mail", "email,,", "30", since),
        offer("text", "sms,,", "20", since),
        offer("page", "web,,", "10", since),
    ];
    let persons = "
        all a@mail.example +61400000001
        mute b@mail.example +61400000002
        never c@mail.example +61400000003
        poste d@mail.example -
        shut - -";
    let consents = "
        all true true true
        mute false - true
        poste false true false
        shut true true false";
    let given = [("profiles", persons), ("consent_status", consents)];
    let expected = [
        "all 1 mail for_everybody 1.5000",
        "all 2 text for_everybody 1.0000",
        "all 3 page for_everybody 0.5000",
        "mute 1 page for_everybody 0.5000",
        "never 1 - no_consent -",
        "poste 1 - no_consent -",
        "shut 1 - no_consent -",
    ];
    assert_eq!(actions(&offers, &given).await, expected);
}

/// Of 20 contacts 3 were accepted: 4 in 40. What comes after the instant is not known yet.
#[tokio::test(flavor = "multi_thread")]
async fn offers_are_ranked_by_what_they_promise() {
    let offers = ["b-new", "a-new", "known", "least", "tried"];
    let values = ["10", "10", "6", "1", "12"];
    let mut offers: Vec<String> = offers
        .iter()
        .zip(values)
        .map(|(id, value)| plain(id, value))
        .collect();
    offers[0] = offers[0].replace(",10,1,2,10,", ",10,0,2,10,");
    let contacts: Vec<String> = (1..=20)
        .map(|day| {
            format!(
                "- known 2025-11-{day:02}T00:00:00 {}\nzoe tried 2025-11-{day:02}T00:00:00 -",
                day <= 3
            )
        })
        .chain(["- known 2026-01-02T00:00:00 true".to_owned()])
        .collect();
    let given = [
        ("contacts", contacts.join("\n")),
        ("lifetime_value", "ann 0.5".to_owned()),
    ];
    let given = given.each_ref().map(|(name, rows)| (*name, rows.as_str()));
    let expected = [
        "ann 1 known for_everybody 0.3000",
        "ann 2 b-new for_everybody 0.2500",
        "ann 3 a-new for_everybody 0.2500",
    ];
    assert_eq!(actions(&offers, &given).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_of_an_offer_only_so_often() {
    let offers = [plain("first", "20"), plain("second", "10")];
    let contacts = "
        ann first 2025-12-22T00:01:00 false
        ann first 2025-12-31T00:00:00 false";
    let expected = ["ann 1 second for_everybody 0.5000"];
    assert_eq!(actions(&offers, &[("contacts", contacts)]).await, expected);
    let capped = ["ann 1 - offer_capped -"];
    assert_eq!(
        actions(&offers[..1], &[("contacts", contacts)]).await,
        capped
    );
    let long_ago = contacts.replace("12-22T00:01:00", "12-22T00:00:00");
    let told = actions(&offers[..1], &[("contacts", &long_ago)]).await;
    assert_eq!(told, ["ann 1 first for_everybody 0.9091"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_contacts_in_30_days_are_enough_whatever_they_were_about() {
    let contacts = "
        ann other 2025-12-02T00:01:00 -
        ann another 2025-12-20T00:00:00 -
        ann plain 2025-12-31T00:00:00 -";
    let offers = [plain("plain", "20")];
    let pressed = actions(&offers, &[("contacts", contacts)]).await;
    assert_eq!(pressed, ["ann 1 - contact_pressure -"]);
    let long_ago = contacts.replace("12-02T00:01:00", "12-02T00:00:00");
    let told = actions(&offers, &[("contacts", &long_ago)]).await;
    assert_eq!(told, ["ann 1 plain for_everybody 0.9524"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_held_out_would_have_got_an_offer() {
    let persons = "ann a@mail.example -\nbob b@mail.example -\ncleo - -\ndan d@mail.example -";
    let groups = "
        ann next_best_action hold_out
        bob next_best_action addressed
        bob another hold_out
        cleo next_best_action hold_out";
    let given = [
        ("profiles", persons),
        (
            "consent_status",
            "ann true - -\nbob true - -\ncleo true - -\ndan true - -",
        ),
        ("experiment_groups", groups),
    ];
    let expected = [
        "ann 1 - hold_out -",
        "bob 1 plain for_everybody 1.0000",
        "cleo 1 - no_consent -",
        "dan 1 plain for_everybody 1.0000",
    ];
    assert_eq!(actions(&[plain("plain", "20")], &given).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_offers_are_enough() {
    let offers = ["a", "b", "c", "d"].map(|id| plain(id, "20"));
    assert_eq!(actions(&offers, &[]).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_offers_there_is_nothing_to_do_for_anybody() {
    assert_eq!(actions(&[], &[]).await, ["ann 1 - nothing_eligible -"]);
}
