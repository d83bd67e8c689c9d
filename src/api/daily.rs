//! Closing a book's days, told as it goes on.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::api::convert::{self, Checked};
use crate::api::desk::{Answers, Call, Method, damaged, service};
use crate::api::errors::Problem;
use crate::api::journal::warning;
use crate::api::v1;
use crate::domain::daily::closing_name;
use crate::domain::day::Day;
use crate::domain::record::Row;
use crate::domain::refusal::Language;
use crate::journal::daily::{DailyError, Progress, close_days};

/// How much may be told before somebody hears it.
const AHEAD: usize = 64;

impl From<DailyError> for Problem {
    fn from(error: DailyError) -> Problem {
        match error {
            DailyError::Busy(busy) => busy.into(),
            DailyError::Storage(error) => error.into(),
            DailyError::Refused(refusal) => refusal.into(),
        }
    }
}

service! {
    day_service_server::DayService {
        get_day: GetDayRequest => GetDayResponse;
    } streams {
        close_days as CloseDaysStream: CloseDaysRequest => CloseDaysResponse;
    }
}

impl Method for v1::CloseDaysRequest {
    type Response = Answers<v1::CloseDaysResponse>;

    /// Goes on by itself once it has begun: whoever stops listening stops nothing.
    async fn answer(self, call: &Call<'_>) -> Checked<Self::Response> {
        let book = convert::book(&self.book, "book")?;
        let through = convert::day(self.through.as_ref(), "through")?;
        call.snapshot(&book, "book").await?.finish().await?;
        let (heard, mut progress) = mpsc::channel::<Progress>(AHEAD);
        let (tell, told) = mpsc::channel(AHEAD);
        let (journal, reader) = (call.journal().clone(), call.reader().clone());
        let language = call.language();
        let work =
            tokio::spawn(
                async move { close_days(&journal, &reader, &book, through, &heard).await },
            );
        tokio::spawn(async move {
            while let Some(one) = progress.recv().await {
                // Nobody listens any more if it cannot be told.
                let _unheard = tell.send(Ok(message(&one, language))).await;
            }
            if let Ok(Err(error)) = work.await {
                let _unheard = tell.send(Err(Problem::from(error).status(language))).await;
            }
        });
        Ok(ReceiverStream::new(told))
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
