//! Templates with a namespace, and their predecessor `hsm`. (Meta retired On-Premise on 2025-10-23.)
use crate::Media;
use d360_model::{
    At, Document, Findings, Image, Location, Validate, Video,
    template::{
        ButtonIndex, ButtonType, ComponentType, Currency, Language, ParameterText, ParameterType,
        TemplateProduct, There, check_text, check_values, value,
    },
    wire_struct,
};
use serde_json::{Map, Value};

/// The last remaining policy.
const DETERMINISTIC: &str = "deterministic";

wire_struct! {
    /// A template message. (Meta retired On-Premise on 2025-10-23; `d360_model::Template` replaces it, without
    /// namespace.)
    pub struct Template {
        req {
            /// The namespace of the account's templates.
            namespace: String = "namespace",
            /// The name.
            name: String = "name",
            /// The language and its policy.
            language: Language = "language",
        }
        many {
            /// The values of the placeholders.
            components: TemplateComponent = "components", by component,
        }
    }
}

wire_struct! {
    /// The values of a template component. (Meta retired On-Premise on 2025-10-23; Cloud requires the `index` of
    /// every button.)
    pub struct TemplateComponent {
        req {
            /// The component.
            kind: ComponentType = "type",
        }
        opt {
            /// The type of the button.
            sub_type: ButtonType = "sub_type",
            /// The index of the button, from 0. Optional for a single button.
            index: ButtonIndex = "index",
        }
        many {
            /// The values, in the order of the placeholders.
            parameters: TemplateParameter = "parameters", by parameter,
        }
    }
}

wire_struct! {
    /// A value for a template. Its type determines which property contains it. (Meta retired On-Premise on
    /// 2025-10-23; on Cloud files have no provider.)
    pub struct TemplateParameter {
        req {
            /// The type.
            kind: ParameterType = "type",
        }
        opt {
            /// Text.
            text: ParameterText = "text",
            /// An amount of money.
            currency: Currency = "currency",
            /// A date and time.
            date_time: DateTime = "date_time",
            /// An image.
            image: Media<Image> = "image",
            /// A video.
            video: Media<Video> = "video",
            /// A document.
            document: Media<Document> = "document",
            /// A location.
            location: Location = "location",
            /// The payload that a quick reply returns.
            payload: String = "payload",
            /// The documented input of a flow or catalog button.
            action: Map<String, Value> = "action",
            /// A code to copy.
            coupon_code: String = "coupon_code",
            /// A product of a catalog.
            product: TemplateProduct = "product",
        }
    }
}

wire_struct! {
    /// A date and time. (Meta retired On-Premise on 2025-10-23; Cloud only shows the fallback, and has no
    /// `timestamp`.)
    pub struct DateTime {
        req {
            /// The text that is shown if it cannot be localized.
            fallback_value: String = "fallback_value",
        }
        opt {
            /// Seconds since 1970, instead of the parts.
            timestamp: i64 = "timestamp",
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
    /// A template message with only text, deprecated since client v2.39. (Meta retired On-Premise on 2025-10-23;
    /// `d360_model::Template` replaces it.)
    pub struct Hsm {
        req {
            /// The namespace of the account's templates.
            namespace: String = "namespace",
            /// The template's name.
            element_name: String = "element_name",
            /// The language and its policy.
            language: Language = "language",
        }
        many {
            /// The values, in the order of the placeholders.
            localizable_params: LocalizableParam = "localizable_params", by param,
        }
    }
}

wire_struct! {
    /// A value of an [`Hsm`]. (Meta retired On-Premise on 2025-10-23; Cloud's `TemplateParameter` replaces it.)
    pub struct LocalizableParam {
        req {
            /// The text that is shown if it cannot be localized.
            default: String = "default",
        }
        opt {
            /// An amount of money.
            currency: HsmCurrency = "currency",
            /// A date and time: `component` with its parts, or `unix_epoch` with a `timestamp`.
            date_time: Map<String, Value> = "date_time",
        }
    }
}

wire_struct! {
    /// An amount of money in an [`Hsm`]. (Meta retired On-Premise on 2025-10-23; Cloud's `Currency` replaces it.)
    pub struct HsmCurrency {
        req {
            /// The ISO 4217 code, such as `EUR`.
            currency_code: String = "currency_code",
            /// The amount times 1,000.
            amount_1000: i64 = "amount_1000",
        }
    }
}

/// Returns the language with the policy that both types require.
fn language(code: impl Into<String>) -> Language {
    let mut language = Language::default().policy(DETERMINISTIC);
    language.code = code.into();
    language
}

impl Template {
    /// Creates a template message by namespace and name, in a language such as `en_US`.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        language_code: impl Into<String>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            language: language(language_code),
            components: Vec::new(),
        }
    }
}

impl TemplateComponent {
    /// Creates the values of a component.
    #[must_use]
    pub fn new(kind: ComponentType) -> Self {
        Self { kind, ..Self::default() }
    }
}

impl TemplateParameter {
    /// Creates a value of a type, without content.
    #[must_use]
    pub fn new(kind: ParameterType) -> Self {
        Self { kind, ..Self::default() }
    }
}

impl<T: Into<String>> From<T> for TemplateParameter {
    /// Converts text.
    fn from(text: T) -> Self {
        Self::new(ParameterType::Text).text(text.into())
    }
}

impl Hsm {
    /// Creates a template message by namespace and name, in a language such as `en_US`.
    pub fn new(
        namespace: impl Into<String>,
        element_name: impl Into<String>,
        language_code: impl Into<String>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            element_name: element_name.into(),
            language: language(language_code),
            localizable_params: Vec::new(),
        }
    }
}

impl<T: Into<String>> From<T> for LocalizableParam {
    fn from(text: T) -> Self {
        Self { default: text.into(), ..Self::default() }
    }
}

fn check_language(language: &Language, at: &At<'_>, out: &mut Findings) {
    let at = at.key("language");
    out.require(at.key("code"), &language.code);
    match language.policy.as_deref() {
        Some(DETERMINISTIC) => {}
        None => out.advise(at.key("policy"), "is missing; the documentation requires \"deterministic\""),
        Some(_) => {
            out.advise(at.key("policy"), "is not \"deterministic\", the only one since client v2.27.8")
        }
    }
}

impl Validate for Template {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        out.require(at.key("namespace"), &self.namespace);
        out.require(at.key("name"), &self.name);
        check_language(&self.language, at, out);
        at.each("components", &self.components, out);
        let buttons = |component: &&TemplateComponent| component.kind == ComponentType::Button;
        if self.components.iter().filter(buttons).count() > 1 {
            let array = at.key("components");
            for (i, component) in self.components.iter().enumerate() {
                if component.kind == ComponentType::Button && component.index.is_none() {
                    out.error(array.index(i).key("index"), "is required if there are several buttons");
                }
            }
        }
    }
}

impl Validate for TemplateComponent {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if self.kind == ComponentType::Button && self.sub_type.is_none() {
            out.error(at.key("sub_type"), "is required for a button");
        }
        at.each("parameters", &self.parameters, out);
    }
}

impl Validate for TemplateParameter {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        // A text that Cloud refuses is 2006 "Whitespace policy violated" here.
        let values = [
            (ParameterType::Text, value(&self.text)),
            (ParameterType::Currency, value(&self.currency)),
            (ParameterType::DateTime, There::of(&self.date_time)),
            (ParameterType::Image, value(&self.image)),
            (ParameterType::Video, value(&self.video)),
            (ParameterType::Document, value(&self.document)),
            (ParameterType::Location, value(&self.location)),
            (ParameterType::Payload, There::of(&self.payload)),
            (ParameterType::Action, There::of(&self.action)),
            (ParameterType::CouponCode, There::of(&self.coupon_code)),
            (ParameterType::Product, There::of(&self.product)),
        ];
        check_values(&self.kind, &values, at, out);
    }
}

impl Validate for Hsm {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        out.require(at.key("namespace"), &self.namespace);
        out.require(at.key("element_name"), &self.element_name);
        check_language(&self.language, at, out);
        let array = at.key("localizable_params");
        for (i, param) in self.localizable_params.iter().enumerate() {
            check_text(array.index(i).key("default"), &param.default, out);
        }
        out.advise(at, "is deprecated since client v2.39; the type template replaces it");
    }
}
