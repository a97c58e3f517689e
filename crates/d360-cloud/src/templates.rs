//! `/message_templates`: the templates of a WhatsApp Business Account.
use crate::{Cloud, endpoints};
use d360_model::{
    Findings,
    template::{CreatedTemplate, NewTemplate, TemplateInfo, TemplatePage, TemplateStatus},
};
use d360_transport::{
    Body, BuildError, Endpoint, HttpResponse, Meta, PagedEndpoint, Path, Transfer, Unreadable, json, success,
};

/// `GET /message_templates`: returns one page of the account's templates. `Client::pages` reads all pages.
///
/// The query parameters are `limit`, `name`, `status`, `source` and `after`. An account has up to 250 templates, or
/// 6,000 (360dialog Messaging API reference; Meta, "Message templates", 2025-11).
#[derive(Clone, Default)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ListTemplates {
    limit: Option<u32>,
    name: Option<String>,
    status: Option<TemplateStatus>,
    source: Option<String>,
    after: Option<String>,
    offset: Option<u64>,
}

impl ListTemplates {
    /// Requests the first page.
    pub fn new() -> Self {
        Self::default()
    }
    /// Sets the number of templates per page, at least 1.
    pub fn limit(mut self, templates: u32) -> Self {
        self.limit = Some(templates);
        self
    }
    /// Filters by name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
    /// Filters by status.
    pub fn status(mut self, status: TemplateStatus) -> Self {
        self.status = Some(status);
        self
    }
    /// Filters by source: `AUTO_GENERATED` for templates that Direct Send created (beta; Meta, "Direct Send API
    /// reference", 2026-07-31).
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }
    /// Requests the page after this cursor.
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }
}

impl std::fmt::Debug for ListTemplates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListTemplates").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Endpoint for ListTemplates {
    type Api = Cloud;
    type Response = TemplatePage;
    const META: Meta = endpoints::TEMPLATES_LIST;

    fn query(&self, path: &mut Path) {
        let limit = self.limit.map(|limit| limit.to_string());
        let offset = self.offset.map(|offset| offset.to_string());
        let status = self.status.as_ref().map(TemplateStatus::as_str);
        for (name, value) in [
            ("limit", limit.as_deref()),
            ("name", self.name.as_deref()),
            ("status", status),
            ("source", self.source.as_deref()),
            ("after", self.after.as_deref()),
            ("offset", offset.as_deref()),
        ] {
            if let Some(value) = value {
                path.push_param(name, value);
            }
        }
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        if self.limit == Some(0) {
            findings.error("limit", "must be at least 1");
        }
        findings
    }
    fn transfer(&self) -> Transfer {
        Transfer::page()
    }
    fn decode(response: &HttpResponse) -> Result<TemplatePage, Unreadable> {
        json(response)
    }
}

impl PagedEndpoint for ListTemplates {
    type Item = TemplateInfo;

    fn read(&self, page: TemplatePage) -> (Vec<TemplateInfo>, Option<Self>) {
        let after = page.after().map(str::to_owned);
        let offset = page.next_offset().filter(|_| after.is_none());
        let more = after.is_some() || offset.is_some();
        let next = more.then(|| Self { after, offset, ..self.clone() });
        (page.data, next)
    }
    fn position(&self) -> Option<String> {
        self.after.clone().or_else(|| Some(self.offset?.to_string()))
    }
    fn key(template: &TemplateInfo) -> Option<String> {
        let by_name = || Some(format!("{} {}", template.name.as_ref()?, template.language.as_ref()?));
        template.id.clone().or_else(by_name)
    }
}

/// `POST /message_templates`: submits a template for review. Webhooks or [`ListTemplates`] report the result.
///
/// Never retried automatically while the outcome is unknown, because Meta would answer that the template exists
/// (360dialog Messaging API reference; Meta, "Message templates", 2025-11).
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct CreateTemplate(NewTemplate);

impl CreateTemplate {
    /// Submits `template`.
    pub fn new(template: NewTemplate) -> Self {
        Self(template)
    }
}

impl Endpoint for CreateTemplate {
    type Api = Cloud;
    type Response = CreatedTemplate;
    const META: Meta = endpoints::TEMPLATES_CREATE;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&self.0)
    }
    fn check(&self) -> Findings {
        self.0.validate()
    }
    fn decode(response: &HttpResponse) -> Result<CreatedTemplate, Unreadable> {
        json(response)
    }
}

/// `DELETE /message_templates?name=…`: deletes a template **in all languages**, or in one with [`only`](Self::only).
///
/// The name cannot be used again for 30 days (360dialog Messaging API reference; Meta, "Message templates", 2025-11).
#[derive(Clone)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct DeleteTemplate {
    name: String,
    id: Option<String>,
}

impl DeleteTemplate {
    /// Deletes the template with this name in all languages.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: None }
    }
    /// Deletes only the template with this ID; `hsm_id` on the wire.
    pub fn only(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl std::fmt::Debug for DeleteTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeleteTemplate({})", d360_model::mask(&self.name))
    }
}

impl Endpoint for DeleteTemplate {
    type Api = Cloud;
    type Response = ();
    const META: Meta = endpoints::TEMPLATES_DELETE;

    fn query(&self, path: &mut Path) {
        path.push_param("name", &self.name);
        if let Some(id) = &self.id {
            path.push_param("hsm_id", id);
        }
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        findings.require("name", &self.name);
        if let Some(id) = &self.id {
            // An empty ID would delete every language.
            findings.require("id", id);
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}
