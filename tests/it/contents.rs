//! Every type of message: built, validated, sent through both clients, and accepted by the sandbox, which follows
//! only the documents.
use crate::rig::{Naps, real};
use d360::{
    ApiKey, Config, RateLimit,
    model::{
        Audio, Document, Findings, Image, Interactive, Message, Reaction, Recipient, Sticker, Template,
        Video,
        interactive::{Card, Flow, ReplyButton, Row, Section},
        template::{Currency, TemplateCard, TemplateComponent, TemplateParameter},
    },
};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};

fn to() -> Recipient {
    "+16505551234".parse().unwrap()
}

fn buttons(count: usize) -> Vec<ReplyButton> {
    (0..count).map(|i| ReplyButton::new(format!("id {i}"), format!("Button {i}"))).collect()
}

fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|i| Row::new(format!("id {i}"), "Row").description("more")).collect()
}

fn interactive(interactive: Interactive) -> Message {
    Message::interactive(to(), interactive)
}

/// One message of each type, with the ID of an uploaded file.
fn all(file: &str) -> Vec<Message> {
    let card = || Card::url(Image::link("https://example.org/a.png"), "Buy", "https://example.org/a");
    let mut money = Currency::default();
    (money.fallback_value, money.code, money.amount_1000) = ("$1".to_owned(), "USD".to_owned(), 1000);
    let template = Template::new("order_shipped", "en_US")
        .component(TemplateComponent::header().parameter(Document::id(file).filename("a.pdf")))
        .component(TemplateComponent::body().parameter("Barbara").parameter(money))
        .component(TemplateComponent::quick_reply(0, "payload"))
        .component(TemplateComponent::url(1, "order/7"))
        .component(TemplateComponent::copy_code(2, "SAVE10"))
        .component(TemplateComponent::carousel([
            TemplateCard::new(0).component(TemplateComponent::header().parameter(Image::id(file)))
        ]));
    vec![
        Message::text(to(), "Hello"),
        Message::image(to(), Image::link("https://example.org/a.png").caption("A")),
        Message::video(to(), Video::id(file).caption("A")),
        Message::audio(to(), Audio::id(file).voice(true)),
        Message::document(to(), Document::id(file).caption("A").filename("a.pdf")),
        Message::sticker(to(), Sticker::id(file)),
        Message::reaction(to(), Reaction::new("wamid.x", "👨‍👩‍👧‍👦")),
        Message::reaction(to(), Reaction::remove("wamid.x")),
        Message::template(to(), template),
        interactive(Interactive::buttons("Well?", buttons(3)).header(Video::id(file)).footer("small")),
        interactive(Interactive::list("Well?", "Choose", [Section::new("A", rows(10))]).header("Header")),
        interactive(Interactive::cta_url("Look", "Open", "https://example.org")),
        interactive(Interactive::location_request("Where are you?")),
        interactive(Interactive::contact_request("Who are you?")),
        interactive(Interactive::product("1", "2").body("This")),
        interactive(Interactive::product_list("Ours", "These", "1", [Section::products("A", ["2", "3"])])),
        interactive(Interactive::catalog("All")),
        interactive(Interactive::flow("Sign up", Flow::new("1", "Begin").flow_token("t"))),
        interactive(Interactive::address("Where to?", "IN")),
        interactive(Interactive::carousel("These", [card(), card()])),
        interactive(Interactive::carousel(
            "These",
            (0..2).map(|_| Card::replies(Image::id(file), buttons(2))),
        )),
        interactive(Interactive::carousel("These", [Card::product("1", "2"), Card::product("1", "3")])),
    ]
}

#[test]
fn every_type_is_sent_and_accepted() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let file = sandbox.store_media("image/png", *b"png");
    let config = Config::new(ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    for (who, client) in real(&config.rate_limit(RateLimit::off()), &Naps::default()) {
        for message in all(&file) {
            assert_eq!(message.validate(), Findings::new(), "{message:?}");
            let sent =
                client.send(message.clone()).unwrap_or_else(|error| panic!("{who}: {error}\n{message:?}"));
            assert!(sent.message_id().is_some());
            let taken = sandbox.messages().pop().unwrap();
            assert_eq!(serde_json::to_value(&message).unwrap(), taken, "{who}");
            let (again, _) = Message::from_json(taken.to_string().as_bytes()).unwrap();
            assert_eq!(again, message);
        }
    }
}

/// A template may be sent while the window is closed; other messages may not.
#[test]
fn a_template_needs_no_window() {
    let sandbox = Sandbox::start().unwrap();
    let config = Config::new(ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    for (_, client) in real(&config, &Naps::default()) {
        client.send(Message::template(to(), Template::new("hello_world", "en_US"))).unwrap();
        assert!(client.send(Message::text(to(), "x")).unwrap_err().api().unwrap().is_reengagement());
    }
}

#[test]
fn unknown_types_are_sent_unchanged() {
    let message = Message::raw(to(), "hologram", json!({"beams": 3}));
    let body = serde_json::to_value(&message).unwrap();
    assert_eq!((&body["type"], &body["hologram"]), (&json!("hologram"), &json!({"beams": 3})));
    assert!(!format!("{:?}", Message::raw(to(), "x", json!({"a": "16505551234"}))).contains("16505551234"));
}

fn errors(message: &Message) -> Vec<String> {
    message.validate().errors().map(|finding| finding.path.clone()).collect()
}

#[test]
fn limits_are_checked_in_characters_and_with_paths() {
    let long = |count: usize| "é".repeat(count);
    let list = |sections: Vec<Section>| interactive(Interactive::list("x", "y", sections));
    let url = |label: &str, url: &str| interactive(Interactive::cta_url("x", label, url));
    let carousel = |cards: Vec<Card>| interactive(Interactive::carousel("x", cards));
    let card = || Card::product("1", "2");
    for (message, expected) in [
        (Message::image(to(), Image::id("1").caption(long(1024))), vec![]),
        (Message::image(to(), Image::id("1").caption(long(1025))), vec!["image.caption"]),
        (Message::image(to(), Image::link("ftp://x")), vec!["image.link"]),
        (Message::video(to(), Video::id("")), vec!["video.id"]),
        (Message::reaction(to(), Reaction::new("", "x")), vec!["reaction.message_id", "reaction.emoji"]),
        (Message::reaction(to(), Reaction::new("wamid.x", "👍🏽")), vec![]),
        (Message::reaction(to(), Reaction::new("wamid.x", "👍")).reply_to("wamid.y"), vec!["context"]),
        (Message::template(to(), Template::new("", "")), vec!["template.name", "template.language.code"]),
        (interactive(Interactive::buttons("x", buttons(4))), vec!["interactive.action.buttons"]),
        (interactive(Interactive::buttons("x", [])), vec!["interactive.action.buttons"]),
        (
            interactive(Interactive::buttons(
                long(1025),
                [ReplyButton::new("a", long(21)), ReplyButton::new("a", "")],
            )),
            vec![
                "interactive.body.text",
                "interactive.action.buttons[0].reply.title",
                "interactive.action.buttons[1].reply.title",
                "interactive.action.buttons[1].reply.id",
            ],
        ),
        (interactive(Interactive::list(long(4096), long(20), [Section::new(long(24), rows(1))])), vec![]),
        (list(vec![Section::new("a", rows(11))]), vec!["interactive.action.sections"]),
        (
            list(vec![Section::default().row(Row::new("a", "a")), Section::new("b", [Row::new("z", "z")])]),
            vec!["interactive.action.sections[0].title"],
        ),
        (
            list(vec![Section::new("a", [Row::new(long(201), long(25)).description(long(73))])]),
            vec![
                "interactive.action.sections[0].rows[0].id",
                "interactive.action.sections[0].rows[0].title",
                "interactive.action.sections[0].rows[0].description",
            ],
        ),
        (
            url(&long(21), "example.org"),
            vec!["interactive.action.parameters.display_text", "interactive.action.parameters.url"],
        ),
        (
            interactive(Interactive::flow("x", Flow::new("1", "Go").flow_name("n"))),
            vec!["interactive.action.parameters.flow_name"],
        ),
        (
            interactive(Interactive::product_list("", "x", "1", [Section::products("a", ["1"])])),
            vec!["interactive.header.text"],
        ),
        (carousel(vec![card()]), vec!["interactive.action.cards"]),
        (
            carousel(vec![card(), Card::url(Image::id("1"), "x", "https://x.example")]),
            vec!["interactive.action.cards[1]"],
        ),
        (carousel(vec![card(), card()]), vec![]),
        (
            list(vec![Section::new("a", [])]),
            vec!["interactive.action.sections", "interactive.action.sections[0].rows"],
        ),
        (Message::reaction(to(), Reaction::new(long(129), "👍")), vec!["reaction.message_id"]),
        (
            Message::template(
                to(),
                Template::new("a", "en")
                    .component(TemplateComponent::quick_reply(0, long(129)))
                    .component(TemplateComponent::copy_code(1, long(16))),
            ),
            vec![
                "template.components[0].parameters[0].payload",
                "template.components[1].parameters[0].coupon_code",
            ],
        ),
    ] {
        assert_eq!(errors(&message), expected, "{message:?}");
    }
    let mut single = TemplateComponent::quick_reply(0, "x");
    single.index = None;
    let template = Template::new("a", "en").component(single);
    assert_eq!(errors(&Message::template(to(), template)), ["template.components[0].index"]);
    let mut empty = TemplateParameter::from("x");
    empty.text = None;
    let template = Template::new("a", "en").component(TemplateComponent::body().parameter(empty));
    assert_eq!(errors(&Message::template(to(), template)), ["template.components[0].parameters[0].text"]);
}

/// Errors in JSON written by people or programs are reported with their path.
#[test]
fn json_errors_name_their_path() {
    let problems = |kind: &str, content: Value| {
        let body = json!({"to": "+16505551234", "type": kind, kind: content});
        let invalid = Message::from_json(body.to_string().as_bytes()).unwrap_err();
        invalid.findings().errors().map(|finding| finding.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(problems("image", json!({"id": "1", "link": "https://x.example"})), ["image.link"]);
    assert_eq!(problems("image", json!({})), ["image.id"]);
    assert_eq!(problems("image", json!({"id": "1", "filename": "x"})), ["image.filename"]);
    assert_eq!(problems("reaction", json!({"message_id": 1, "emoji": "👍"})), ["reaction.message_id"]);
    assert_eq!(
        problems("interactive", json!({"type": "button", "body": {"text": "x"}, "action": {"button": []}})),
        ["interactive.action.button", "interactive.action.buttons"]
    );
    assert_eq!(
        problems(
            "template",
            json!({"name": "a", "language": "en", "components": [{"type": "button", "index": "x"}]})
        ),
        ["template.language", "template.components[0].index", "template.components[0].sub_type"]
    );
}
