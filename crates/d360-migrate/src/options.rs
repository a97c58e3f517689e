//! What a translation cannot know by itself.
use std::collections::BTreeMap;

/// What a translation cannot know by itself. Nothing of it is needed.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Ids of files on On-Premise, and those of the same files on Cloud. (They do not carry over: a file has to be uploaded again.)
    pub media: BTreeMap<String, String>,
    /// The namespace of the account's templates, which On-Premise asks for and Cloud does not tell.
    pub namespace: Option<String>,
    /// Whether ids of messages get the form of [`ids`](crate::ids) on the way to On-Premise.
    pub old_message_ids: bool,
    /// Whether ids of files do.
    pub old_media_ids: bool,
    /// Whether messages of types that On-Premise never had keep their type on the way to On-Premise, instead of becoming `unknown`.
    pub pass_new_types: bool,
    /// The account that webhooks of Cloud name.
    pub account: Option<String>,
    /// The number's id that webhooks of Cloud name.
    pub phone_number_id: Option<String>,
    /// The number that webhooks of Cloud name.
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
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// A file of On-Premise has this id on Cloud.
    #[must_use]
    pub fn media(mut self, onprem: impl Into<String>, cloud: impl Into<String>) -> Self {
        self.media.insert(onprem.into(), cloud.into());
        self
    }
    /// The namespace of the account's templates.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }
    /// Gives ids of messages and files the forms of [`ids`](crate::ids) on the way to On-Premise.
    #[must_use]
    pub fn old_ids(mut self, old: bool) -> Self {
        (self.old_message_ids, self.old_media_ids) = (old, old);
        self
    }
    /// Passes messages of types that On-Premise never had through with their own type. By default they become `type: "unknown"`
    /// with error 501, as On-Premise told what it did not support, and the original is in a [`Note`](crate::Note::original).
    #[must_use]
    pub fn pass_new_types(mut self, pass: bool) -> Self {
        self.pass_new_types = pass;
        self
    }
    /// The account that webhooks of Cloud name.
    #[must_use]
    pub fn account(mut self, id: impl Into<String>) -> Self {
        self.account = Some(id.into());
        self
    }
    /// The number that webhooks of Cloud name: its id, and itself.
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
