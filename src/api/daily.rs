//! Closing a book's days, told as it goes on.

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::api::convert::{self, Checked};
use crate::api::desk::{Api, Call, Caller, Method, Named, damaged, not_found};
use crate::api::errors::Problem;
use crate::api::journal::warning;
use crate::api::v1;
use crate::api::v1::day_service_server::DayService;
use crate::domain::daily::closing_name;
use crate::domain::day::Day;
use crate::domain::record::Row;
use crate::domain::refusal::Language;
use crate::journal::daily::{DailyError, Progress, close_days};

/// How much may be told before somebody hears it.
const AHEAD: usize = 64;

type Told = Pin<Box<dyn Stream<Item = Result<v1::CloseDaysResponse, Status>> + Send>>;

impl From<DailyError> for Problem {
    fn from(error: DailyError) -> Problem {
        match error {
            DailyError::Busy(busy) => busy.into(),
            DailyError::Storage(error) => error.into(),
            DailyError::Refused(refusal) => refusal.into(),
        }
    }
}

#[tonic::async_trait]
impl DayService for Api {
    type CloseDaysStream = Told;

    async fn close_days(
        &self,
        mut request: Request<v1::CloseDaysRequest>,
    ) -> Result<Response<Told>, Status> {
        let caller = request.extensions_mut().remove::<Caller>().unwrap_or_default();
        let language = caller.language;
        let told = self.begin(request.into_inner(), language).await;
        told.map(Response::new).map_err(|problem| problem.status(language))
    }

    async fn get_day(
        &self,
        request: Request<v1::GetDayRequest>,
    ) -> Result<Response<v1::GetDayResponse>, Status> {
        self.serve(request).await
    }
}

impl Api {
    /// Goes on by itself once it has begun: whoever stops listening stops nothing.
    async fn begin(&self, request: v1::CloseDaysRequest, language: Language) -> Checked<Told> {
        let book = convert::book(&request.book, "book")?;
        let through = convert::day(request.through.as_ref(), "through")?;
        if self.desk().reader.snapshot(&book).await?.head().size == 0 {
            return Err(not_found(&convert::book_name(&book), "book"));
        }
        let (heard, mut progress) = mpsc::channel::<Progress>(AHEAD);
        let (tell, told) = mpsc::channel(AHEAD);
        let api = self.clone();
        let work = tokio::spawn(async move {
            let desk = api.desk();
            close_days(&desk.journal, &desk.reader, &book, through, &heard).await
        });
        tokio::spawn(async move {
            while let Some(one) = progress.recv().await {
                // Nobody listens any more if it cannot be told.
                let _unheard = tell.send(Ok(message(&one, language))).await;
            }
            if let Ok(Err(error)) = work.await {
                let _unheard = tell.send(Err(Problem::from(error).status(language))).await;
            }
        });
        Ok(Box::pin(ReceiverStream::new(told)))
    }
}

fn message(progress: &Progress, language: Language) -> v1::CloseDaysResponse {
    v1::CloseDaysResponse {
        day: Some(convert::to_date(progress.day)),
        step: progress.step.to_owned(),
        position: progress.position,
        refused: progress.refusal.as_ref().map(|refusal| warning(refusal, 0, language)),
    }
}

impl Named for v1::GetDayRequest {
    const NAME: &'static str = "/simpul.v1.DayService/GetDayRequest";
}

impl Method for v1::GetDayRequest {
    type Response = v1::GetDayResponse;

    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let mut snapshot = call.snapshot(&book, "book").await?;
        let closed_through = match snapshot.row(&closing_name()).await?.map(|found| found.row) {
            None => None,
            Some(Row::DayClosing(row)) => Some(convert::to_date(Day::new(row.closed_through))),
            Some(_) => return Err(damaged()),
        };
        Ok(v1::GetDayResponse { closed_through })
    }
}
