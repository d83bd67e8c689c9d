//! One road for every call: from a message to an answer.
//!
//! A mutation gives up its personal text first; what is left is digested, so that a retry can be
//! told from another request for ever, while the text itself stays erasable. The text is sealed,
//! the command submitted, and the answer built from the record, the same for the first time and
//! for every retry.
//!
//! **Invariant**: nothing a person wrote is logged: method, reason, book, position and time only.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use prost::Message;
use sha2::{Digest, Sha256};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

use crate::api::convert::{self, Checked};
use crate::api::door::{Declared, Declares, Door, Passed, Who};
use crate::api::errors::{Fault, Problem};
use crate::api::sight::{Sight, Sort};
use crate::api::v1;
use crate::attachments::Files;
use crate::domain::access::Author;
use crate::domain::approval::{Approval, Approve, approval_name};
use crate::domain::day::Day;
use crate::domain::decide::{Action, Command, Form};
use crate::domain::id::{Entity, Id, LKM, RequestId, RowName};
use crate::domain::record::{Effect, Event, Outcome, Record, Row};
use crate::domain::refusal::{Language, Reason, Refusal};
use crate::journal::{Answer, JournalHandle, Priority, courier, mover};
use crate::signing::Signing;
use crate::storage::SideRow;
use crate::storage::access::Lookup;
use crate::storage::read::{Reader, RegisterRow, Snapshot};
use crate::vault::{Vault, explanation_side, explanation_text};

/// The longest memo, in characters.
const MEMO: usize = 1000;

/// The longest sentence that says why something personal is looked at, in characters.
pub(crate) const EXPLANATION: usize = 200;

/// What all services share: where commands go, where answers are read, who opens personal text.
#[derive(Debug)]
pub struct Desk {
    /// Takes commands.
    pub journal: JournalHandle,
    /// Answers questions.
    pub reader: Reader,
    /// Seals and opens personal text.
    pub vault: Vault,
    /// Signs checkpoints.
    pub signing: Signing,
    /// Knows callers and their roles.
    pub door: Door,
    /// Keeps the files of attachments.
    pub files: Files,
    /// The largest file that is attached, in bytes.
    pub largest_file: u64,
}

/// The services of `simpul.v1`; cheap to clone.
#[derive(Clone, Debug)]
pub struct Api(Arc<Desk>);

/// Who calls, and in which language they read.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// As the server knows them.
    pub who: Who,
    /// The language of texts.
    pub language: Language,
    /// The queue its commands wait in.
    pub priority: Priority,
    /// When the call must have ended; none for never.
    pub until: Option<tokio::time::Instant>,
}

/// A method's request, which knows its answer.
pub(crate) trait Method: Named + Declares + Send + Sync + Sized + 'static {
    /// The answer.
    type Response: Send;

    /// Does what is asked. Errors: as the method's comment in the proto says.
    fn answer(self, call: &Call<'_>) -> impl Future<Output = Checked<Self::Response>> + Send;
}

/// A request's name, which tells it from those of all other methods. It is part of digests that
/// are kept for ever.
pub(crate) trait Named {
    /// E.g. `/simpul.v1.SavingsService/DepositRequest`.
    const NAME: &'static str;
}

/// The answers of a streaming method.
pub(crate) type Answers<T> = ReceiverStream<Result<T, Status>>;

/// Implements a service by its methods' requests. A method that answers with a stream also names
/// the stream's type, as the generated trait calls it.
macro_rules! service {
    ($server:ident::$service:ident {
        $($method:ident: $request:ident => $response:ident;)+
    } $(streams { $($streaming:ident as $stream:ident: $asked:ident => $item:ident;)+ })?) => {
        $(impl crate::api::desk::Named for crate::api::v1::$request {
            const NAME: &'static str =
                concat!("/simpul.v1.", stringify!($service), "/", stringify!($request));
        })+
        $($(impl crate::api::desk::Named for crate::api::v1::$asked {
            const NAME: &'static str =
                concat!("/simpul.v1.", stringify!($service), "/", stringify!($asked));
        })+)?

        #[tonic::async_trait]
        impl crate::api::v1::$server::$service for crate::api::desk::Api {
            $(async fn $method(
                &self,
                request: tonic::Request<crate::api::v1::$request>,
            ) -> Result<tonic::Response<crate::api::v1::$response>, tonic::Status> {
                self.serve(request).await
            })+
            $($(type $stream = crate::api::desk::Answers<crate::api::v1::$item>;

            async fn $streaming(
                &self,
                request: tonic::Request<crate::api::v1::$asked>,
            ) -> Result<tonic::Response<Self::$stream>, tonic::Status> {
                self.serve(request).await
            })+)?
        }
    };
}
pub(crate) use service;

impl Api {
    /// The services over a desk.
    pub fn new(desk: Desk) -> Api {
        Api(Arc::new(desk))
    }

    /// Knows callers and their roles.
    pub fn door(&self) -> &Door {
        &self.0.door
    }

    /// Serves one call, and logs what came of it.
    pub(crate) fn serve<M: Method>(
        &self,
        mut request: Request<M>,
    ) -> impl Future<Output = Result<Response<M::Response>, Status>> + Send {
        let began = Instant::now();
        let caller = request.extensions_mut().remove::<Caller>().unwrap_or_default();
        let request = request.into_inner();
        let name = request.scope().to_owned();
        async move {
            let passed = self.0.door.pass(&caller.who, &request, async |book| {
                self.0.sealed_explanation(book, request.explanation()).await
            });
            let (passed, refused) = match passed.await {
                Ok(passed) => (passed, None),
                Err(problem) => (Passed::default(), Some(problem)),
            };
            let call = Call { api: self, desk: &self.0, caller, passed, seen: OnceLock::new() };
            let result = match refused {
                None => call.answered(request, &name).await,
                Some(problem) => Err(problem),
            };
            call.log(M::NAME, began, result.as_ref().err());
            result.map(Response::new).map_err(|problem| problem.status(call.caller.language))
        }
    }
}

impl Desk {
    /// A sentence that says why, as the access log keeps it; nothing for what is not well-formed,
    /// which the method refuses.
    async fn sealed_explanation(&self, book: &Id, explanation: &str) -> Checked<String> {
        let Ok(text) = convert::required_line(explanation, EXPLANATION, "") else {
            return Ok(String::new());
        };
        let sides = self.vault.seal(book, &[(LKM, &text)]).await?;
        Ok(sides.iter().map(explanation_text).collect())
    }
}

/// One call.
pub(crate) struct Call<'a> {
    api: &'a Api,
    desk: &'a Desk,
    caller: Caller,
    /// As what they were let in.
    passed: Passed,
    /// The book and position the answer rests on, for the log.
    seen: OnceLock<(Id, u64)>,
}

/// The part of a call that outlives its first answer: a stream.
pub(crate) struct Lasting {
    api: Api,
    caller: Caller,
}

impl Lasting {
    /// The reader.
    pub(crate) fn reader(&self) -> &Reader {
        &self.api.0.reader
    }

    /// The language of texts.
    pub(crate) fn language(&self) -> Language {
        self.caller.language
    }

    /// Ends work at the call's deadline, and when the server is going down.
    pub(crate) async fn bound(&self, work: impl Future<Output = Checked<()>>) -> Checked<()> {
        let deadline = async {
            match self.caller.until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            done = work => done,
            () = deadline => Err(Fault::DeadlineExceeded.into()),
            () = self.api.0.journal.stopping() => Err(Fault::Stopping.into()),
        }
    }

    /// Whether the caller would be let in still.
    pub(crate) async fn may_go_on(&self, about: &Declared, name: &str) -> Checked<()> {
        self.api.0.door.may_go_on(&self.caller.who, about, name).await
    }
}

/// A request that changes something.
pub(crate) trait Mutation: Named + prost::Message + Default + 'static {
    /// What the domain calls a field, and where it stands in the request, where the two differ.
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    /// The client's id of the request.
    fn request_id(&mut self) -> &mut String;

    /// The details of a transaction, if it has any.
    fn details(&mut self) -> Option<&mut v1::TransactionDetails> {
        None
    }

    /// Personal text besides the memo.
    fn texts(&mut self) -> Vec<&mut String> {
        Vec::new()
    }

    /// The commitments to [`texts`](Mutation::texts) in what was recorded, in the same order.
    fn commitments(&self, _effect: &Effect) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Checks the fields and says what is asked. `texts` are those taken out of the request.
    fn plan(&self, texts: &[String]) -> Checked<Plan>;
}

/// The accessors of a mutation without transaction details.
macro_rules! plain {
    () => {
        fn request_id(&mut self) -> &mut String {
            &mut self.request_id
        }
    };
}
pub(crate) use plain;

/// The accessors of a mutation with transaction details.
macro_rules! detailed {
    () => {
        fn request_id(&mut self) -> &mut String {
            &mut self.request_id
        }

        fn details(&mut self) -> Option<&mut crate::api::v1::TransactionDetails> {
            self.details.as_mut()
        }
    };
}
pub(crate) use detailed;

/// The mutations that answer with their transaction and nothing else.
macro_rules! transactions {
    ($($request:ident => $response:ident;)+) => {
        $(impl crate::api::desk::Method for crate::api::v1::$request {
            type Response = crate::api::v1::$response;

            async fn answer(
                self,
                call: &crate::api::desk::Call<'_>,
            ) -> crate::api::convert::Checked<Self::Response> {
                let done = call.submit(self).await?;
                Ok(Self::Response { transaction: Some(done.transaction(call)) })
            }
        })+
    };
}
pub(crate) use transactions;

/// Makes the action once the commitments to its texts are known.
type Build = Box<dyn FnOnce(Vec<Vec<u8>>) -> Arc<dyn Action> + Send>;

/// What a mutation asks for.
pub(crate) struct Plan {
    book: Id,
    /// Whose key the texts are under.
    owner: String,
    /// Whose key the memo is under.
    memo_owner: String,
    happened_on: Option<Day>,
    build: Build,
}

impl Plan {
    /// An action without personal text but the memo, which belongs to `entity`.
    pub(crate) fn new(book: Id, entity: &Entity, action: impl Action + 'static) -> Plan {
        Plan::sealed(book, entity.path(), |_| action).memo_of(entity)
    }

    /// An action with personal text under the key of `owner`.
    pub(crate) fn sealed<A: Action + 'static>(
        book: Id,
        owner: String,
        build: impl FnOnce(Vec<Vec<u8>>) -> A + Send + 'static,
    ) -> Plan {
        let memo_owner = owner.clone();
        let build: Build = Box::new(move |commitments| Arc::new(build(commitments)));
        Plan { book, owner, memo_owner, happened_on: None, build }
    }

    /// The same, with the memo under the key of an entity.
    pub(crate) fn memo_of(mut self, entity: &Entity) -> Plan {
        self.memo_owner = entity.path();
        self
    }

    /// The same, on a day that stands outside of the details.
    pub(crate) fn on(mut self, day: Option<Day>) -> Plan {
        self.happened_on = day;
        self
    }
}

/// The commitments to a request's texts in what was recorded.
type Commitments = Box<dyn Fn(&Effect) -> Vec<Vec<u8>> + Send + Sync>;

/// A checked mutation, no matter which.
pub(crate) struct Prepared {
    id: RequestId,
    digest: Vec<u8>,
    /// The name of the request, and what is left of it.
    form: (&'static str, Vec<u8>),
    plan: Plan,
    details: v1::TransactionDetails,
    memo: String,
    texts: Vec<String>,
    terms: Terms,
}

/// How a request speaks of what the domain decides.
struct Terms {
    fields: &'static [(&'static str, &'static str)],
    has_details: bool,
    commitments: Commitments,
}

impl Prepared {
    /// Takes the personal text out of a request, digests the rest and checks all of it.
    pub(crate) fn new<M: Mutation>(mut request: M) -> Checked<Prepared> {
        let id = convert::request_id(&mem::take(request.request_id()))?;
        let memo = request.details().map(|details| mem::take(&mut details.memo));
        let memo = memo.unwrap_or_default();
        let texts: Vec<String> = request.texts().into_iter().map(mem::take).collect();
        let form = (M::NAME, request.encode_to_vec());
        let digest = digest(form.0, &form.1);
        let plan = request.plan(&texts)?;
        convert::prose(&memo, MEMO, "details.memo")?;
        let details = request.details().map(|details| details.clone());
        let has_details = details.is_some();
        let commitments = Box::new(move |effect: &Effect| request.commitments(effect));
        let terms = Terms { fields: M::FIELDS, has_details, commitments };
        let details = details.unwrap_or_default();
        Ok(Prepared { id, digest, form, plan, details, memo, texts, terms })
    }
}

impl Terms {
    /// A problem with its field as the request calls it.
    fn speak(&self, mut problem: Problem) -> Problem {
        let Problem::Refused(refusal) = &mut problem else { return problem };
        if let Some((list, rest)) = refusal.field.split_once('[')
            && let Some((index, of_item)) = rest.split_once(']')
        {
            let list = self.own(list);
            refusal.field = match of_item.strip_prefix('.') {
                Some(field) => format!("{list}[{index}].{}", self.own(field)),
                None => format!("{list}[{index}]"),
            };
        } else if self.has_details && matches!(refusal.field.as_str(), "happened_on" | "meeting") {
            refusal.field.insert_str(0, "details.");
        } else {
            refusal.field = self.own(&refusal.field).to_owned();
        }
        problem
    }

    /// A field, a list or the field of an item, as the request calls it.
    fn own<'a>(&'a self, name: &'a str) -> &'a str {
        self.fields.iter().find(|(domain, _)| *domain == name).map_or(name, |(_, own)| own)
    }
}

fn digest(name: &str, request: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(name).chain_update([0]).chain_update(request).finalize().to_vec()
}

/// The record that answers a request, and whether it had been decided before.
fn accepted(answer: Answer) -> Checked<(Arc<Record>, bool)> {
    match answer {
        Answer::Done { record, replayed } => Ok((record, replayed)),
        Answer::Reused { .. } => Err(Fault::RequestIdReused.on("request_id")),
        Answer::NoBook(refusal) => Err(refusal.into()),
        Answer::Failed(error) => {
            tracing::warn!(%error, "storage");
            Err(Fault::StorageFailed.into())
        }
        Answer::Unavailable(error) => {
            tracing::error!(%error, "book unavailable");
            Err(Fault::BookUnavailable.into())
        }
    }
}

/// An accepted mutation.
pub(crate) struct Done {
    /// The book.
    pub(crate) book: Id,
    /// The record that answers it.
    pub(crate) record: Arc<Record>,
    memo: String,
    memo_erased: bool,
}

/// What waits for a second person, if that is what came of a request.
fn waiting<'r>(record: &Record, effect: &'r Effect) -> Option<&'r Approval> {
    let asked = record.event == Event::ApprovalAsked;
    effect.rows.iter().filter(|_| asked).find_map(|(_, row)| match row {
        Row::Approval(row) => Some(row),
        _ => None,
    })
}

impl Call<'_> {
    /// What a method answers about something; what it hides is kept in the access log.
    async fn answered<M: Method>(&self, request: M, name: &str) -> Checked<M::Response> {
        let result = request.answer(self).await;
        if let Err(problem) = &result {
            let who = &self.caller.who;
            Box::pin(self.desk.door.note_refused(who, &M::DECLARED, name, problem)).await?;
        }
        result
    }

    /// Logs what came of it.
    fn log(&self, method: &str, began: Instant, problem: Option<&Problem>) {
        let (book, position) = self.seen.get().map_or(("", 0), |(book, at)| (book.as_str(), *at));
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        match problem {
            None => tracing::debug!(method, code = ?Code::Ok, book, position, micros, "call"),
            Some(problem) => {
                let (code, reason) = (problem.code(), problem.reason());
                tracing::info!(method, ?code, reason, book, position, micros, "call");
            }
        }
    }

    /// Who calls, and as what they were let in.
    pub(crate) fn caller(&self) -> (&Who, &Passed) {
        (&self.caller.who, &self.passed)
    }

    /// Knows callers and their roles.
    pub(crate) fn door(&self) -> &Door {
        &self.desk.door
    }

    /// The language of texts.
    pub(crate) fn language(&self) -> Language {
        self.caller.language
    }

    /// Submits a mutation and waits until what came of it is durable.
    pub(crate) fn submit<M: Mutation>(
        &self,
        request: M,
    ) -> impl Future<Output = Checked<Done>> + Send {
        let prepared = Prepared::new(request);
        async move { self.run(prepared?).await }
    }

    /// Submits what the server itself has to do for a request, under an id made from it; whatever
    /// was done before is not done again.
    pub(crate) async fn follow_up(
        &self,
        book: &Id,
        request: RequestId,
        happened_on: Day,
        action: Arc<dyn Action>,
    ) -> Checked<Arc<Record>> {
        let digest = Sha256::digest(request.as_str()).to_vec();
        let author = self.passed.author.clone();
        let command = Command::of_server(book, request, digest, author, action);
        let command = Command { happened_on: Some(happened_on), ..command };
        let answer = self.desk.journal.submit(command, Vec::new(), Priority::Bulk).await?;
        let (record, _) = accepted(answer)?;
        match &record.outcome {
            Outcome::Done(_) => Ok(record),
            Outcome::Refused(refusal) => Err(refusal.clone().into()),
        }
    }

    /// The same by another plan, which rests on what the books were found to hold.
    pub(crate) fn submit_as<M: Mutation>(
        &self,
        request: M,
        plan: Plan,
    ) -> impl Future<Output = Checked<Done>> + Send {
        let prepared = Prepared::new(request).map(|prepared| Prepared { plan, ..prepared });
        async move { self.run(prepared?).await }
    }

    /// The same for all mutations, so that it is compiled once. What few of them wait for is boxed:
    /// the future of a call is as large as the largest thing it may wait for, and is moved.
    async fn run(&self, prepared: Prepared) -> Checked<Done> {
        let Prepared { id, digest, form, plan, details, memo, texts, terms } = prepared;
        let book = plan.book.clone();
        let mut all: Vec<(&str, &str)> = vec![(&plan.memo_owner, &memo)];
        all.extend(texts.iter().map(|text| (plan.owner.as_str(), text.as_str())));
        let (commitments, sides) = self.seal(&book, &all).await?;
        let command = self.command((id, digest), form, plan, &details, commitments)?;
        let answer = self.desk.journal.submit(command, sides, self.caller.priority);
        let (record, replayed) = accepted(answer.await?).map_err(|problem| terms.speak(problem))?;
        self.saw(&book, record.position);
        let effect = match &record.outcome {
            Outcome::Done(effect) => effect,
            Outcome::Refused(refusal) => return Err(terms.speak(refusal.clone().into())),
        };
        let waits = waiting(&record, effect);
        let mut memo_erased = false;
        if replayed {
            let commitments = match waits {
                Some(row) => row.texts.clone(),
                None => [vec![effect.memo.clone()], (terms.commitments)(effect)].concat(),
            };
            // What stands in no row, such as that of a report in suspense, is not compared.
            let texts = std::iter::once(&memo).chain(&texts).take(commitments.len());
            memo_erased = Box::pin(self.compare(&book, &commitments, texts)).await?;
        }
        if let (Some(_), Some(request)) = (waits, &record.request) {
            let name = convert::row_name(&book, approval_name(request));
            return Err(Refusal::new(Reason::AwaitsApproval).with("name", name).into());
        }
        self.carry(&book, effect).await;
        let memo = if memo_erased { String::new() } else { memo };
        Ok(Done { book, record, memo, memo_erased })
    }

    /// Decides anew what was asked before, now that somebody else agrees: as who asked, with the
    /// texts as they were sealed then, under the id of who agrees. `memo` is its text and whether it
    /// was erased.
    pub(crate) async fn agree(
        &self,
        mut agreed: v1::ApproveRequest,
        row: &Approval,
        asked: Prepared,
        memo: (String, bool),
        agree: impl FnOnce(Arc<dyn Action>) -> Approve,
    ) -> Checked<Done> {
        let id = convert::request_id(&mem::take(&mut agreed.request_id))?;
        let digest = digest(v1::ApproveRequest::NAME, &agreed.encode_to_vec());
        let Prepared { form, plan, details, terms, .. } = asked;
        let book = plan.book.clone();
        let command = self.command((id, digest), form, plan, &details, row.texts.clone())?;
        let author = Author {
            actor: row.maker.clone(),
            device: row.device.clone(),
            role: row.role(),
            approver: self.passed.author.actor.clone(),
        };
        let action = Arc::new(agree(command.action));
        let command = Command { author, action, ..command };
        let answer = self.desk.journal.submit(command, Vec::new(), self.caller.priority);
        let (record, _) = accepted(answer.await?)?;
        self.saw(&book, record.position);
        match &record.outcome {
            Outcome::Refused(refusal) => Err(terms.speak(refusal.clone().into())),
            Outcome::Done(effect) => {
                self.carry(&book, effect).await;
                Ok(Done { book, record, memo: memo.0, memo_erased: memo.1 })
            }
        }
    }

    /// The command of a request whose texts have these commitments, that of the memo first.
    fn command(
        &self,
        (request, digest): (RequestId, Vec<u8>),
        (method, left): (&'static str, Vec<u8>),
        plan: Plan,
        details: &v1::TransactionDetails,
        commitments: Vec<Vec<u8>>,
    ) -> Checked<Command> {
        let happened_on = match plan.happened_on {
            Some(day) => Some(day),
            None => convert::optional_day(details.happened_on.as_ref(), "details.happened_on")?,
        };
        let evidence = convert::evidence(details.evidence.as_ref())?;
        let meeting = convert::meeting(&details.meeting, &plan.book)?;
        let form = Form { method, request: left, texts: commitments.clone() };
        let mut texts = commitments.into_iter();
        let memo = texts.next().unwrap_or_default();
        Ok(Command {
            book: plan.book,
            request,
            digest,
            author: self.passed.author.clone(),
            happened_on,
            memo,
            evidence,
            meeting,
            action: (plan.build)(texts.collect()),
            form,
        })
    }

    /// Seals what is not empty; commitments are in the same order, empty for empty texts.
    async fn seal(
        &self,
        book: &Id,
        texts: &[(&str, &str)],
    ) -> Checked<(Vec<Vec<u8>>, Vec<SideRow>)> {
        let filled: Vec<(&str, &str)> =
            texts.iter().copied().filter(|(_, text)| !text.is_empty()).collect();
        if filled.is_empty() {
            return Ok((vec![Vec::new(); texts.len()], Vec::new()));
        }
        let sides = Box::pin(self.desk.vault.seal(book, &filled)).await?;
        let mut sealed = sides.iter().map(|side| side.commitment.to_vec());
        let commitment = |(_, text): &(&str, &str)| {
            if text.is_empty() { Vec::new() } else { sealed.next().unwrap_or_default() }
        };
        Ok((texts.iter().map(commitment).collect(), sides))
    }

    /// Compares the personal text of a retry with what was recorded, and says whether the first
    /// of them, the memo, was erased since. What was erased cannot be compared.
    async fn compare<'t>(
        &self,
        book: &Id,
        commitments: &[Vec<u8>],
        texts: impl Iterator<Item = &'t String>,
    ) -> Checked<bool> {
        if commitments.iter().all(Vec::is_empty) {
            return match texts.into_iter().all(String::is_empty) {
                true => Ok(false),
                false => Err(Fault::RequestIdReused.on("request_id")),
            };
        }
        let mut snapshot = self.desk.reader.snapshot(book).await?;
        let opened = self.open_fully(&mut snapshot, book, commitments.iter()).await?;
        for (commitment, text) in commitments.iter().zip(texts) {
            let (held, erased) = opened.text(Sort::Memo, commitment);
            if !erased && held != *text {
                return Err(Fault::RequestIdReused.on("request_id"));
            }
        }
        Ok(commitments.first().is_some_and(|memo| opened.text(Sort::Memo, memo).1))
    }

    /// Brings passes that a record tells of to other books, and words on them back, at once. What
    /// cannot be brought now waits for the courier's next round.
    async fn carry(&self, book: &Id, effect: &Effect) {
        let Some(giver) = courier::concerned(book, effect) else { return };
        let bringing = courier::bring_all(&self.desk.journal, &self.desk.reader, &giver);
        if let Err(error) = Box::pin(bringing).await {
            tracing::warn!(%error, "passes wait for the next round");
        }
    }

    /// Brings a book's groups that left to their new books at once; what cannot be brought now
    /// waits for the mover's next round.
    pub(crate) async fn bring_moves(&self, book: &Id) {
        let Desk { journal, reader, vault, .. } = self.desk;
        if let Err(error) = mover::bring_moves(journal, reader, vault, book).await {
            tracing::warn!(%error, "groups wait for the next round");
        }
    }

    // ---- reading --------------------------------------------------------------------------

    /// A snapshot of a book. Errors: `NOT_FOUND`.
    pub(crate) async fn snapshot(&self, book: &Id, field: &str) -> Checked<Snapshot> {
        let snapshot = self.desk.reader.snapshot(book).await?;
        if snapshot.head().size == 0 {
            return Err(not_found(&convert::book_name(book), field));
        }
        self.saw(book, snapshot.head().size);
        Ok(snapshot)
    }

    /// A snapshot of a book that has this entity. Errors: `NOT_FOUND`.
    pub(crate) async fn snapshot_of(
        &self,
        book: &Id,
        entity: &Entity,
        field: &str,
    ) -> Checked<Snapshot> {
        let mut snapshot = self.snapshot(book, field).await?;
        let name = match entity {
            Entity::Kube(group) => RowName::group(group),
            Entity::Lkm => RowName::book(),
        };
        match self.row(&mut snapshot, &name, field).await? {
            Row::Book(book) if book.lkm_name.is_empty() => Err(not_found("lkm", field)),
            _ => Ok(snapshot),
        }
    }

    /// The ids of the books in which the caller holds a role today: for whoever manages the
    /// server's access, and where nobody has to sign in, all of them. Asks once for each book.
    pub(crate) async fn books_known(&self) -> Checked<Vec<Id>> {
        let mut books = self.desk.reader.books().await?;
        if let Who::User(user) = &self.caller.who {
            let mut known = Vec::new();
            for book in books {
                if !self.desk.door.held(user, &book).await?.is_empty() {
                    known.push(book);
                }
            }
            books = known;
        }
        Ok(books)
    }

    /// Takes commands, for work that goes on after the call's own answer.
    pub(crate) fn journal(&self) -> &JournalHandle {
        &self.desk.journal
    }

    /// The reader, for work that goes on after the call's own answer.
    pub(crate) fn reader(&self) -> &Reader {
        &self.desk.reader
    }

    /// What an answer needs that goes on after the call's own.
    pub(crate) fn lasting(&self) -> Lasting {
        Lasting { api: self.api.clone(), caller: self.caller.clone() }
    }

    /// Takes a book's commands in again, now that it is decided to go on.
    pub(crate) fn thaw(&self, book: &Id) {
        self.desk.journal.thaw(book);
    }

    /// The files of attachments.
    pub(crate) fn files(&self) -> &Files {
        &self.desk.files
    }

    /// The largest file that is attached, in bytes.
    pub(crate) fn largest_file(&self) -> u64 {
        self.desk.largest_file
    }

    /// The signing keys.
    pub(crate) fn signing(&self) -> &Signing {
        &self.desk.signing
    }

    /// A register row. Errors: `NOT_FOUND`.
    pub(crate) async fn row(
        &self,
        snapshot: &mut Snapshot,
        name: &RowName,
        field: &str,
    ) -> Checked<Row> {
        let found = snapshot.row(name).await?;
        found.map(|found| found.row).ok_or_else(|| not_found(&name.to_string(), field))
    }

    /// A page of a collection, and the token of the next page.
    pub(crate) async fn rows(
        &self,
        snapshot: &mut Snapshot,
        parent: &str,
        page: &Page,
    ) -> Checked<(Vec<RegisterRow>, String)> {
        let mut rows = snapshot.rows(parent, &page.after, page.size + 1).await?;
        let token = page.cut(&mut rows, |row| row.id.clone());
        Ok((rows, token))
    }

    /// A page of what waits for somebody in a collection, or of all of it, and the token of the next.
    pub(crate) async fn waiting_rows(
        &self,
        snapshot: &mut Snapshot,
        parent: &str,
        page: &Page,
        all: bool,
    ) -> Checked<(Vec<RegisterRow>, String)> {
        if all {
            return self.rows(snapshot, parent, page).await;
        }
        let mut rows = snapshot.waiting_rows(parent, &page.after, page.size + 1).await?;
        let token = page.cut(&mut rows, |row| row.id.clone());
        Ok((rows, token))
    }

    /// Opens personal text by commitments, all at once. What the caller has no need of is shown
    /// masked.
    pub(crate) async fn open(
        &self,
        snapshot: &mut Snapshot,
        book: &Id,
        commitments: impl Iterator<Item = &Vec<u8>>,
    ) -> Checked<Opened> {
        let wanted = commitments.filter_map(|bytes| bytes.as_slice().try_into().ok()).collect();
        self.open_as(self.passed.sight.clone(), snapshot, book, wanted).await
    }

    /// The same with nothing masked: for what is compared here, or is asked for a purpose.
    pub(crate) async fn open_fully(
        &self,
        snapshot: &mut Snapshot,
        book: &Id,
        commitments: impl Iterator<Item = &Vec<u8>>,
    ) -> Checked<Opened> {
        let wanted = commitments.filter_map(|bytes| bytes.as_slice().try_into().ok()).collect();
        self.open_as(Sight::Full, snapshot, book, wanted).await
    }

    /// The texts among these that belong to an owner, in full, by commitment; none for those that
    /// were erased.
    pub(crate) async fn texts_of(
        &self,
        snapshot: &mut Snapshot,
        book: &Id,
        owner: &str,
        commitments: impl Iterator<Item = &Vec<u8>>,
    ) -> Checked<HashMap<Vec<u8>, Option<String>>> {
        let wanted: Vec<[u8; 32]> =
            commitments.filter_map(|bytes| bytes.as_slice().try_into().ok()).collect();
        let mut sides = snapshot.sides(&wanted).await?;
        sides.retain(|side| side.owner == owner);
        let texts = self.desk.vault.reveal(book, &sides).await?;
        let pairs = sides.into_iter().zip(texts);
        Ok(pairs.map(|(side, text)| (side.commitment.to_vec(), text)).collect())
    }

    /// The sentences of lines of the access log, opened all at once, masked for whoever has no need
    /// of them; empty for lines without one.
    pub(crate) async fn explanations(&self, book: &Id, lines: &[Lookup]) -> Checked<Vec<String>> {
        let sides: Vec<Option<SideRow>> =
            lines.iter().map(|line| explanation_side(&line.explanation)).collect();
        let sealed: Vec<SideRow> = sides.iter().flatten().cloned().collect();
        let mut texts = self.desk.vault.reveal(book, &sealed).await?.into_iter();
        let sight = &self.passed.sight;
        let shown = |side: &Option<SideRow>| {
            let text = side.as_ref().and_then(|_| texts.next().flatten());
            text.map(|text| sight.show(Sort::Memo, &text)).unwrap_or_default()
        };
        Ok(sides.iter().map(shown).collect())
    }

    async fn open_as(
        &self,
        sight: Sight,
        snapshot: &mut Snapshot,
        book: &Id,
        wanted: Vec<[u8; 32]>,
    ) -> Checked<Opened> {
        if wanted.is_empty() {
            return Ok(Opened { texts: HashMap::new(), sight });
        }
        let sides = snapshot.sides(&wanted).await?;
        let texts = self.desk.vault.reveal(book, &sides).await?;
        let pairs = sides.into_iter().zip(texts);
        let opened = pairs.filter_map(|(side, text)| Some((side.commitment.to_vec(), text?)));
        Ok(Opened { texts: opened.collect(), sight })
    }

    /// Destroys the key of an owner's text, now that the journal says so. What cannot be done now is
    /// done by the next round of the server's own work.
    pub(crate) async fn destroy(&self, book: &Id, owner: &str) {
        if let Err(error) = self.desk.vault.erase(book, owner).await {
            tracing::warn!(%error, "a key waits for the next round to be destroyed");
        }
    }

    fn saw(&self, book: &Id, position: u64) {
        self.seen.get_or_init(|| (book.clone(), position));
    }
}

/// Opened personal text by commitment; what is not there was erased.
#[derive(Default)]
pub(crate) struct Opened {
    texts: HashMap<Vec<u8>, String>,
    sight: Sight,
}

impl Opened {
    /// The text, masked where the caller has no need of it, and whether it was erased.
    pub(crate) fn text(&self, sort: Sort, commitment: &[u8]) -> (String, bool) {
        match self.texts.get(commitment) {
            Some(text) => (self.sight.show(sort, text), false),
            None => (String::new(), !commitment.is_empty()),
        }
    }
}

/// Which page of a list is asked for.
pub(crate) struct Page {
    /// At most so many rows.
    pub(crate) size: u32,
    /// The last id of the page before; empty for the first.
    pub(crate) after: String,
}

impl Page {
    /// Checks the fields of a list request.
    pub(crate) fn new(size: i32, token: &str) -> Checked<Page> {
        Ok(Page { size: convert::page_size(size)?, after: convert::page_token(token)? })
    }

    /// Cuts what was read beyond the page and makes the token of the next one.
    pub(crate) fn cut<T>(&self, rows: &mut Vec<T>, id: impl Fn(&T) -> String) -> String {
        let size = self.size as usize;
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last().map(|last| convert::to_page_token(&id(last))).unwrap_or_default()
    }
}

/// The problem of a name that is not known.
pub(crate) fn not_found(name: &str, field: &str) -> Problem {
    Refusal::new(Reason::NotFound).on(field).with("name", name).into()
}

/// The problem of a row that is of another sort than its name says: stored data are damaged.
pub(crate) fn damaged() -> Problem {
    Fault::BookUnavailable.into()
}

impl Done {
    /// What was recorded.
    pub(crate) fn effect(&self) -> Checked<&Effect> {
        match &self.record.outcome {
            Outcome::Done(effect) => Ok(effect),
            Outcome::Refused(_) => Err(damaged()),
        }
    }

    /// A register row as it was after this.
    pub(crate) fn row(&self, name: &RowName) -> Checked<&Row> {
        let rows = &self.effect()?.rows;
        let found = rows.iter().find(|(row, _)| row == name);
        found.map(|(_, row)| row).ok_or_else(damaged)
    }

    /// The transaction.
    pub(crate) fn transaction(&self, call: &Call<'_>) -> v1::Transaction {
        let memo = (self.memo.clone(), self.memo_erased);
        crate::api::journal::transaction(&self.book, &self.record, memo, call.language())
    }

    /// What a person should look at.
    pub(crate) fn warnings(&self, call: &Call<'_>) -> Vec<v1::Warning> {
        match &self.record.outcome {
            Outcome::Done(effect) => crate::api::journal::warnings(effect, call.language()),
            Outcome::Refused(_) => Vec::new(),
        }
    }
}
