//! The async client. Its loop differs from that of the blocking client by `.await` alone.
use super::{
    call::{self, Call, Step},
    change_blocks::{BlockUsersError, ChangeBlocks},
    config::Config,
    core::Core,
    pager::Pager,
    permit::{Slot, Waiting},
};
#[cfg(any(feature = "reqwest", feature = "hyper"))]
use crate::error::SetupError;
use crate::{
    endpoint::{
        Api, ApiKey, BlocksUsers, Endpoint, Host, InvalidHost, PagedEndpoint, ReportsUsers, SendsFiles,
        SendsMessages,
    },
    error::{Error, ErrorKind},
    exchange::HttpRequest,
    policy::{CallOptions, Place, RateLimit},
    transport::{AsyncSleep, AsyncTransport},
};
use d360_model::{
    Recipient, SendResponse,
    block::{BlockAnswer, BlockReport, User},
};
use futures_core::Stream;
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// The async client of API `A`. Cheap to clone; clones share connections, retry budget and rate limits.
pub struct Client<A: Api> {
    core: Arc<Core>,
    options: Arc<CallOptions>,
    transport: Arc<dyn AsyncTransport>,
    sleep: Arc<dyn AsyncSleep>,
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
        f.debug_struct("Client").field("api", &A::NAME).field("host", &self.core.host).finish_non_exhaustive()
    }
}

impl<A: Api> Client<A> {
    /// Creates a client over reqwest, or over hyper if only feature `hyper` is on. Needs a tokio runtime when it is
    /// used.
    ///
    /// # Errors
    /// Returns [`SetupError`] if the settings are invalid or TLS cannot be set up.
    #[cfg(any(feature = "reqwest", feature = "hyper"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "reqwest", feature = "hyper"))))]
    pub fn new(config: Config) -> Result<Self, SetupError> {
        #[cfg(feature = "reqwest")]
        let transport = crate::transport::ReqwestTransport::new(&config.connection)?;
        #[cfg(not(feature = "reqwest"))]
        let transport = crate::transport::HyperTransport::new(&config.connection)?;
        Self::on_tokio(config, transport)
    }

    /// Creates a client over hyper, with HTTP/1.1. Needs a tokio runtime when it is used.
    ///
    /// It behaves like a client over reqwest, with fewer crates and less work for each call. See
    /// [`HyperTransport`](crate::HyperTransport) for when to use which.
    ///
    /// # Errors
    /// Returns [`SetupError`] if the settings are invalid or TLS cannot be set up.
    #[cfg(feature = "hyper")]
    #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
    pub fn hyper(config: Config) -> Result<Self, SetupError> {
        let transport = crate::transport::HyperTransport::new(&config.connection)?;
        Self::on_tokio(config, transport)
    }

    #[cfg(any(feature = "reqwest", feature = "hyper"))]
    fn on_tokio(config: Config, transport: impl AsyncTransport) -> Result<Self, SetupError> {
        let client = Self::with_transport(config, transport, crate::transport::TokioSleep)?;
        client.core.needs_tls()?;
        Ok(client)
    }

    /// Creates a client over any transport.
    ///
    /// # Errors
    /// Returns [`InvalidHost`] if the base URL is invalid.
    pub fn with_transport(
        config: Config,
        transport: impl AsyncTransport,
        sleep: impl AsyncSleep,
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

    /// Calls `endpoint`. If the future is dropped, the call ends and its outcome is unknown.
    ///
    /// # Errors
    /// Returns [`Error`]; [`Error::outcome`] says whether the call took effect.
    pub async fn call<E: Endpoint<Api = A>>(&self, endpoint: E) -> Result<E::Response, Error> {
        self.drive(endpoint, None).await
    }

    async fn drive<E: Endpoint<Api = A>>(
        &self,
        endpoint: E,
        place: Option<Place>,
    ) -> Result<E::Response, Error> {
        let mut call = Call::<E>::new(&self.core, &self.options, endpoint, place, self.sleep.now())?;
        loop {
            match call.step(self.sleep.now()) {
                Step::Wait(wait) => self.sleep.sleep(wait).await,
                Step::Send => {
                    let answer = self.transport.send(call.attempt()).await;
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
    // Not an `async fn`, which would hold the message twice in what most programs spawn.
    pub fn send(&self, message: A::Message) -> impl Future<Output = Result<SendResponse, Error>> + Send
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
    pub async fn send_file(
        &self,
        to: impl Into<Recipient>,
        file: impl Into<A::File>,
    ) -> Result<SendResponse, Error>
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
        let answer = self.with_options(options).call(upload).await?;
        self.send(A::uploaded(message, answer)).await
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
    pub async fn ready(&self, recipient: impl Into<Recipient>) -> Result<Permit<A>, Error>
    where
        A: SendsMessages,
    {
        let (meta, now) = (A::Send::META, self.sleep.now());
        let mut waiting = Waiting::new(&self.core, &self.options, meta, recipient.into(), now)?;
        while let Some(wait) = waiting.step(self.sleep.now())? {
            self.sleep.sleep(wait).await;
        }
        Ok(Permit { client: self.clone(), slot: waiting.slot() })
    }

    /// Sends a message immediately, or not at all if the [`RateLimit`] requires a wait.
    ///
    /// # Errors
    /// Returns [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) if the message would have to wait: nothing was
    /// sent, and it can be sent later. Otherwise like [`send`](Self::send).
    pub async fn try_send(&self, message: A::Message) -> Result<SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.with_options(CallOptions::clone(&self.options).no_wait()).send(message).await
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
    pub async fn block_users(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.block_users_with(users, A::Options::default()).await
    }

    /// Blocks users like [`block_users`](Self::block_users), with additional options of the API, such as a reason.
    ///
    /// # Errors
    /// Returns [`BlockUsersError`].
    pub async fn block_users_with(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
        options: A::Options,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.change(users, |users| A::block(users, &options)).await
    }

    /// Unblocks any number of users; see [`block_users`](Self::block_users).
    ///
    /// # Errors
    /// Returns [`BlockUsersError`].
    pub async fn unblock_users(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.change(users, A::unblock).await
    }

    async fn change<E>(
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
        let mut under_way: Vec<(Range<usize>, BoxedCall<'_, E>)> = Vec::new();
        loop {
            while under_way.len() < A::CALLS_AT_ONCE
                && let Some(chunk) = change.next_chunk()
            {
                let call = self.call(endpoint(change.users(&chunk)));
                under_way.push((chunk, Box::pin(call)));
            }
            let Some((chunk, answer)) = first::<E>(&mut under_way).await else { return change.finish() };
            change.answered(&chunk, answer);
        }
    }

    /// Reports a user to WhatsApp, on the API that supports it.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub async fn report_user(&self, report: A::Report) -> Result<(), Error>
    where
        A: ReportsUsers,
    {
        self.call(report).await
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
        let client = self.clone();
        let call = Box::new(move |endpoint| -> BoxedCall<'static, E> {
            let client = client.clone();
            Box::pin(async move { client.call(endpoint).await })
        });
        Pages { pager: Pager::new(first), call, under_way: None }
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
    pub async fn send(self, message: A::Message) -> Result<SendResponse, Error> {
        let endpoint = A::send(message);
        self.slot.check(&endpoint)?;
        self.client.drive(endpoint, self.slot.place).await
    }
}

impl<A: Api> fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("recipient", &self.slot.recipient).finish_non_exhaustive()
    }
}

type BoxedCall<'c, E> = Pin<Box<dyn Future<Output = Result<<E as Endpoint>::Response, Error>> + Send + 'c>>;

/// Returns the first call that ends, or `None` if there are none.
async fn first<E: Endpoint>(
    calls: &mut Vec<(Range<usize>, BoxedCall<'_, E>)>,
) -> Option<(Range<usize>, Result<E::Response, Error>)> {
    if calls.is_empty() {
        return None;
    }
    let (at, answer) = std::future::poll_fn(|context| {
        for (at, (_, call)) in calls.iter_mut().enumerate() {
            if let Poll::Ready(answer) = call.as_mut().poll(context) {
                return Poll::Ready((at, answer));
            }
        }
        Poll::Pending
    })
    .await;
    Some((calls.swap_remove(at).0, answer))
}

/// The items of a paged endpoint: a [`Stream`], with [`next`](Self::next) for programs without stream adapters.
#[must_use = "nothing is fetched until items are requested"]
pub struct Pages<E: PagedEndpoint> {
    pager: Pager<E>,
    call: Box<dyn Fn(E) -> BoxedCall<'static, E> + Send + Sync>,
    under_way: Option<BoxedCall<'static, E>>,
}

impl<E: PagedEndpoint> Pages<E> {
    /// Returns the next item, or `None` at the end and after an error.
    pub async fn next(&mut self) -> Option<Result<E::Item, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
    /// Collects the remaining items.
    ///
    /// # Errors
    /// Returns the first error.
    pub async fn all(mut self) -> Result<Vec<E::Item>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }
}

impl<E: PagedEndpoint> Stream for Pages<E> {
    type Item = Result<E::Item, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.pager.pop() {
                return Poll::Ready(Some(item));
            }
            let call = match &mut this.under_way {
                Some(call) => call,
                None => match this.pager.request() {
                    Some(endpoint) => this.under_way.insert((this.call)(endpoint)),
                    None => return Poll::Ready(None),
                },
            };
            let Poll::Ready(page) = call.as_mut().poll(context) else { return Poll::Pending };
            this.under_way = None;
            this.pager.answered(page);
        }
    }
}

impl<E: PagedEndpoint> fmt::Debug for Pages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("endpoint", &E::META.name).finish_non_exhaustive()
    }
}
