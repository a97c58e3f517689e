//! Interactive messages: buttons, lists, products, flows and the rest.
mod check;

pub use crate::enums::{HeaderType, InteractiveType};
use crate::message::media::{Document, Image, Video};
use crate::wire_struct;
use serde_json::{Map, Value};

wire_struct! {
    /// An interactive message. Its constructors are named after what it does.
    ///
    /// ```
    /// use d360_model::{Interactive, Message, interactive::ReplyButton};
    /// let question = Interactive::buttons("Shall we deliver?", [ReplyButton::new("yes", "Yes"), ReplyButton::new("no", "No")]);
    /// let message = Message::interactive("+16505551234", question);
    /// assert!(message.validate().is_empty());
    /// ```
    pub struct Interactive {
        req {
            /// What it does.
            kind: InteractiveType = "type",
            /// With what.
            action: Action = "action",
        }
        opt {
            /// What stands above the text.
            header: Header = "header" [unless_empty],
            /// The text: up to 1,024 characters, 4,096 in a list.
            body: InteractiveText = "body",
            /// Small text below, up to 60 characters.
            footer: InteractiveText = "footer" [unless_empty],
        }
    }
}

wire_struct! {
    /// Text of an interactive message.
    pub struct InteractiveText {
        req {
            /// The text.
            text: String = "text",
        }
    }
}

impl<T: Into<String>> From<T> for InteractiveText {
    fn from(text: T) -> Self {
        Self { text: text.into() }
    }
}

wire_struct! {
    /// What stands above the text of an interactive message.
    pub struct Header {
        req {
            /// What it is.
            kind: HeaderType = "type",
        }
        opt {
            /// Text, up to 60 characters.
            text: String = "text" [unless_empty],
            /// An image.
            image: Image = "image" [unless_empty],
            /// A video.
            video: Video = "video" [unless_empty],
            /// A document.
            document: Document = "document" [unless_empty],
        }
    }
}

impl From<&str> for Header {
    fn from(text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..Self::of(HeaderType::Text) }
    }
}

macro_rules! header_of {
    ($($ty:ident $field:ident),+) => {$(
        impl From<$ty> for Header {
            fn from($field: $ty) -> Self {
                Self { $field: Some($field), ..Self::of(HeaderType::$ty) }
            }
        }
    )+};
}
header_of!(Image image, Video video, Document document);

impl Header {
    fn of(kind: HeaderType) -> Self {
        Self { kind, ..Self::default() }
    }
}

wire_struct! {
    /// With what an interactive message does what it does. Which properties belong there the message's kind says.
    pub struct Action {
        opt {
            /// The name of the action, where the kind has one.
            name: String = "name",
            /// What the action needs, as the documents have it.
            parameters: Map<String, Value> = "parameters",
            /// The label of a list's button, up to 20 characters.
            button: String = "button",
            /// The catalog.
            catalog_id: String = "catalog_id",
            /// The product's id in the catalog.
            product_retailer_id: String = "product_retailer_id",
        }
        many {
            /// 1 to 3 buttons.
            buttons: ReplyButton = "buttons", by add_button,
            /// 1 to 10 sections of a list or of products.
            sections: Section = "sections", by section,
            /// 2 to 10 cards.
            cards: Card = "cards", by card,
        }
    }
}

wire_struct! {
    /// A button that answers.
    pub struct ReplyButton {
        req {
            /// `reply`, and in a carousel `quick_reply`.
            kind: String = "type",
        }
        opt {
            /// What it says and sends back.
            reply: Reply = "reply",
            /// The same, in a carousel.
            quick_reply: Reply = "quick_reply",
        }
    }
}

wire_struct! {
    /// What a button says, and what it sends back.
    pub struct Reply {
        req {
            /// What comes back when it is tapped, up to 256 characters.
            id: String = "id",
            /// What it says, up to 20 characters.
            title: String = "title",
        }
    }
}

impl ReplyButton {
    /// A button that says `title` and sends `id` back.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        let reply = Reply { id: id.into(), title: title.into() };
        Self { kind: "reply".to_owned(), reply: Some(reply), quick_reply: None }
    }
    fn text(&self) -> Option<&Reply> {
        self.reply.as_ref().or(self.quick_reply.as_ref())
    }
}

wire_struct! {
    /// A part of a list.
    pub struct Section {
        opt {
            /// Its title, up to 24 characters; needed where there is more than one section.
            title: String = "title",
        }
        many {
            /// What can be chosen: at most 10 in all sections.
            rows: Row = "rows", by row,
            /// Products: at most 30 in all sections.
            product_items: ProductItem = "product_items", by product,
        }
    }
}

impl Section {
    /// A section of rows.
    pub fn new(title: impl Into<String>, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { title: Some(title.into()), rows: rows.into_iter().collect(), ..Self::default() }
    }
    /// A section of products, by their ids in the catalog.
    pub fn products<T: Into<String>>(
        title: impl Into<String>,
        products: impl IntoIterator<Item = T>,
    ) -> Self {
        let items = products.into_iter().map(|id| ProductItem { product_retailer_id: id.into() });
        Self { title: Some(title.into()), product_items: items.collect(), ..Self::default() }
    }
}

wire_struct! {
    /// What can be chosen from a list.
    pub struct Row {
        req {
            /// What comes back when it is chosen, up to 200 characters.
            id: String = "id",
            /// What it says, up to 24 characters.
            title: String = "title",
        }
        opt {
            /// More about it, up to 72 characters.
            description: String = "description",
        }
    }
}

impl Row {
    /// A row that says `title` and sends `id` back.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), description: None }
    }
}

wire_struct! {
    /// A product of a catalog.
    pub struct ProductItem {
        req {
            /// Its id in the catalog.
            product_retailer_id: String = "product_retailer_id",
        }
    }
}

wire_struct! {
    /// A card of a carousel.
    pub struct Card {
        req {
            /// Which card, from 0.
            card_index: i64 = "card_index",
        }
        opt {
            /// `cta_url` where a button opens a URL, `product` where it shows one.
            kind: String = "type",
            /// An image or a video; the same kind on every card.
            header: Header = "header",
            /// Text, up to 160 characters.
            body: InteractiveText = "body",
            /// Its button or buttons.
            action: Action = "action",
        }
    }
}

impl Card {
    /// A card with a picture and a button that opens a URL. Its place is set when it is put into a carousel.
    pub fn url(header: impl Into<Header>, label: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            card_index: 0,
            kind: Some("cta_url".to_owned()),
            header: Some(header.into()),
            body: None,
            action: Some(Action::cta(label, url)),
        }
    }
    /// A card with a picture and buttons that answer.
    pub fn replies(header: impl Into<Header>, buttons: impl IntoIterator<Item = ReplyButton>) -> Self {
        let quick = |button: ReplyButton| ReplyButton {
            kind: "quick_reply".to_owned(),
            quick_reply: button.reply.or(button.quick_reply),
            reply: None,
        };
        let buttons = buttons.into_iter().map(quick).collect();
        Self {
            card_index: 0,
            kind: None,
            header: Some(header.into()),
            body: None,
            action: Some(Action { buttons, ..Action::default() }),
        }
    }
    /// A product of a catalog.
    pub fn product(catalog: impl Into<String>, product: impl Into<String>) -> Self {
        Self {
            card_index: 0,
            kind: Some("product".to_owned()),
            header: None,
            body: None,
            action: Some(Action::default().catalog_id(catalog).product_retailer_id(product)),
        }
    }
}

wire_struct! {
    /// A flow to start.
    pub struct Flow {
        opt {
            /// Its id; or else its name.
            flow_id: String = "flow_id",
            /// Its name.
            flow_name: String = "flow_name",
            /// The label of the button, up to 30 characters, no emoji. (Older pages say 20.)
            flow_cta: String = "flow_cta",
            /// What tells this conversation from others; comes back with the answer.
            flow_token: String = "flow_token",
            /// `navigate`, or `data_exchange`.
            flow_action: String = "flow_action",
            /// For `navigate`: `screen`, and `data` for it.
            flow_action_payload: Map<String, Value> = "flow_action_payload",
            /// `draft` for one that is not published yet.
            mode: String = "mode",
            /// `3`.
            flow_message_version: String = "flow_message_version",
        }
    }
}

impl Flow {
    /// A flow by its id, and what its button says.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self::default().flow_id(id).flow_cta(label).flow_message_version("3")
    }
    fn into_parameters(self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            // A struct of texts is an object.
            _ => Map::new(),
        }
    }
}

fn parameters<const N: usize>(pairs: [(&str, String); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

impl Action {
    fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }
    fn cta(label: impl Into<String>, url: impl Into<String>) -> Self {
        Self::named("cta_url").parameters(parameters([("display_text", label.into()), ("url", url.into())]))
    }
}

impl Interactive {
    /// One of a kind, with an action, for what has no constructor of its own.
    #[must_use]
    pub fn new(kind: InteractiveType, action: Action) -> Self {
        Self { kind, action, header: None, body: None, footer: None }
    }
    fn with_body(kind: InteractiveType, body: impl Into<InteractiveText>, action: Action) -> Self {
        Self { body: Some(body.into()), ..Self::new(kind, action) }
    }
    /// Up to three buttons that answer.
    pub fn buttons(body: impl Into<InteractiveText>, buttons: impl IntoIterator<Item = ReplyButton>) -> Self {
        let action = Action { buttons: buttons.into_iter().collect(), ..Action::default() };
        Self::with_body(InteractiveType::Button, body, action)
    }
    /// A button, labelled `button`, that opens a list to choose from.
    pub fn list(
        body: impl Into<InteractiveText>,
        button: impl Into<String>,
        sections: impl IntoIterator<Item = Section>,
    ) -> Self {
        let action = Action { sections: sections.into_iter().collect(), ..Action::default() }.button(button);
        Self::with_body(InteractiveType::List, body, action)
    }
    /// A button, labelled `label`, that opens a URL.
    pub fn cta_url(
        body: impl Into<InteractiveText>,
        label: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        Self::with_body(InteractiveType::CtaUrl, body, Action::cta(label, url))
    }
    /// Asks for the user's place, which comes back as a location message.
    pub fn location_request(body: impl Into<InteractiveText>) -> Self {
        Self::with_body(InteractiveType::LocationRequest, body, Action::named("send_location"))
    }
    /// Asks for the user's contact card, which comes back as a contacts message with `origin` `contact_request` (since July
    /// 2026).
    pub fn contact_request(body: impl Into<InteractiveText>) -> Self {
        Self::with_body(InteractiveType::ContactRequest, body, Action::named("request_contact_info"))
    }
    /// A product of a catalog. A body may be added.
    pub fn product(catalog: impl Into<String>, product: impl Into<String>) -> Self {
        let action = Action::default().catalog_id(catalog).product_retailer_id(product);
        Self::new(InteractiveType::Product, action)
    }
    /// Up to 30 products of a catalog, under a header.
    pub fn product_list(
        header: &str,
        body: impl Into<InteractiveText>,
        catalog: impl Into<String>,
        sections: impl IntoIterator<Item = Section>,
    ) -> Self {
        let action = Action { sections: sections.into_iter().collect(), ..Action::default() };
        Self::with_body(InteractiveType::ProductList, body, action.catalog_id(catalog)).header(header)
    }
    /// The catalog, which the business has linked to its number.
    pub fn catalog(body: impl Into<InteractiveText>) -> Self {
        Self::with_body(InteractiveType::Catalog, body, Action::named("catalog_message"))
    }
    /// Starts a flow.
    pub fn flow(body: impl Into<InteractiveText>, flow: Flow) -> Self {
        let action = Action::named("flow").parameters(flow.into_parameters());
        Self::with_body(InteractiveType::Flow, body, action)
    }
    /// Asks for an address in `country`, such as `IN`. More parameters (`values`, `saved_addresses`) go into the action.
    pub fn address(body: impl Into<InteractiveText>, country: impl Into<String>) -> Self {
        let action = Action::named("address_message").parameters(parameters([("country", country.into())]));
        Self::with_body(InteractiveType::Address, body, action)
    }
    /// 2 to 10 cards side by side, in the order given.
    pub fn carousel(body: impl Into<InteractiveText>, cards: impl IntoIterator<Item = Card>) -> Self {
        let cards = (0..).zip(cards).map(|(card_index, card)| Card { card_index, ..card }).collect();
        Self::with_body(InteractiveType::Carousel, body, Action { cards, ..Action::default() })
    }
}
