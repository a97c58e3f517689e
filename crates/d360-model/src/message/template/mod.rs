//! Template messages, which need no open 24-hour window.
pub use crate::enums::{ButtonType, ComponentType, ParameterType};
use crate::message::{
    location::Location,
    media::{Document, Image, Video},
};
use crate::{
    wire::{FromJson, Reader},
    wire_struct,
};
use serde_json::{Map, Value};

mod check;
pub use crate::account::template::{
    Category, CreatedTemplate, NewTemplate, TemplateButton, TemplateInfo, TemplatePage, TemplatePart,
    TemplateStatus,
};
#[doc(hidden)]
pub use check::{There, check_text, check_values, value};

wire_struct! {
    /// The language of a template.
    pub struct Language {
        req {
            /// The code, such as `en_US`.
            code: String = "code",
        }
        opt {
            /// `deterministic` is the only one, and can be omitted.
            policy: String = "policy",
        }
    }
}

wire_struct! {
    /// A template message. Meta must have approved the template.
    ///
    /// ```
    /// use d360_model::{Image, Message, Template};
    /// let template = Template::new("order_shipped", "en_US")
    ///     .header_image(Image::link("https://example.com/parcel.jpg"))
    ///     .body(["Barbara", "A7"])          // {{1}}, {{2}}
    ///     .button_url(0, "orders/A7")       // the end of the button's URL
    ///     .button_quick_reply(1, "stop");   // comes back when the button is tapped
    /// assert!(Message::template("+16505551234", template).validate().is_empty());
    ///
    /// let named = Template::new("order_shipped_named", "en_US").body([("first_name", "Barbara"), ("order", "A7")]);
    /// assert!(Message::template("+16505551234", named).validate().is_empty());
    /// ```
    pub struct Template {
        req {
            /// The name.
            name: String = "name",
            /// The language.
            language: Language = "language",
        }
        many {
            /// The values of its placeholders.
            components: TemplateComponent = "components", by component,
        }
    }
}

wire_struct! {
    /// The values of a template component.
    pub struct TemplateComponent {
        req {
            /// The component.
            kind: ComponentType = "type",
        }
        opt {
            /// The type of the button.
            sub_type: ButtonType = "sub_type",
            /// The index of the button, from 0.
            index: ButtonIndex = "index",
        }
        many {
            /// The values, in the order of the placeholders or by their names.
            parameters: TemplateParameter = "parameters", by parameter,
            /// The cards of a carousel.
            cards: TemplateCard = "cards", by card,
        }
    }
}

wire_struct! {
    /// A card of a carousel template.
    pub struct TemplateCard {
        req {
            /// The number of the card, from 0.
            card_index: i64 = "card_index",
        }
        many {
            /// The values of its components.
            components: TemplateComponent = "components", by component,
        }
    }
}

wire_struct! {
    /// A value for a template. Its type determines which property contains it.
    pub struct TemplateParameter {
        req {
            /// The type.
            kind: ParameterType = "type",
        }
        opt {
            /// The name of the placeholder, if the placeholders have names.
            parameter_name: String = "parameter_name",
            /// Text.
            text: ParameterText = "text",
            /// An amount of money.
            currency: Currency = "currency",
            /// A date and time.
            date_time: DateTime = "date_time",
            /// An image.
            image: Image = "image" [unless_empty],
            /// A video.
            video: Video = "video" [unless_empty],
            /// A document.
            document: Document = "document" [unless_empty],
            /// A location.
            location: Location = "location",
            /// The payload that a quick reply returns, up to 128 characters.
            payload: String = "payload",
            /// The documented input of a flow or catalog button.
            action: Map<String, Value> = "action",
            /// A code to copy, up to 15 characters.
            coupon_code: String = "coupon_code",
            /// The expiry of an offer.
            limited_time_offer: LimitedTimeOffer = "limited_time_offer",
            /// A product of a catalog.
            product: TemplateProduct = "product",
        }
    }
}

wire_struct! {
    /// An amount of money, formatted for the recipient's country.
    pub struct Currency {
        req {
            /// The text that is shown if it cannot be localized.
            fallback_value: String = "fallback_value",
            /// The ISO 4217 code, such as `EUR`.
            code: String = "code",
            /// The amount times 1,000.
            amount_1000: i64 = "amount_1000",
        }
    }
}

wire_struct! {
    /// A date and time. Only the fallback is shown (2026).
    pub struct DateTime {
        req {
            /// The text that is shown.
            fallback_value: String = "fallback_value",
        }
        opt {
            /// 1 (Monday) to 7.
            day_of_week: i64 = "day_of_week",
            /// The year.
            year: i64 = "year",
            /// The month, 1 to 12.
            month: i64 = "month",
            /// The day, 1 to 31.
            day_of_month: i64 = "day_of_month",
            /// The hour, 0 to 23.
            hour: i64 = "hour",
            /// The minute, 0 to 59.
            minute: i64 = "minute",
            /// `GREGORIAN`.
            calendar: String = "calendar",
        }
    }
}

wire_struct! {
    /// The expiry of an offer.
    pub struct LimitedTimeOffer {
        req {
            /// Milliseconds since 1970.
            expiration_time_ms: i64 = "expiration_time_ms",
        }
    }
}

wire_struct! {
    /// A product of a catalog.
    pub struct TemplateProduct {
        req {
            /// The ID in the catalog.
            product_retailer_id: String = "product_retailer_id",
            /// The catalog.
            catalog_id: String = "catalog_id",
        }
    }
}

/// The index of a button, from 0. The documentation has text and numbers; a value is sent in the form in which it was
/// read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ButtonIndex {
    index: u8,
    as_number: bool,
}

impl From<u8> for ButtonIndex {
    fn from(index: u8) -> Self {
        Self { index, as_number: false }
    }
}

impl ButtonIndex {
    /// Returns the index.
    #[must_use]
    pub fn get(self) -> u8 {
        self.index
    }
}

impl serde::Serialize for ButtonIndex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.as_number { serializer.serialize_u8(self.index) } else { serializer.collect_str(&self.index) }
    }
}

impl FromJson for ButtonIndex {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let index = match value {
            Value::Number(number) => number.as_u64().and_then(|number| number.try_into().ok()),
            Value::String(text) => text.parse().ok(),
            other => return reader.mismatch("the index of a button", other),
        };
        if index.is_none() {
            reader.error("is not the index of a button, from 0");
        }
        Some(Self { index: index?, as_number: value.is_number() })
    }
}

/// The text of a parameter. One example of Meta has `true`, which is kept.
#[derive(Clone, PartialEq)]
pub struct ParameterText(Value);

impl ParameterText {
    /// Returns the text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
}

impl Default for ParameterText {
    fn default() -> Self {
        Self(Value::String(String::new()))
    }
}

impl std::fmt::Debug for ParameterText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::mask(&self.0.to_string()))
    }
}

impl<T: Into<String>> From<T> for ParameterText {
    fn from(text: T) -> Self {
        Self(Value::String(text.into()))
    }
}

impl serde::Serialize for ParameterText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl FromJson for ParameterText {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::String(_) => {}
            Value::Bool(_) | Value::Number(_) => reader.advise("is not text; it is sent unchanged"),
            other => return reader.mismatch("a string", other),
        }
        Some(Self(value.clone()))
    }
}

impl Template {
    /// Creates a message with a template by its name, in a language such as `en_US`.
    pub fn new(name: impl Into<String>, language: impl Into<String>) -> Self {
        let language = Language { code: language.into(), policy: None };
        Self { name: name.into(), language, components: Vec::new() }
    }
    /// Adds a value of the header: a text, or any [`TemplateParameter`].
    pub fn header(self, value: impl Into<TemplateParameter>) -> Self {
        self.component(TemplateComponent::header().parameter(value))
    }
    /// Sets the header's image.
    pub fn header_image(self, image: Image) -> Self {
        self.header(image)
    }
    /// Sets the header's video.
    pub fn header_video(self, video: Video) -> Self {
        self.header(video)
    }
    /// Sets the header's document.
    pub fn header_document(self, document: Document) -> Self {
        self.header(document)
    }
    /// Sets the header's location.
    pub fn header_location(self, location: Location) -> Self {
        self.header(location)
    }
    /// Sets the values of the body: texts in the order of its placeholders, or pairs of a placeholder's name and its text.
    pub fn body(self, values: impl IntoIterator<Item = impl Into<TemplateParameter>>) -> Self {
        let body = TemplateComponent::body();
        self.component(values.into_iter().fold(body, |body, value| body.parameter(value)))
    }
    /// Sets the end of the URL that the button at `index`, from 0, opens.
    pub fn button_url(self, index: u8, end: impl Into<String>) -> Self {
        self.component(TemplateComponent::url(index, end))
    }
    /// Sets the payload that the quick reply button at `index`, from 0, returns; up to 128 characters.
    pub fn button_quick_reply(self, index: u8, payload: impl Into<String>) -> Self {
        self.component(TemplateComponent::quick_reply(index, payload))
    }
    /// Sets the code that the button at `index`, from 0, copies; up to 15 characters.
    pub fn button_copy_code(self, index: u8, code: impl Into<String>) -> Self {
        self.component(TemplateComponent::copy_code(index, code))
    }
    /// Adds a carousel of cards.
    pub fn carousel(self, cards: impl IntoIterator<Item = TemplateCard>) -> Self {
        self.component(TemplateComponent::carousel(cards))
    }
}

impl TemplateComponent {
    fn new(kind: ComponentType) -> Self {
        Self { kind, ..Self::default() }
    }
    fn button(sub_type: ButtonType, index: u8) -> Self {
        Self::new(ComponentType::Button).sub_type(sub_type).index(index)
    }
    /// Creates the values of the header.
    #[must_use]
    pub fn header() -> Self {
        Self::new(ComponentType::Header)
    }
    /// Creates the values of the body.
    #[must_use]
    pub fn body() -> Self {
        Self::new(ComponentType::Body)
    }
    /// Creates the payload of the quick reply at `index`.
    pub fn quick_reply(index: u8, payload: impl Into<String>) -> Self {
        let payload = TemplateParameter::new(ParameterType::Payload).payload(payload);
        Self::button(ButtonType::QuickReply, index).parameter(payload)
    }
    /// Creates the end of the URL of the button at `index`.
    pub fn url(index: u8, end: impl Into<String>) -> Self {
        Self::button(ButtonType::Url, index).parameter(end.into())
    }
    /// Creates the code of the button at `index`.
    pub fn copy_code(index: u8, code: impl Into<String>) -> Self {
        let code = TemplateParameter::new(ParameterType::CouponCode).coupon_code(code);
        Self::button(ButtonType::CopyCode, index).parameter(code)
    }
    /// Creates a carousel.
    pub fn carousel(cards: impl IntoIterator<Item = TemplateCard>) -> Self {
        Self { cards: cards.into_iter().collect(), ..Self::new(ComponentType::Carousel) }
    }
}

impl TemplateCard {
    /// Creates the card at `index`, from 0.
    #[must_use]
    pub fn new(index: u8) -> Self {
        Self { card_index: index.into(), components: Vec::new() }
    }
}

impl TemplateParameter {
    /// Creates a value of a type, without content.
    #[must_use]
    pub fn new(kind: ParameterType) -> Self {
        Self { kind, ..Self::default() }
    }
}

macro_rules! from_text {
    ($($text:ty),+) => {$(
        /// Converts text.
        impl From<$text> for TemplateParameter {
            fn from(text: $text) -> Self {
                let text = ParameterText(Value::String(text.into()));
                Self { text: Some(text), ..Self::new(ParameterType::Text) }
            }
        }
    )+};
}
from_text!(&str, String, &String, std::borrow::Cow<'_, str>);

/// Converts a pair of a placeholder's name and its value.
impl<N: Into<String>, V: Into<Self>> From<(N, V)> for TemplateParameter {
    fn from((name, value): (N, V)) -> Self {
        value.into().parameter_name(name)
    }
}

/// Values with constructors for their own type.
macro_rules! of_kind {
    ($($ty:ident => $kind:ident $field:ident),+) => {$(
        impl From<$ty> for TemplateParameter {
            fn from($field: $ty) -> Self {
                Self { $field: Some($field), ..Self::new(ParameterType::$kind) }
            }
        }
    )+};
}
of_kind!(Image => Image image, Video => Video video, Document => Document document, Location => Location location,
    Currency => Currency currency, DateTime => DateTime date_time, LimitedTimeOffer => LimitedTimeOffer limited_time_offer,
    TemplateProduct => Product product);
