//! The blocking client. Needs no runtime, and may be used inside one.
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
    /// A client over ureq. Needs feature `ureq`.
    ///
    /// # Errors
    /// [`SetupError`](crate::SetupError) where the settings are wrong.
    #[cfg(feature = "ureq")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ureq")))]
    pub fn new(config: Config) -> Result<Self, crate::error::SetupError> {
        let transport = crate::transport::UreqTransport::new(&config.connection)?;
        let client = Self::with_transport(config, transport, crate::transport::ThreadSleep)?;
        client.core.needs_tls()?;
        Ok(client)
    }

    /// A client over any transport.
    ///
    /// # Errors
    /// [`InvalidHost`] where the base URL is none.
    pub fn with_transport(
        config: Config,
        transport: impl BlockingTransport,
        sleep: impl BlockingSleep,
    ) -> Result<Self, InvalidHost> {
        let (transport, sleep) = (Arc::new(transport), Arc::new(sleep));
        let options = Arc::default();
        Ok(Self { core: Core::new::<A>(config)?, options, transport, sleep, api: PhantomData })
    }

    /// The same client with another key, over the same connections: one key is one number.
    #[must_use]
    pub fn with_credentials(&self, key: ApiKey) -> Self {
        Self { core: self.core.with_key(key), ..self.clone() }
    }

    /// A client of another API, or of another part of this one, with the same key over the same connections. A base URL
    /// that was set replaces that host's too.
    ///
    /// # Errors
    /// [`InvalidHost`] where the base URL is none.
    pub fn with_host<B: Api>(&self, host: Host) -> Result<Client<B>, InvalidHost> {
        let (transport, sleep, options) = (self.transport.clone(), self.sleep.clone(), self.options.clone());
        Ok(Client { core: self.core.with_host(host)?, options, transport, sleep, api: PhantomData })
    }

    /// The same client with another rate limit, such as for a number that may send faster.
    #[must_use]
    pub fn with_rate_limit(&self, rate_limit: RateLimit) -> Self {
        Self { core: self.core.with_rate_limit(rate_limit), ..self.clone() }
    }

    /// The same client, over the same connections, for calls with these options, which replace any that it had.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { options: Arc::new(options), ..self.clone() }
    }

    /// The request that [`call`](Self::call) would send. Nothing is sent.
    ///
    /// # Errors
    /// [`Error`] where the endpoint's checks refuse it, or it cannot be built.
    pub fn request<E: Endpoint<Api = A>>(&self, endpoint: &E) -> Result<HttpRequest, Error> {
        call::request(&self.core, &self.options, endpoint)
    }

    /// Calls `endpoint`.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::outcome`] says what is known about what the call did.
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

    /// Sends a message, once the [`RateLimit`] allows it. The answer says that it was accepted, which is not delivered.
    ///
    /// # Errors
    /// See [`call`](Self::call). A message whose outcome is unknown is never sent again.
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
    /// A program that records each message before it sends it asks for the permit first, so that a message is not recorded as sent
    /// while it only waits for its turn. A permit that is dropped releases its slot.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the recipient is not valid, [`ErrorKind::Deadline`](crate::ErrorKind::Deadline)
    /// if the wait goes beyond the deadline, [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) with
    /// [`no_wait`](CallOptions::no_wait).
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

    /// Sends a message now or, where the [`RateLimit`] would have it wait, not at all.
    ///
    /// # Errors
    /// [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) where it would have to wait: nothing was sent, and the message can be given
    /// again. Otherwise as [`send`](Self::send).
    pub fn try_send(&self, message: A::Message) -> Result<SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.with_options(CallOptions::clone(&self.options).no_wait()).send(message)
    }

    /// Blocks any number of users, as many a request as the API takes, and reports on each in the order given: `block_users(["+16505551234"])`.
    ///
    /// Anything that converts into a [`Recipient`] may be given. A group, a parent BSUID and a number without country code are no users;
    /// one of them refuses the call before anything is sent.
    ///
    /// # Errors
    /// [`BlockUsersError`] where a request failed as a whole. It holds what was done until then, and who is left.
    pub fn block_users(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.block_users_with(users, A::Options::default())
    }

    /// Blocks users as [`block_users`](Self::block_users) does, with what the API takes beside them, such as a reason.
    ///
    /// # Errors
    /// [`BlockUsersError`].
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
    /// [`BlockUsersError`].
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

    /// Reports a user to WhatsApp, on the API that can.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub fn report_user(&self, report: A::Report) -> Result<(), Error>
    where
        A: ReportsUsers,
    {
        self.call(report)
    }

    /// The users who are blocked, page by page; `page_size` is the API's own where it is `None`.
    pub fn blocked_users(&self, page_size: Option<u32>) -> Pages<A::List>
    where
        A: BlocksUsers,
    {
        self.pages(A::list(page_size))
    }

    /// Every item of a paged endpoint, page by page, each once.
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
    /// Sends a message to the recipient of the permit. It goes out at once, unless the permit is older than a second or the server has
    /// throttled meanwhile: then it waits for its turn again.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the message is for somebody else. Otherwise as [`Client::send`].
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

/// The items of a paged endpoint. After an error there is nothing more.
#[must_use = "nothing is fetched until items are asked for"]
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
