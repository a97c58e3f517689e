//! Options of translations.
use std::collections::BTreeMap;

/// Values that the input of a translation does not contain. All are optional.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// IDs of files on On-Premise, and of the same files on Cloud. A file must be uploaded again to get one.
    pub media: BTreeMap<String, String>,
    /// The namespace of the account's templates, which On-Premise requires and Cloud does not have.
    pub namespace: Option<String>,
    /// Whether message IDs get the form of [`ids`](crate::ids) on the way to On-Premise.
    pub old_message_ids: bool,
    /// Whether media IDs get that form.
    pub old_media_ids: bool,
    /// Whether messages of types that On-Premise never had keep their type, instead of becoming `unknown`.
    pub pass_new_types: bool,
    /// The account in webhooks of Cloud.
    pub account: Option<String>,
    /// The phone number ID in webhooks of Cloud.
    pub phone_number_id: Option<String>,
    /// The phone number in webhooks of Cloud.
    pub display_phone_number: Option<String>,
}

d360_model::masked_fields!(Options {
    media,
    namespace,
    old_message_ids,
    old_media_ids,
    pass_new_types,
    account,
    phone_number_id,
    display_phone_number
});

impl Options {
    /// Creates empty options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Maps a file of On-Premise to its ID on Cloud.
    #[must_use]
    pub fn media(mut self, onprem: impl Into<String>, cloud: impl Into<String>) -> Self {
        self.media.insert(onprem.into(), cloud.into());
        self
    }
    /// Sets the namespace of the account's templates.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }
    /// Sets whether message and media IDs get the forms of [`ids`](crate::ids) on the way to On-Premise.
    #[must_use]
    pub fn old_ids(mut self, old: bool) -> Self {
        (self.old_message_ids, self.old_media_ids) = (old, old);
        self
    }
    /// Sets whether messages of types that On-Premise never had keep their own type. By default they become
    /// `type: "unknown"` with error 501, as On-Premise reported unsupported messages. The original is in a
    /// [`Note`](crate::Note::original).
    #[must_use]
    pub fn pass_new_types(mut self, pass: bool) -> Self {
        self.pass_new_types = pass;
        self
    }
    /// Sets the account in webhooks of Cloud.
    #[must_use]
    pub fn account(mut self, id: impl Into<String>) -> Self {
        self.account = Some(id.into());
        self
    }
    /// Sets the ID and the number in webhooks of Cloud.
    #[must_use]
    pub fn number(mut self, id: impl Into<String>, number: impl Into<String>) -> Self {
        (self.phone_number_id, self.display_phone_number) = (Some(id.into()), Some(number.into()));
        self
    }
    pub(crate) fn message_id(&self, id: &str) -> String {
        if self.old_message_ids { crate::ids::message_to_onprem(id) } else { id.to_owned() }
    }
    pub(crate) fn media_id(&self, id: &str) -> String {
        if self.old_media_ids { crate::ids::media_to_onprem(id) } else { id.to_owned() }
    }
}
