//! Validates template messages.
//!
//! The rules are Meta's own error texts, reported by users of several clients (2026-11): "Param text cannot have
//! new-line/tab characters or more than 4 consecutive spaces" (132018), the list of button types (Graph v24.0), the
//! number and format of parameters.
use super::{
    ButtonType, ComponentType, Currency, DateTime, ParameterText, ParameterType, Template, TemplateCard,
    TemplateComponent, TemplateParameter,
};
use crate::check::{At, Findings, Validate};
use std::collections::HashSet;

/// The maximum length of a quick reply payload and of a copy code, in characters.
const MAX_PAYLOAD: usize = 128;
const MAX_COUPON: usize = 15;
/// The maximum number of consecutive spaces in a parameter.
const MAX_SPACES: usize = 4;

/// Checks a text for a template placeholder, which must not be blank or contain a line break.
#[doc(hidden)]
pub fn check_text(at: At<'_>, text: &str, out: &mut Findings) {
    out.require(at, text);
    if let Some(c) = text.chars().find(|c| matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}')) {
        out.error(at, format!("contains {c:?}; a template parameter must not contain line breaks or tabs"));
    }
    if let Some(c) = text.chars().find(|c| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')) {
        out.advise(at, format!("contains {c:?}, which may count as a line break"));
    }
    if let Some(spaces) = text.split(|c| c != ' ').map(str::len).max().filter(|spaces| *spaces > MAX_SPACES) {
        out.error(
            at,
            format!("has {spaces} consecutive spaces; a template parameter may have at most {MAX_SPACES}"),
        );
    }
}

/// Whether a value of an open enum is `known`, in upper or lower case.
fn is(value: &str, known: &str) -> bool {
    value.eq_ignore_ascii_case(known)
}

impl ComponentType {
    fn is(&self, kind: Self) -> bool {
        is(self.as_str(), kind.as_str())
    }
}

impl Validate for Template {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        out.require(at.key("name"), &self.name);
        if !self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            out.advise(at.key("name"), "template names have only lower-case letters, digits and _");
        }
        let language = at.key("language");
        out.require_id(language.key("code"), &self.language.code);
        at.each("components", &self.components, out);
        check_names(&self.components, at, &mut None, out);
    }
}

/// Checks that all placeholders of a template have names, or none.
fn check_names(components: &[TemplateComponent], at: &At<'_>, named: &mut Option<bool>, out: &mut Findings) {
    let array = at.key("components");
    for (i, component) in components.iter().enumerate() {
        let at = array.index(i);
        if component.kind.is(ComponentType::Header) || component.kind.is(ComponentType::Body) {
            let parameters = at.key("parameters");
            let mut seen = HashSet::new();
            for (j, parameter) in component.parameters.iter().enumerate() {
                let is_text = matches!(
                    parameter.kind,
                    ParameterType::Text | ParameterType::Currency | ParameterType::DateTime
                );
                if !is_text {
                    continue;
                }
                let place = parameters.index(j);
                let place = place.key("parameter_name");
                match (&parameter.parameter_name, *named.get_or_insert(parameter.parameter_name.is_some())) {
                    (None, true) => out
                        .error(place, "is required, because earlier parameters are named; name all or none"),
                    (Some(_), false) => {
                        out.error(place, "conflicts with parameters without a name; name all or none");
                    }
                    (Some(name), true) => {
                        out.require(place, name);
                        if !seen.insert(name) {
                            out.error(place, "repeats an earlier one; each must differ");
                        }
                    }
                    (None, false) => {}
                }
            }
        }
        let cards = at.key("cards");
        for (j, card) in component.cards.iter().enumerate() {
            check_names(&card.components, &cards.index(j), named, out);
        }
    }
}

impl Validate for TemplateComponent {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let is_button = self.kind.is(ComponentType::Button);
        let is_carousel = self.kind.is(ComponentType::Carousel);
        if is_button {
            match &self.sub_type {
                None => out.error(at.key("sub_type"), "is required for a button"),
                Some(kind) if !ButtonType::KNOWN.iter().any(|known| is(kind.as_str(), known)) => {
                    let message =
                        format!("is not a button type; Meta lists {}", ButtonType::KNOWN.join(", "));
                    out.error(at.key("sub_type"), message);
                }
                Some(_) => {}
            }
            if self.index.is_none() {
                out.error(at.key("index"), "is required for a button, even a single one");
            }
        }
        if is_carousel && !(1..=10).contains(&self.cards.len()) {
            out.error(at.key("cards"), format!("has {} cards; 1 to 10 are allowed", self.cards.len()));
        }
        if !self.parameters.is_empty() && (is_carousel || is(self.kind.as_str(), "footer")) {
            let message = if is_carousel {
                "are not allowed in a carousel; put them into the components of its cards"
            } else {
                "are not allowed in a footer"
            };
            out.error(at.key("parameters"), message);
        }
        at.each("parameters", &self.parameters, out);
        at.each("cards", &self.cards, out);
    }
}

impl Validate for TemplateCard {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        at.each("components", &self.components, out);
    }
}

impl Validate for ParameterText {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if let Some(text) = self.as_str() {
            check_text(*at, text, out);
        }
    }
}

impl Validate for Currency {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        check_text(at.key("fallback_value"), &self.fallback_value, out);
    }
}

impl Validate for DateTime {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        check_text(at.key("fallback_value"), &self.fallback_value, out);
    }
}

/// A value of which it only counts whether it is there.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub struct There;

impl There {
    /// `There` if there is a value.
    pub fn of<T>(value: &Option<T>) -> Option<&'static dyn Validate> {
        value.as_ref().map(|_| &Self as &dyn Validate)
    }
}

impl Validate for There {
    fn check(&self, _: &At<'_>, _: &mut Findings) {}
}

/// Checks the values of a parameter, each in the property that is called as its kind: the one of `kind` has to be there.
#[doc(hidden)]
pub fn check_values(
    kind: &ParameterType,
    values: &[(ParameterType, Option<&dyn Validate>)],
    at: &At<'_>,
    out: &mut Findings,
) {
    for (of, value) in values {
        match value {
            Some(value) => value.check(&at.key(of.as_str()), out),
            None if of == kind => {
                out.error(at.key(of.as_str()), "is required for a parameter of this type");
            }
            None => {}
        }
    }
}

/// A value as [`check_values`] takes it.
#[doc(hidden)]
pub fn value<T: Validate>(value: &Option<T>) -> Option<&dyn Validate> {
    value.as_ref().map(|value| value as &dyn Validate)
}

impl Validate for TemplateParameter {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let values = [
            (ParameterType::Text, value(&self.text)),
            (ParameterType::Currency, value(&self.currency)),
            (ParameterType::DateTime, value(&self.date_time)),
            (ParameterType::Image, value(&self.image)),
            (ParameterType::Video, value(&self.video)),
            (ParameterType::Document, value(&self.document)),
            (ParameterType::Location, value(&self.location)),
            (ParameterType::Payload, There::of(&self.payload)),
            (ParameterType::Action, There::of(&self.action)),
            (ParameterType::CouponCode, There::of(&self.coupon_code)),
            (ParameterType::LimitedTimeOffer, There::of(&self.limited_time_offer)),
            (ParameterType::Product, There::of(&self.product)),
        ];
        check_values(&self.kind, &values, at, out);
        if let Some(payload) = &self.payload {
            out.at_most(at.key("payload"), payload, MAX_PAYLOAD);
        }
        if let Some(code) = &self.coupon_code {
            out.require(at.key("coupon_code"), code);
            out.at_most(at.key("coupon_code"), code, MAX_COUPON);
        }
    }
}
