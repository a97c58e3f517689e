//! The fixed part of an endpoint: name, method, path, effect and scope.
use http::Method;

/// Whether doing it twice does more than doing it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Somebody gets a message, or is reported: never sent again while the outcome is unknown.
    Once,
    /// Doing it again changes nothing more, whatever the method: sent again after a failure.
    Repeatable,
}

/// What is fixed about an endpoint; made by `cargo xtask codegen`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// Unique and stable: `cloud.block_users.remove`.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the host, where it is fixed.
    pub path: &'static str,
    /// What doing it twice does.
    pub effect: Effect,
    /// What its path belongs to.
    pub scope: Scope,
}

impl Meta {
    /// For endpoints of your own.
    #[must_use]
    pub const fn new(name: &'static str, method: Method, path: &'static str, effect: Effect) -> Self {
        Self { name, method, path, effect, scope: Scope::Number }
    }
    /// What its path belongs to, where that is not the business number.
    #[must_use]
    pub const fn of(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

/// What a path belongs to. 360dialog takes that from the key; Graph has it in its paths, so that its [`Host`](crate::Host) puts
/// something else before each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// The business number: `/messages`.
    Number,
    /// Its WhatsApp Business Account: `/message_templates`.
    Account,
    /// A thing with an id of its own: `/{media-id}`.
    Object,
    /// 360dialog's gateway, which alone has it: `/v1/configs/webhook`.
    Gateway,
}
