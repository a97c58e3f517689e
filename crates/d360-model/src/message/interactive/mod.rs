//! Interactive messages: buttons, lists, products, flows and others.
mod check;

pub use crate::enums::{HeaderType, InteractiveType};
use crate::message::media::{Document, Image, Video};
use crate::wire_struct;
use serde_json::{Map, Value};

wire_struct! {
    /// An interactive message. The constructors are named after its purpose.
    ///
    /// ```
    /// use d360_model::{Interactive, Message, interactive::ReplyButton};
    /// let question = Interactive::buttons("Shall we deliver?", [ReplyButton::new("yes", "Yes"), ReplyButton::new("no", "No")]);
    /// let message = Message::interactive("+16505551234", question);
    /// assert!(message.validate().is_empty());
    /// ```
    pub struct Interactive {
        req {
            /// The type.
            kind: InteractiveType = "type",
            /// The action.
            action: Action = "action",
        }
        opt {
            /// The header above the text.
            header: Header = "header" [unless_empty],
            /// The text, up to 1,024 characters, or 4,096 in a list.
            body: InteractiveText = "body",
            /// The small text below, up to 60 characters.
            footer: InteractiveText = "footer" [unless_empty],
        }
    }
}

wire_struct! {
    /// A text of an interactive message.
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
    /// The header of an interactive message.
    pub struct Header {
        req {
            /// The kind.
            kind: HeaderType = "type",
        }
        opt {
            /// A text of up to 60 characters.
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
    /// The action of an interactive message. The message's type determines which properties it has.
    pub struct Action {
        opt {
            /// The name of the action, if the type has one.
            name: String = "name",
            /// The documented parameters of the action.
            parameters: Map<String, Value> = "parameters",
            /// The label of a list's button, up to 20 characters.
            button: String = "button",
            /// The catalog.
            catalog_id: String = "catalog_id",
            /// The ID of the product in the catalog.
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
    /// A reply button.
    pub struct ReplyButton {
        req {
            /// `reply`, or `quick_reply` in a carousel.
            kind: String = "type",
        }
        opt {
            /// The label and the ID.
            reply: Reply = "reply",
            /// The same, in a carousel.
            quick_reply: Reply = "quick_reply",
        }
    }
}

wire_struct! {
    /// The label and the ID of a button.
    pub struct Reply {
        req {
            /// The ID that is returned when the button is tapped, up to 256 characters.
            id: String = "id",
            /// The label, up to 20 characters.
            title: String = "title",
        }
    }
}

impl ReplyButton {
    /// Creates a button with the label `title` that returns `id`.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        let reply = Reply { id: id.into(), title: title.into() };
        Self { kind: "reply".to_owned(), reply: Some(reply), quick_reply: None }
    }
    fn text(&self) -> Option<&Reply> {
        self.reply.as_ref().or(self.quick_reply.as_ref())
    }
}

wire_struct! {
    /// A section of a list.
    pub struct Section {
        opt {
            /// The title, up to 24 characters; required if there are several sections.
            title: String = "title",
        }
        many {
            /// The rows: at most 10 in all sections.
            rows: Row = "rows", by row,
            /// The products: at most 30 in all sections.
            product_items: ProductItem = "product_items", by product,
        }
    }
}

impl Section {
    /// Creates a section of rows.
    pub fn new(title: impl Into<String>, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { title: Some(title.into()), rows: rows.into_iter().collect(), ..Self::default() }
    }
    /// Creates a section of products, by their IDs in the catalog.
    pub fn products<T: Into<String>>(
        title: impl Into<String>,
        products: impl IntoIterator<Item = T>,
    ) -> Self {
        let items = products.into_iter().map(|id| ProductItem { product_retailer_id: id.into() });
        Self { title: Some(title.into()), product_items: items.collect(), ..Self::default() }
    }
}

wire_struct! {
    /// A row of a list.
    pub struct Row {
        req {
            /// The ID that is returned when the row is chosen, up to 200 characters.
            id: String = "id",
            /// The label, up to 24 characters.
            title: String = "title",
        }
        opt {
            /// The description, up to 72 characters.
            description: String = "description",
        }
    }
}

impl Row {
    /// Creates a row with the label `title` that returns `id`.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), description: None }
    }
}

wire_struct! {
    /// A product of a catalog.
    pub struct ProductItem {
        req {
            /// The ID in the catalog.
            product_retailer_id: String = "product_retailer_id",
        }
    }
}

wire_struct! {
    /// A card of a carousel.
    pub struct Card {
        req {
            /// The number of the card, from 0.
            card_index: i64 = "card_index",
        }
        opt {
            /// `cta_url` if a button opens a URL, `product` if the card shows a product.
            kind: String = "type",
            /// An image or a video; the same kind on every card.
            header: Header = "header",
            /// The text, up to 160 characters.
            body: InteractiveText = "body",
            /// The button or buttons.
            action: Action = "action",
        }
    }
}

impl Card {
    /// Creates a card with a picture and a button that opens a URL. Its number is set when it is added to a carousel.
    pub fn url(header: impl Into<Header>, label: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            card_index: 0,
            kind: Some("cta_url".to_owned()),
            header: Some(header.into()),
            body: None,
            action: Some(Action::cta(label, url)),
        }
    }
    /// Creates a card with a picture and reply buttons.
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
    /// Creates a card with a product of a catalog.
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
    /// A flow.
    pub struct Flow {
        opt {
            /// The ID; alternatively the name.
            flow_id: String = "flow_id",
            /// The name.
            flow_name: String = "flow_name",
            /// The label of the button, up to 30 characters, no emoji. Older pages say 20.
            flow_cta: String = "flow_cta",
            /// A token that identifies the conversation and is returned with the answer.
            flow_token: String = "flow_token",
            /// `navigate` or `data_exchange`.
            flow_action: String = "flow_action",
            /// For `navigate`: `screen` and its `data`.
            flow_action_payload: Map<String, Value> = "flow_action_payload",
            /// `draft` for an unpublished flow.
            mode: String = "mode",
            /// `3`.
            flow_message_version: String = "flow_message_version",
        }
    }
}

impl Flow {
    /// Creates a flow by its ID, with the label of the button.
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
    /// Creates a message of a type with an action, for types without a constructor.
    #[must_use]
    pub fn new(kind: InteractiveType, action: Action) -> Self {
        Self { kind, action, header: None, body: None, footer: None }
    }
    fn with_body(kind: InteractiveType, body: impl Into<InteractiveText>, action: Action) -> Self {
        Self { body: Some(body.into()), ..Self::new(kind, action) }
    }
    /// Creates up to three reply buttons.
    pub fn buttons(body: impl Into<InteractiveText>, buttons: impl IntoIterator<Item = ReplyButton>) -> Self {
        let action = Action { buttons: buttons.into_iter().collect(), ..Action::default() };
        Self::with_body(InteractiveType::Button, body, action)
    }
    /// Creates a list that the button `button` opens.
    pub fn list(
        body: impl Into<InteractiveText>,
        button: impl Into<String>,
        sections: impl IntoIterator<Item = Section>,
    ) -> Self {
        let action = Action { sections: sections.into_iter().collect(), ..Action::default() }.button(button);
        Self::with_body(InteractiveType::List, body, action)
    }
    /// Creates a button with the label `label` that opens a URL.
    pub fn cta_url(
        body: impl Into<InteractiveText>,
        label: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        Self::with_body(InteractiveType::CtaUrl, body, Action::cta(label, url))
    }
    /// Asks for the user's location, which arrives as a location message.
    pub fn location_request(body: impl Into<InteractiveText>) -> Self {
        Self::with_body(InteractiveType::LocationRequest, body, Action::named("send_location"))
    }
    /// Asks for the user's contact, which arrives as a contacts message with `origin` `contact_request` (since July
    /// 2026).
    pub fn contact_request(body: impl Into<InteractiveText>) -> Self {
        Self::with_body(InteractiveType::ContactRequest, body, Action::named("request_contact_info"))
    }
    /// Shows a product of a catalog. A body is optional.
    pub fn product(catalog: impl Into<String>, product: impl Into<String>) -> Self {
        let action = Action::default().catalog_id(catalog).product_retailer_id(product);
        Self::new(InteractiveType::Product, action)
    }
    /// Shows up to 30 products of a catalog below a header.
    pub fn product_list(
        header: &str,
        body: impl Into<InteractiveText>,
        catalog: impl Into<String>,
        sections: impl IntoIterator<Item = Section>,
    ) -> Self {
        let action = Action { sections: sections.into_iter().collect(), ..Action::default() };
        Self::with_body(InteractiveType::ProductList, body, action.catalog_id(catalog)).header(header)
    }
    /// Shows the catalog that the business has linked to its number.
    pub fn catalog(body: impl Into<InteractiveText>) -> Self {
        Self::with_body(InteractiveType::Catalog, body, Action::named("catalog_message"))
    }
    /// Starts a flow.
    pub fn flow(body: impl Into<InteractiveText>, flow: Flow) -> Self {
        let action = Action::named("flow").parameters(flow.into_parameters());
        Self::with_body(InteractiveType::Flow, body, action)
    }
    /// Asks for an address in `country`, such as `IN`. Other parameters (`values`, `saved_addresses`) belong in the
    /// action.
    pub fn address(body: impl Into<InteractiveText>, country: impl Into<String>) -> Self {
        let action = Action::named("address_message").parameters(parameters([("country", country.into())]));
        Self::with_body(InteractiveType::Address, body, action)
    }
    /// Shows 2 to 10 cards side by side, in the order given.
    pub fn carousel(body: impl Into<InteractiveText>, cards: impl IntoIterator<Item = Card>) -> Self {
        let cards = (0..).zip(cards).map(|(card_index, card)| Card { card_index, ..card }).collect();
        Self::with_body(InteractiveType::Carousel, body, Action { cards, ..Action::default() })
    }
}
