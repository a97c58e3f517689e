//! The blocking client. It needs no runtime, and can be used inside one.
use super::{
    call::{self, Call, Step},
    change_blocks::{BlockUsersError, ChangeBlocks},
    config::Config,
    core::Core,
    pager::Pager,
    permit::{Slot, Waiting},
};
use crate::{
    endpoint::{
        Api, ApiKey, BlocksUsers, Endpoint, Host, InvalidHost, PagedEndpoint, ReportsUsers, SendsFiles,
        SendsMessages,
    },
    error::{Error, ErrorKind},
    exchange::HttpRequest,
    policy::{CallOptions, Place, RateLimit},
    transport::{BlockingSleep, BlockingTransport},
};
use d360_model::{
    Recipient, SendResponse,
    block::{BlockAnswer, BlockReport, User},
};
use std::{fmt, marker::PhantomData, sync::Arc};

/// The blocking client of API `A`. Cheap to clone; clones share connections, retry budget and rate limits.
pub struct Client<A: Api> {
    core: Arc<Core>,
    options: Arc<CallOptions>,
    transport: Arc<dyn BlockingTransport>,
    sleep: Arc<dyn BlockingSleep>,
    api: PhantomData<fn() -> A>,
}

impl<A: Api> Clone for Client<A> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            options: self.options.clone(),
            transport: self.transport.clone(),
            sleep: self.sleep.clone(),
            api: PhantomData,
        }
    }
}

impl<A: Api> fmt::Debug for Client<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("blocking::Client")
            .field("api", &A::NAME)
            .field("host", &self.core.host)
            .finish_non_exhaustive()
    }
}

impl<A: Api> Client<A> {
    /// Creates a client over ureq. Needs feature `ureq`.
    ///
    /// # Errors
    /// Returns [`SetupError`](crate::SetupError) if the settings are invalid.
    #[cfg(feature = "ureq")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ureq")))]
    pub fn new(config: Config) -> Result<Self, crate::error::SetupError> {
        let transport = crate::transport::UreqTransport::new(&config.connection)?;
        let client = Self::with_transport(config, transport, crate::transport::ThreadSleep)?;
        client.core.needs_tls()?;
        Ok(client)
    }

    /// Creates a client over any transport.
    ///
    /// # Errors
    /// Returns [`InvalidHost`] if the base URL is invalid.
    pub fn with_transport(
        config: Config,
        transport: impl BlockingTransport,
        sleep: impl BlockingSleep,
    ) -> Result<Self, InvalidHost> {
        let (transport, sleep) = (Arc::new(transport), Arc::new(sleep));
        let options = Arc::default();
        Ok(Self { core: Core::new::<A>(config)?, options, transport, sleep, api: PhantomData })
    }

    /// Returns a client that uses `key` but shares this client's connections. Each API key belongs to one phone
    /// number.
    #[must_use]
    pub fn with_credentials(&self, key: ApiKey) -> Self {
        Self { core: self.core.with_key(key), ..self.clone() }
    }

    /// Returns a client of another API, or of another part of this one, with the same key over the same connections.
    /// A configured base URL replaces that host too.
    ///
    /// # Errors
    /// Returns [`InvalidHost`] if the base URL is invalid.
    pub fn with_host<B: Api>(&self, host: Host) -> Result<Client<B>, InvalidHost> {
        let (transport, sleep, options) = (self.transport.clone(), self.sleep.clone(), self.options.clone());
        Ok(Client { core: self.core.with_host(host)?, options, transport, sleep, api: PhantomData })
    }

    /// Returns a client with another rate limit, for example for a number with a higher one.
    #[must_use]
    pub fn with_rate_limit(&self, rate_limit: RateLimit) -> Self {
        Self { core: self.core.with_rate_limit(rate_limit), ..self.clone() }
    }

    /// Returns a client with these options over the same connections. They replace any earlier options.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { options: Arc::new(options), ..self.clone() }
    }

    /// Returns the request that [`call`](Self::call) would send, without sending it.
    ///
    /// # Errors
    /// Returns [`Error`] if the request is invalid or cannot be built.
    pub fn request<E: Endpoint<Api = A>>(&self, endpoint: &E) -> Result<HttpRequest, Error> {
        call::request(&self.core, &self.options, endpoint)
    }

    /// Calls `endpoint`.
    ///
    /// # Errors
    /// Returns [`Error`]; [`Error::outcome`] says whether the call took effect.
    pub fn call<E: Endpoint<Api = A>>(&self, endpoint: E) -> Result<E::Response, Error> {
        self.drive(endpoint, None)
    }

    fn drive<E: Endpoint<Api = A>>(&self, endpoint: E, place: Option<Place>) -> Result<E::Response, Error> {
        let mut call = Call::<E>::new(&self.core, &self.options, endpoint, place, self.sleep.now())?;
        loop {
            match call.step(self.sleep.now()) {
                Step::Wait(wait) => self.sleep.sleep(wait),
                Step::Send => {
                    let answer = self.transport.send(call.attempt());
                    call.answered(answer, self.sleep.now());
                }
                Step::Done => return call.result(),
            }
        }
    }

    /// Sends a message as soon as the [`RateLimit`] allows it. The response means accepted, not delivered.
    ///
    /// # Errors
    /// See [`call`](Self::call). A message whose outcome is unknown is never retried.
    pub fn send(&self, message: A::Message) -> Result<SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.call(A::send(message))
    }

    /// Uploads a file and sends it: `send_file("+16505551234", "cat.jpg")`. Its content decides what it is sent as: image, video, audio,
    /// document or sticker. On Cloud, `SendFile` adds a caption and other options.
    ///
    /// What would be refused about the message is reported before the upload. If the message fails after the upload, the uploaded file
    /// stays on the server for 30 days.
    ///
    /// # Errors
    /// [`BuildError::File`](crate::BuildError::File) if the file cannot be read. Otherwise as [`send`](Self::send), of the upload or of
    /// the message: see [`Error::endpoint`].
    pub fn send_file(&self, to: impl Into<Recipient>, file: impl Into<A::File>) -> Result<SendResponse, Error>
    where
        A: SendsFiles,
    {
        let refused = |kind| Error::new(&A::Upload::META, kind);
        let prepared = A::prepare(to.into(), file.into());
        let (upload, message, findings) = prepared.map_err(|error| refused(ErrorKind::Build(error)))?;
        findings
            .into_result(self.core.config.strict)
            .map_err(|invalid| refused(ErrorKind::Invalid(invalid)))?;
        // The label is the message's.
        let options = CallOptions { label: None, ..CallOptions::clone(&self.options) };
        let answer = self.with_options(options).call(upload)?;
        self.send(A::uploaded(message, answer))
    }

    /// Waits until the [`RateLimit`] allows a message to `recipient`, and reserves its slot. Nothing is sent.
    ///
    /// A program that records each message before it sends it requests the permit first, so that a message is not
    /// recorded as sent while it waits for the rate limit. A dropped permit releases its slot.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the recipient is invalid,
    /// [`ErrorKind::Deadline`](crate::ErrorKind::Deadline) if the wait exceeds the deadline, and
    /// [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) with [`no_wait`](CallOptions::no_wait).
    pub fn ready(&self, recipient: impl Into<Recipient>) -> Result<Permit<A>, Error>
    where
        A: SendsMessages,
    {
        let (meta, now) = (A::Send::META, self.sleep.now());
        let mut waiting = Waiting::new(&self.core, &self.options, meta, recipient.into(), now)?;
        while let Some(wait) = waiting.step(self.sleep.now())? {
            self.sleep.sleep(wait);
        }
        Ok(Permit { client: self.clone(), slot: waiting.slot() })
    }

    /// Sends a message immediately, or not at all if the [`RateLimit`] requires a wait.
    ///
    /// # Errors
    /// Returns [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) if the message would have to wait: nothing was
    /// sent, and it can be sent later. Otherwise like [`send`](Self::send).
    pub fn try_send(&self, message: A::Message) -> Result<SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.with_options(CallOptions::clone(&self.options).no_wait()).send(message)
    }

    /// Blocks any number of users, in as many requests as needed, and reports on each in the order given:
    /// `block_users(["+16505551234"])`.
    ///
    /// Accepts anything that converts into a [`Recipient`]. A group, a parent BSUID or a number without country code
    /// is not a user; the call is then refused before anything is sent.
    ///
    /// # Errors
    /// Returns [`BlockUsersError`] if a request failed as a whole. It contains the results until then, and the
    /// remaining users.
    pub fn block_users(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.block_users_with(users, A::Options::default())
    }

    /// Blocks users like [`block_users`](Self::block_users), with additional options of the API, such as a reason.
    ///
    /// # Errors
    /// Returns [`BlockUsersError`].
    pub fn block_users_with(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
        options: A::Options,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.change(users, |users| A::block(users, &options))
    }

    /// Unblocks any number of users; see [`block_users`](Self::block_users).
    ///
    /// # Errors
    /// Returns [`BlockUsersError`].
    pub fn unblock_users(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.change(users, A::unblock)
    }

    fn change<E>(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
        endpoint: impl Fn(&[User]) -> E,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
        E: Endpoint<Api = A, Response = BlockAnswer>,
    {
        let mut change =
            ChangeBlocks::new(&E::META, users, A::problem, self.core.users_per_request(A::USERS_PER_CALL));
        while let Some(chunk) = change.next_chunk() {
            let answer = self.call(endpoint(change.users(&chunk)));
            change.answered(&chunk, answer);
        }
        change.finish()
    }

    /// Reports a user to WhatsApp, on the API that supports it.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub fn report_user(&self, report: A::Report) -> Result<(), Error>
    where
        A: ReportsUsers,
    {
        self.call(report)
    }

    /// Lists the blocked users, page by page. With `None`, the API chooses the page size.
    pub fn blocked_users(&self, page_size: Option<u32>) -> Pages<A::List>
    where
        A: BlocksUsers,
    {
        self.pages(A::list(page_size))
    }

    /// Lists every item of a paged endpoint once, page by page.
    pub fn pages<E: PagedEndpoint<Api = A>>(&self, first: E) -> Pages<E> {
        Pages { pager: Pager::new(first), client: self.clone() }
    }
}

/// A reserved slot of the rate limit for one message; see [`Client::ready`].
#[must_use = "a permit that is dropped releases its slot"]
pub struct Permit<A: Api> {
    client: Client<A>,
    slot: Slot,
}

impl<A: SendsMessages> Permit<A> {
    /// Sends a message to the recipient of the permit. It is sent immediately, unless the permit is older than a
    /// second or the server has throttled meanwhile: then it waits for the rate limit again.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the message has another recipient. Otherwise like
    /// [`Client::send`].
    pub fn send(self, message: A::Message) -> Result<SendResponse, Error> {
        let endpoint = A::send(message);
        self.slot.check(&endpoint)?;
        self.client.drive(endpoint, self.slot.place)
    }
}

impl<A: Api> fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("recipient", &self.slot.recipient).finish_non_exhaustive()
    }
}

/// The items of a paged endpoint. There are none after an error.
#[must_use = "nothing is fetched until items are requested"]
#[derive(Debug)]
pub struct Pages<E: PagedEndpoint> {
    pager: Pager<E>,
    client: Client<E::Api>,
}

impl<E: PagedEndpoint> Iterator for Pages<E> {
    type Item = Result<E::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.pager.pop() {
                return Some(item);
            }
            let endpoint = self.pager.request()?;
            let page = self.client.call(endpoint);
            self.pager.answered(page);
        }
    }
}
