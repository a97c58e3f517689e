//! Schemas of Cloud requests (Meta and 360dialog, 2025-11 to 2026-05).
use super::kind::{Field, Kind};

/// A required property.
pub(crate) const fn must(name: &'static str, kind: Kind) -> Field {
    Field(name, true, kind)
}
/// An optional property.
pub(crate) const fn may(name: &'static str, kind: Kind) -> Field {
    Field(name, false, kind)
}

/// Media with a caption.
pub(crate) const CAPTIONED: Kind =
    Kind::Object(&[may("id", Kind::Short(MANY)), may("link", Kind::Link), may("caption", Kind::UpTo(1024))]);
pub(crate) const AUDIO: Kind =
    Kind::Object(&[may("id", Kind::Short(MANY)), may("link", Kind::Link), may("voice", Kind::Flag)]);
pub(crate) const DOCUMENT: Kind = Kind::Object(&[
    may("id", Kind::Short(MANY)),
    may("link", Kind::Link),
    may("caption", Kind::UpTo(1024)),
    may("filename", Kind::Text),
]);
pub(crate) const STICKER: Kind = Kind::Object(&[may("id", Kind::Short(MANY)), may("link", Kind::Link)]);
pub(crate) const REACTION: Kind =
    Kind::Object(&[must("message_id", Kind::Short(MANY)), must("emoji", Kind::Text)]);

pub(crate) const MANY: usize = usize::MAX;

const PARAMETER: Kind = Kind::Object(&[
    must("type", Kind::Short(MANY)),
    may("parameter_name", Kind::Short(MANY)),
    may("text", Kind::Any),
    may(
        "currency",
        Kind::Object(&[
            must("fallback_value", Kind::Text),
            must("code", Kind::Short(3)),
            must("amount_1000", Kind::Number),
        ]),
    ),
    may("date_time", Kind::Any),
    may("image", CAPTIONED),
    may("video", CAPTIONED),
    may("document", DOCUMENT),
    may("location", Kind::Any),
    may("payload", Kind::Text),
    may("action", Kind::Any),
    may("coupon_code", Kind::Short(MANY)),
    may("limited_time_offer", Kind::Any),
    may("product", Kind::Any),
]);
pub(crate) const COMPONENT: Kind = Kind::Object(&[
    must("type", Kind::Short(MANY)),
    may("sub_type", Kind::Short(MANY)),
    may("index", Kind::Any),
    may("parameters", Kind::List(&PARAMETER, 0, MANY)),
    may("cards", Kind::List(&Kind::Any, 1, 10)),
]);
pub(crate) const TEMPLATE: Kind = Kind::Object(&[
    must("name", Kind::Short(512)),
    must(
        "language",
        Kind::Object(&[must("code", Kind::Short(MANY)), may("policy", Kind::One(&["deterministic"]))]),
    ),
    may("components", Kind::List(&COMPONENT, 0, MANY)),
]);

const HEADER: Kind = Kind::Object(&[
    must("type", Kind::One(&["text", "image", "video", "document"])),
    may("text", Kind::Short(60)),
    may("image", CAPTIONED),
    may("video", CAPTIONED),
    may("document", DOCUMENT),
]);
const REPLY: Kind = Kind::Object(&[must("id", Kind::Short(256)), must("title", Kind::Short(20))]);
const BUTTON: Kind = Kind::Object(&[
    must("type", Kind::One(&["reply", "quick_reply"])),
    may("reply", REPLY),
    may("quick_reply", REPLY),
]);
const ROW: Kind = Kind::Object(&[
    must("id", Kind::Short(200)),
    must("title", Kind::Short(24)),
    may("description", Kind::UpTo(72)),
]);
const PRODUCT: Kind = Kind::Object(&[must("product_retailer_id", Kind::Short(MANY))]);
const SECTION: Kind = Kind::Object(&[
    may("title", Kind::Short(24)),
    may("rows", Kind::List(&ROW, 1, 10)),
    may("product_items", Kind::List(&PRODUCT, 1, 30)),
]);
const CARD: Kind = Kind::Object(&[
    must("card_index", Kind::Number),
    may("type", Kind::One(&["cta_url", "product"])),
    may("header", HEADER),
    may("body", Kind::Object(&[must("text", Kind::Short(160))])),
    must(
        "action",
        Kind::Object(&[
            may("name", Kind::Short(MANY)),
            may("parameters", Kind::Any),
            may("buttons", Kind::List(&BUTTON, 1, 3)),
            may("catalog_id", Kind::Short(MANY)),
            may("product_retailer_id", Kind::Short(MANY)),
        ]),
    ),
]);
pub(crate) const INTERACTIVE: Kind = Kind::Object(&[
    must(
        "type",
        Kind::One(&[
            "button",
            "list",
            "cta_url",
            "location_request_message",
            "request_contact_info",
            "product",
            "product_list",
            "catalog_message",
            "flow",
            "address_message",
            "carousel",
            "order_details",
            "order_status",
            "voice_call",
            "call_permission_request",
        ]),
    ),
    may("header", HEADER),
    may("body", Kind::Object(&[must("text", Kind::Short(4096))])),
    may("footer", Kind::Object(&[must("text", Kind::Short(60))])),
    must(
        "action",
        Kind::Object(&[
            may("name", Kind::Short(MANY)),
            may("parameters", Kind::Any),
            may("button", Kind::Short(20)),
            may("buttons", Kind::List(&BUTTON, 1, 3)),
            may("sections", Kind::List(&SECTION, 1, 10)),
            may("catalog_id", Kind::Short(MANY)),
            may("product_retailer_id", Kind::Short(MANY)),
            may("cards", Kind::List(&CARD, 2, 10)),
        ]),
    ),
]);

/// `POST /messages` with a `status`: marks a message as read, and optionally shows a typing indicator.
pub(crate) const READ: Kind = Kind::Object(&[
    must("messaging_product", Kind::One(&["whatsapp"])),
    must("status", Kind::One(&["read"])),
    must("message_id", Kind::Short(128)),
    may("typing_indicator", Kind::Object(&[must("type", Kind::One(&["text"]))])),
]);

const ADDRESS: Kind = Kind::Object(&[
    may("street", Kind::Text),
    may("city", Kind::Text),
    may("state", Kind::Text),
    may("zip", Kind::Text),
    may("country", Kind::Text),
    may("country_code", Kind::Text),
    may("type", Kind::Text),
]);
const EMAIL: Kind = Kind::Object(&[may("email", Kind::Text), may("type", Kind::Text)]);
const NAME: Kind = Kind::Object(&[
    must("formatted_name", Kind::Short(MANY)),
    may("first_name", Kind::Text),
    may("last_name", Kind::Text),
    may("middle_name", Kind::Text),
    may("suffix", Kind::Text),
    may("prefix", Kind::Text),
]);
const ORG: Kind =
    Kind::Object(&[may("company", Kind::Text), may("department", Kind::Text), may("title", Kind::Text)]);
const PHONE: Kind =
    Kind::Object(&[may("phone", Kind::Text), may("type", Kind::Text), may("wa_id", Kind::Text)]);
const URL: Kind = Kind::Object(&[may("url", Kind::Text), may("type", Kind::Text)]);
pub(crate) const CONTACT: Kind = Kind::Object(&[
    may("addresses", Kind::List(&ADDRESS, 0, MANY)),
    may("birthday", Kind::Day),
    may("emails", Kind::List(&EMAIL, 0, MANY)),
    must("name", NAME),
    may("org", ORG),
    may("phones", Kind::List(&PHONE, 0, MANY)),
    may("urls", Kind::List(&URL, 0, MANY)),
]);
pub(crate) const LOCATION: Kind = Kind::Object(&[
    must("latitude", Kind::Degrees(90.0)),
    must("longitude", Kind::Degrees(180.0)),
    may("name", Kind::Text),
    may("address", Kind::Text),
]);
const TEXT: Kind = Kind::Object(&[must("body", Kind::Short(4096)), may("preview_url", Kind::Flag)]);
pub(crate) const CONTEXT: Kind = Kind::Object(&[must("message_id", Kind::Short(128))]);

/// `POST /messages`.
pub(crate) const MESSAGE: Kind = Kind::Object(&[
    must("messaging_product", Kind::One(&["whatsapp"])),
    may("recipient_type", Kind::One(&["individual", "group"])),
    may("to", Kind::Text),
    may("recipient", Kind::Text),
    must("type", Kind::Text),
    may("context", CONTEXT),
    may("biz_opaque_callback_data", Kind::Short(512)),
    may("recipient_identity_key_hash", Kind::Text),
    may("category", Kind::Text),
    may("ttl_seconds", Kind::Number),
    may("contacts", Kind::List(&CONTACT, 1, 257)),
    may("location", LOCATION),
    may("text", TEXT),
    may("image", CAPTIONED),
    may("video", CAPTIONED),
    may("audio", AUDIO),
    may("document", DOCUMENT),
    may("sticker", STICKER),
    may("reaction", REACTION),
    may("template", TEMPLATE),
    may("interactive", INTERACTIVE),
]);

/// Message types, which are also the names of their contents.
pub(crate) const CONTENTS: [&str; 11] = [
    "contacts",
    "location",
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "reaction",
    "template",
    "interactive",
];

const USER: Kind = Kind::Object(&[may("user", Kind::Text), may("user_id", Kind::Text)]);

/// `POST` and `DELETE /block_users`.
pub(crate) const BLOCK: Kind = Kind::Object(&[
    must("messaging_product", Kind::One(&["whatsapp"])),
    must("block_users", Kind::List(&USER, 1, MANY)),
]);
