//! The async client. The loop of a call differs from its blocking twin's by `.await` alone.
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
    /// A client over reqwest. Needs feature `reqwest` and, when it is used, a tokio runtime.
    ///
    /// # Errors
    /// [`SetupError`](crate::SetupError) where the settings are wrong or TLS cannot be set up.
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn new(config: Config) -> Result<Self, crate::error::SetupError> {
        let transport = crate::transport::ReqwestTransport::new(&config.connection)?;
        let client = Self::with_transport(config, transport, crate::transport::TokioSleep)?;
        client.core.needs_tls()?;
        Ok(client)
    }

    /// A client over any transport.
    ///
    /// # Errors
    /// [`InvalidHost`] where the base URL is none.
    pub fn with_transport(
        config: Config,
        transport: impl AsyncTransport,
        sleep: impl AsyncSleep,
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

    /// Calls `endpoint`. Dropping the future ends the call, whose outcome is then unknown.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::outcome`] says what is known about what the call did.
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

    /// Sends a message, once the [`RateLimit`] allows it. The answer says that it was accepted, which is not delivered.
    ///
    /// # Errors
    /// See [`call`](Self::call). A message whose outcome is unknown is never sent again.
    // No `async fn`: it would hold the message a second time, in what most programs spawn.
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
    /// A program that records each message before it sends it asks for the permit first, so that a message is not recorded as sent
    /// while it only waits for its turn. A permit that is dropped releases its slot.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the recipient is not valid, [`ErrorKind::Deadline`](crate::ErrorKind::Deadline)
    /// if the wait goes beyond the deadline, [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) with
    /// [`no_wait`](CallOptions::no_wait).
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

    /// Sends a message now or, where the [`RateLimit`] would have it wait, not at all.
    ///
    /// # Errors
    /// [`ErrorKind::WouldWait`](crate::ErrorKind::WouldWait) where it would have to wait: nothing was sent, and the message can be given
    /// again. Otherwise as [`send`](Self::send).
    pub async fn try_send(&self, message: A::Message) -> Result<SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.with_options(CallOptions::clone(&self.options).no_wait()).send(message).await
    }

    /// Blocks any number of users, as many a request as the API takes, and reports on each in the order given: `block_users(["+16505551234"])`.
    ///
    /// Anything that converts into a [`Recipient`] may be given. A group, a parent BSUID and a number without country code are no users;
    /// one of them refuses the call before anything is sent.
    ///
    /// # Errors
    /// [`BlockUsersError`] where a request failed as a whole. It holds what was done until then, and who is left.
    pub async fn block_users(
        &self,
        users: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        self.block_users_with(users, A::Options::default()).await
    }

    /// Blocks users as [`block_users`](Self::block_users) does, with what the API takes beside them, such as a reason.
    ///
    /// # Errors
    /// [`BlockUsersError`].
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
    /// [`BlockUsersError`].
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

    /// Reports a user to WhatsApp, on the API that can.
    ///
    /// # Errors
    /// See [`call`](Self::call).
    pub async fn report_user(&self, report: A::Report) -> Result<(), Error>
    where
        A: ReportsUsers,
    {
        self.call(report).await
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
    /// Sends a message to the recipient of the permit. It goes out at once, unless the permit is older than a second or the server has
    /// throttled meanwhile: then it waits for its turn again.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the message is for somebody else. Otherwise as [`Client::send`].
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

/// The first of the calls that ends; `None` where there are none.
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

/// The items of a paged endpoint: a [`Stream`], and [`next`](Self::next) for those who have no stream adapters.
#[must_use = "nothing is fetched until items are asked for"]
pub struct Pages<E: PagedEndpoint> {
    pager: Pager<E>,
    call: Box<dyn Fn(E) -> BoxedCall<'static, E> + Send + Sync>,
    under_way: Option<BoxedCall<'static, E>>,
}

impl<E: PagedEndpoint> Pages<E> {
    /// The next item, or `None` at the end. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<E::Item, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
    /// All that are left.
    ///
    /// # Errors
    /// The first that occurs.
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
