//! Validates interactive messages.
use super::{Action, Card, Header, HeaderType, Interactive, InteractiveType, ReplyButton, Section};
use crate::check::{At, Findings, Validate};
use crate::message::media::{NO_URL, is_url};
use std::collections::HashSet;

/// Checks a required text of limited length.
fn needed(text: Option<&str>, most: usize, at: At<'_>, out: &mut Findings) {
    let text = text.unwrap_or_default();
    out.require(at, text);
    out.at_most(at, text, most);
}

/// Checks a number of items.
fn count(found: usize, allowed: std::ops::RangeInclusive<usize>, what: &str, at: At<'_>, out: &mut Findings) {
    if !allowed.contains(&found) {
        let (least, most) = allowed.into_inner();
        out.error(at, format!("has {found} {what}; {least} to {most} are allowed"));
    }
}

impl Validate for Interactive {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        use InteractiveType as Kind;
        if let Some(header) = &self.header {
            header.check(&at.key("header"), out);
        }
        let longest = if self.kind == Kind::List { 4096 } else { 1024 };
        let body = at.key("body");
        if self.body.is_some() || !matches!(self.kind, Kind::Product | Kind::Unknown(_)) {
            needed(self.body.as_ref().map(|body| &*body.text), longest, body.key("text"), out);
        }
        if let Some(footer) = &self.footer {
            let at = at.key("footer");
            needed(Some(&footer.text), 60, at.key("text"), out);
        }
        let has_text_header = self.header.as_ref().is_some_and(|header| header.kind == HeaderType::Text);
        match self.kind {
            Kind::List if self.header.is_some() && !has_text_header => {
                out.error(at.key("header"), "may only be text in a list");
            }
            Kind::ProductList if !has_text_header => {
                out.error(at.key("header"), "is required in a list of products, and may only be text");
            }
            Kind::Carousel if self.header.is_some() || self.footer.is_some() => {
                let extra = if self.header.is_some() { "header" } else { "footer" };
                out.error(at.key(extra), "is not allowed in a carousel; its cards have headers");
            }
            _ => {}
        }
        self.action.check_for(&self.kind, &at.key("action"), out);
    }
}

impl Validate for Header {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        match (&self.kind, &self.image, &self.video, &self.document) {
            (HeaderType::Text, ..) => needed(self.text.as_deref(), 60, at.key("text"), out),
            (HeaderType::Image, Some(image), ..) => image.check(&at.key("image"), out),
            (HeaderType::Video, _, Some(video), _) => video.check(&at.key("video"), out),
            (HeaderType::Document, .., Some(document)) => document.check(&at.key("document"), out),
            (HeaderType::Unknown(_), ..) => {}
            (kind, ..) => out.error(at.key(kind.as_str()), "is required for a header of this type"),
        }
    }
}

impl Action {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.as_ref()?.get(name)?.as_str()
    }

    fn check_for(&self, kind: &InteractiveType, at: &At<'_>, out: &mut Findings) {
        use InteractiveType as Kind;
        let name = match kind {
            Kind::CtaUrl => Some("cta_url"),
            Kind::LocationRequest => Some("send_location"),
            Kind::ContactRequest => Some("request_contact_info"),
            Kind::Catalog => Some("catalog_message"),
            Kind::Flow => Some("flow"),
            Kind::Address => Some("address_message"),
            _ => None,
        };
        if let Some(name) = name.filter(|name| self.name.as_deref() != Some(name)) {
            out.error(at.key("name"), format!("must be {name:?} for this type"));
        }
        let parameters = at.key("parameters");
        match kind {
            Kind::Button => {
                count(self.buttons.len(), 1..=3, "buttons", at.key("buttons"), out);
                check_buttons(&self.buttons, at, out);
            }
            Kind::List => {
                needed(self.button.as_deref(), 20, at.key("button"), out);
                check_rows(&self.sections, at, out);
            }
            Kind::CtaUrl => self.check_url(&parameters, out),
            Kind::Product => self.check_product(at, out),
            Kind::ProductList => {
                needed(self.catalog_id.as_deref(), usize::MAX, at.key("catalog_id"), out);
                check_titles(&self.sections, at, out);
                let products = self.sections.iter().map(|section| section.product_items.len()).sum();
                count(products, 1..=30, "products in all sections", at.key("sections"), out);
            }
            Kind::Flow => self.check_flow(&parameters, out),
            Kind::Address => needed(self.parameter("country"), 2, parameters.key("country"), out),
            Kind::Carousel => check_cards(&self.cards, at, out),
            _ => {}
        }
        if !matches!(kind, Kind::Button | Kind::Unknown(_)) && !self.buttons.is_empty() {
            out.error(at.key("buttons"), "are not allowed in a message of this type");
        }
        if !matches!(kind, Kind::List | Kind::ProductList | Kind::Unknown(_)) && !self.sections.is_empty() {
            out.error(at.key("sections"), "are not allowed in a message of this type");
        }
    }

    fn check_url(&self, at: &At<'_>, out: &mut Findings) {
        needed(self.parameter("display_text"), 20, at.key("display_text"), out);
        if !self.parameter("url").is_some_and(is_url) {
            out.error(at.key("url"), NO_URL);
        }
    }

    fn check_product(&self, at: &At<'_>, out: &mut Findings) {
        needed(self.catalog_id.as_deref(), usize::MAX, at.key("catalog_id"), out);
        needed(self.product_retailer_id.as_deref(), usize::MAX, at.key("product_retailer_id"), out);
    }

    fn check_flow(&self, at: &At<'_>, out: &mut Findings) {
        if self.parameter("flow_message_version") != Some("3") {
            out.error(at.key("flow_message_version"), "must be \"3\"");
        }
        needed(self.parameter("flow_cta"), 30, at.key("flow_cta"), out);
        match (self.parameter("flow_id"), self.parameter("flow_name")) {
            (None, None) => out.error(at.key("flow_id"), "is required (or `flow_name`)"),
            (Some(_), Some(_)) => out.error(at.key("flow_name"), "conflicts with `flow_id`; remove one"),
            _ => {}
        }
    }
}

/// Checks that texts differ from each other.
fn distinct<'t>(texts: impl Iterator<Item = (usize, &'t str)>, key: &str, at: &At<'_>, out: &mut Findings) {
    let mut seen = HashSet::new();
    for (i, text) in texts {
        if !seen.insert(text) {
            out.error(at.index(i).key(key), "repeats an earlier one; each must differ");
        }
    }
}

fn check_buttons(buttons: &[ReplyButton], at: &At<'_>, out: &mut Findings) {
    let array = at.key("buttons");
    for (i, button) in buttons.iter().enumerate() {
        let at = array.index(i);
        let key = if button.quick_reply.is_some() { "quick_reply" } else { "reply" };
        if button.kind != key {
            out.error(at.key("type"), format!("must be {key:?}"));
        }
        let at = at.key(key);
        needed(button.text().map(|reply| &*reply.id), 256, at.key("id"), out);
        needed(button.text().map(|reply| &*reply.title), 20, at.key("title"), out);
    }
    let quick = buttons.iter().any(|button| button.quick_reply.is_some());
    let (id, title) =
        if quick { ("quick_reply.id", "quick_reply.title") } else { ("reply.id", "reply.title") };
    let texts = || buttons.iter().enumerate().filter_map(|(i, button)| Some((i, button.text()?)));
    distinct(texts().map(|(i, reply)| (i, &*reply.id)), id, &array, out);
    distinct(texts().map(|(i, reply)| (i, &*reply.title)), title, &array, out);
}

/// Checks 1 to 10 sections, each with a title if there are several.
fn check_titles(sections: &[Section], at: &At<'_>, out: &mut Findings) {
    let array = at.key("sections");
    count(sections.len(), 1..=10, "sections", at.key("sections"), out);
    for (i, section) in sections.iter().enumerate() {
        let at = array.index(i);
        if section.title.is_some() || sections.len() > 1 {
            needed(section.title.as_deref(), 24, at.key("title"), out);
        }
    }
}

fn check_rows(sections: &[Section], at: &At<'_>, out: &mut Findings) {
    check_titles(sections, at, out);
    let rows = sections.iter().map(|section| section.rows.len()).sum();
    count(rows, 1..=10, "rows in all sections", at.key("sections"), out);
    let array = at.key("sections");
    let mut seen = HashSet::new();
    for (i, section) in sections.iter().enumerate() {
        let section_at = array.index(i);
        let rows_at = section_at.key("rows");
        if section.rows.is_empty() {
            out.error(rows_at, "is required; a section needs rows");
        }
        for (j, row) in section.rows.iter().enumerate() {
            let at = rows_at.index(j);
            needed(Some(&row.id), 200, at.key("id"), out);
            needed(Some(&row.title), 24, at.key("title"), out);
            if let Some(description) = &row.description {
                out.at_most(at.key("description"), description, 72);
            }
            if !seen.insert(&row.id) {
                out.error(at.key("id"), "repeats an earlier one; each must differ");
            }
        }
    }
}

fn check_cards(cards: &[Card], at: &At<'_>, out: &mut Findings) {
    count(cards.len(), 2..=10, "cards", at.key("cards"), out);
    let array = at.key("cards");
    let shape = |card: &Card| {
        let header = card.header.as_ref().map(|header| header.kind.clone());
        (header, card.kind.clone(), card.action.as_ref().map(|action| action.buttons.len()))
    };
    for (i, card) in cards.iter().enumerate() {
        let at = array.index(i);
        if usize::try_from(card.card_index) != Ok(i) {
            out.error(at.key("card_index"), format!("must be {i}; cards are numbered from 0 in order"));
        }
        if let Some(body) = &card.body {
            let body_at = at.key("body");
            out.at_most(body_at.key("text"), &body.text, 160);
        }
        match &card.header {
            Some(header) => header.check(&at.key("header"), out),
            None if card.kind.as_deref() == Some("product") => {}
            None => out.error(at.key("header"), "is required in a card that is not a product"),
        }
        if shape(card) != shape(&cards[0]) {
            out.error(at, "differs from the first card in the kind of header or in the buttons");
        }
        let action_at = at.key("action");
        match (&card.action, card.kind.as_deref()) {
            (None, _) => out.error(action_at, "is required"),
            (Some(action), Some("product")) => action.check_product(&action_at, out),
            (Some(action), _) if action.buttons.is_empty() => {
                action.check_url(&action_at.key("parameters"), out)
            }
            (Some(action), _) => {
                count(action.buttons.len(), 1..=3, "buttons", action_at.key("buttons"), out);
                check_buttons(&action.buttons, &action_at, out);
            }
        }
    }
}
