//! Template management: submitting templates and listing them.
pub use crate::enums::{Category, TemplateStatus};
use crate::{
    check::{At, Findings, Invalid, Validate},
    masked_fields,
    response::{Extra, Paging},
    wire::{FromJson, Reader, lenient, lenient_text},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A part of a submitted template: header, body, footer, or buttons. Common parts have constructors; others can be
/// given as JSON.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct TemplatePart(pub Map<String, Value>);

impl TemplatePart {
    fn new(value: Value) -> Self {
        Self(if let Value::Object(map) = value { map } else { Map::new() })
    }
    /// Creates a text header of up to 60 characters, with an example if it has a placeholder: `{{1}}`.
    pub fn header_text(text: impl Into<String>, example: Option<&str>) -> Self {
        let mut header = Self::new(json!({ "type": "HEADER", "format": "TEXT", "text": text.into() }));
        if let Some(example) = example {
            header.0.insert("example".to_owned(), json!({ "header_text": [example] }));
        }
        header
    }
    /// Creates a location header. Each message provides the location.
    #[must_use]
    pub fn header_location() -> Self {
        Self::new(json!({ "type": "HEADER", "format": "LOCATION" }))
    }
    /// Creates the text of up to 1,024 characters, with an example for each placeholder: `{{1}}`, `{{2}}`, …
    pub fn body<T: Into<String>>(text: impl Into<String>, examples: impl IntoIterator<Item = T>) -> Self {
        let mut body = Self::new(json!({ "type": "BODY", "text": text.into() }));
        let examples: Vec<String> = examples.into_iter().map(Into::into).collect();
        if !examples.is_empty() {
            body.0.insert("example".to_owned(), json!({ "body_text": [examples] }));
        }
        body
    }
    /// Creates the small text below, up to 60 characters.
    pub fn footer(text: impl Into<String>) -> Self {
        Self::new(json!({ "type": "FOOTER", "text": text.into() }))
    }
    /// Creates up to ten buttons.
    pub fn buttons(buttons: impl IntoIterator<Item = TemplateButton>) -> Self {
        let buttons: Vec<TemplateButton> = buttons.into_iter().collect();
        Self::new(json!({ "type": "BUTTONS", "buttons": buttons }))
    }
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// A button of a submitted template.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct TemplateButton(pub Map<String, Value>);

impl TemplateButton {
    fn new(value: Value) -> Self {
        Self(TemplatePart::new(value).0)
    }
    /// Creates a button that returns its text. Up to 25 characters.
    pub fn quick_reply(text: impl Into<String>) -> Self {
        Self::new(json!({ "type": "QUICK_REPLY", "text": text.into() }))
    }
    /// Creates a button that opens a URL. The URL may end with a placeholder (`https://x.example/{{1}}`), with an
    /// example of the complete URL.
    pub fn url(text: impl Into<String>, url: impl Into<String>, example: Option<&str>) -> Self {
        let mut button = Self::new(json!({ "type": "URL", "text": text.into(), "url": url.into() }));
        if let Some(example) = example {
            button.0.insert("example".to_owned(), json!([example]));
        }
        button
    }
    /// Creates a button that calls a number.
    pub fn phone_number(text: impl Into<String>, number: impl Into<String>) -> Self {
        Self::new(json!({ "type": "PHONE_NUMBER", "text": text.into(), "phone_number": number.into() }))
    }
}

macro_rules! debug_by_type {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let kind = self.0.get("type").and_then(Value::as_str).unwrap_or_default();
                write!(f, "{}({})", stringify!($name), crate::mask(kind))
            }
        }
    )+};
}
debug_by_type!(TemplatePart, TemplateButton);

/// A template to submit for review.
///
/// ```
/// use d360_model::template::{Category, NewTemplate, TemplatePart};
/// let template = NewTemplate::new("order_shipped", "en_US", Category::Utility)
///     .part(TemplatePart::body("Hi {{1}}, your order {{2}} is on its way.", ["Barbara", "860198"]))
///     .part(TemplatePart::footer("Lucky Shrub"));
/// assert!(template.validate().is_empty());
/// ```
#[derive(Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewTemplate {
    /// The name: lower-case letters, digits and underscores, up to 512 characters.
    pub name: String,
    /// The language, such as `en_US`.
    pub language: String,
    /// The purpose.
    pub category: Category,
    /// The parts; `components` on the wire.
    #[serde(rename = "components", skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TemplatePart>,
    /// Other documented properties, such as `allow_category_change` or `library_template_name`.
    #[serde(flatten)]
    pub more: Extra,
}

masked_fields!(NewTemplate { name, language, category, parts, more });

impl NewTemplate {
    /// Creates a template without parts.
    pub fn new(name: impl Into<String>, language: impl Into<String>, category: Category) -> Self {
        Self { name: name.into(), language: language.into(), category, ..Self::default() }
    }
    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: TemplatePart) -> Self {
        self.parts.push(part);
        self
    }
    /// Sets another documented property.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.more.0.insert(name.into(), value.into());
        self
    }
    /// Parses JSON of a person or program, and reports each mistake with its path.
    ///
    /// # Errors
    /// Returns [`Invalid`] with every mistake.
    pub fn from_json(json: &[u8]) -> Result<(Self, Findings), Invalid> {
        crate::wire::from_slice_checked(json, Self::validate)
    }
}

crate::validated!(NewTemplate);

impl Validate for NewTemplate {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.name.is_empty() || !self.name.chars().all(named) || self.name.len() > 512 {
            out.error(at.key("name"), "must have 1 to 512 lower-case letters, digits and underscores");
        }
        out.require(at.key("language"), &self.language);
        out.require(at.key("category"), self.category.as_str());
        if self.parts.is_empty() && self.more.get("library_template_name").is_none() {
            out.error(at.key("components"), "is required; a template has at least a BODY");
        }
        at.each("components", &self.parts, out);
    }
}

impl Validate for TemplatePart {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let kind = self.text("type").unwrap_or_default().to_ascii_uppercase();
        out.require(at.key("type"), &kind);
        let limit = match kind.as_str() {
            "BODY" => 1024,
            "HEADER" | "FOOTER" => 60,
            _ => usize::MAX,
        };
        if let Some(text) = self.text("text") {
            out.require(at.key("text"), text);
            out.at_most(at.key("text"), text, limit);
            if kind != "BUTTONS" && !places(text).is_empty() && !self.0.contains_key("example") {
                out.advise(
                    at.key("example"),
                    "is missing; Meta rejects placeholders such as {{1}} without an example",
                );
            }
        }
        let Some(buttons) = self.0.get("buttons") else { return };
        let place = at.key("buttons");
        match buttons.as_array() {
            Some(list) if (1..=10).contains(&list.len()) => {
                for (i, button) in list.iter().enumerate() {
                    if let Some(text) = button.get("text").and_then(Value::as_str) {
                        out.at_most(place.index(i).key("text"), text, 25);
                    }
                }
            }
            _ => out.error(place, "must be a list of 1 to 10 buttons"),
        }
    }
}

/// Returns the placeholders of a text: `1` and `name` of `{{1}}` and `{{ name }}`.
fn places(text: &str) -> BTreeSet<&str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(place, _)| place.trim()).collect()
}

impl FromJson for TemplatePart {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self(map.clone())),
            _ => {
                reader.error("must be an object");
                None
            }
        }
    }
}

impl<'de> Deserialize<'de> for NewTemplate {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::wire::deserialize(d)
    }
}

impl FromJson for NewTemplate {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let mut object = reader.object(value)?;
        let mut read = Self {
            name: object.required("name", reader),
            language: object.required("language", reader),
            category: object.required("category", reader),
            parts: object.many("components", reader),
            more: Extra::default(),
        };
        // The documentation has more properties than deserve a field, and adds some.
        const KNOWN: [&str; 4] = ["name", "language", "category", "components"];
        let more = value.as_object().into_iter().flatten().filter(|(key, _)| !KNOWN.contains(&key.as_str()));
        read.more = Extra(more.map(|(key, value)| (key.clone(), value.clone())).collect());
        Some(read)
    }
}

/// An existing template.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateInfo {
    /// The ID.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The name, shared by all languages of the template.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub name: Option<String>,
    /// The language.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub language: Option<String>,
    /// The purpose.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "upper")]
    pub category: Option<Category>,
    /// The review status.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "upper")]
    pub status: Option<TemplateStatus>,
    /// The parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "crate::wire::lenient_list")]
    pub components: Vec<TemplatePart>,
    /// Properties that this version does not know: `quality_score`, `rejected_reason`, …
    #[serde(flatten)]
    pub extra: Extra,
}

masked_fields!(TemplateInfo { id, name, language, category, status, components, extra });

/// Converts the lower case of 360dialog's older list.
fn upper<'de, T: From<String>, D: serde::Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    let text: Option<String> = lenient(d)?;
    Ok(text.map(|text| T::from(text.to_ascii_uppercase())))
}

/// A page of templates. Both forms are read: `data` with cursors (Meta, 360dialog's `/message_templates`), and
/// `waba_templates` with `offset` and `total` (360dialog's older `/v1/configs/templates`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct TemplatePage {
    /// The templates of this page.
    #[serde(alias = "waba_templates", deserialize_with = "items")]
    pub data: Vec<TemplateInfo>,
    /// The positions of the neighboring pages.
    #[serde(default, deserialize_with = "lenient")]
    pub paging: Option<Paging>,
    /// The number of templates before this page, in the older form.
    #[serde(default, deserialize_with = "lenient")]
    pub offset: Option<u64>,
    /// The total number of templates, in the older form.
    #[serde(default, deserialize_with = "lenient")]
    pub total: Option<u64>,
}

impl TemplatePage {
    /// Returns the cursor of the next page, if there may be one.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.paging.as_ref()?.after()
    }
    /// Returns the offset of the next page in the older form, if there is one.
    #[must_use]
    pub fn next_offset(&self) -> Option<u64> {
        let next = self.offset? + self.data.len() as u64;
        (next < self.total? && !self.data.is_empty()).then_some(next)
    }
}

/// Only items that identify a template by ID or name are read.
fn items<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<TemplateInfo>, D::Error> {
    let known = |template: &TemplateInfo| template.id.is_some() || template.name.is_some();
    crate::wire::page_items(deserializer, |template| Some(template).filter(known))
}

/// The response to a submitted template.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedTemplate {
    /// The ID.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The review status, usually pending.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "upper")]
    pub status: Option<TemplateStatus>,
    /// The purpose that Meta assigned.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "upper")]
    pub category: Option<Category>,
    /// Properties that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

masked_fields!(CreatedTemplate { id, status, category, extra });
