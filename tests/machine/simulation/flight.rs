//! A request under way: queued at the writer, its answer not yet there.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use hub::features::sessions::error::RefreshError;
use hub::features::sessions::model::Session;
use hub::features::sessions::refresh::Outcome;
use hub::store::StoreError;
use hub::types::ids::SessionId;

use crate::random::oracle::Real;

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// A refresh token of this session and generation.
    Refresh { session: usize, presented: i64 },
    /// A sign-in.
    Begin { user: usize, id: SessionId },
    /// The end of one session.
    End { session: usize },
    /// The end of all sessions of a user.
    EndAll { user: usize },
    /// A user is locked out, or let in again.
    SetActive { user: usize, active: bool },
    /// A user is deleted.
    Delete { user: usize },
    /// The housekeeping takes away what is over.
    Sweep,
}

/// What the Hub answered, as far as it is compared.
#[derive(Debug)]
pub enum Answered {
    /// A refresh.
    Refresh(Outcome),
    /// A sign-in: the session, if the user may have one.
    Begun(Option<Box<Session>>),
    /// Anything else.
    Done,
}

type Answer = Result<Answered, StoreError>;

/// A request under way.
pub struct Flight {
    pub asked: Asked,
    /// When it came.
    pub at: Real,
    answer: Pin<Box<dyn Future<Output = Answer>>>,
}

impl Flight {
    /// Sends it to the writer's queue.
    pub fn send(asked: Asked, at: Real, answer: impl Future<Output = Answer> + 'static) -> Self {
        let mut flight = Self {
            asked,
            at,
            answer: Box::pin(answer),
        };
        assert!(flight.poll().is_none(), "the writer has not worked yet");
        flight
    }

    fn poll(&mut self) -> Option<Answer> {
        let mut context = Context::from_waker(Waker::noop());
        match self.answer.as_mut().poll(&mut context) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    /// The answer, which must be there.
    pub fn answered(mut self) -> Answered {
        let answer = self.poll().expect("the writer has answered");
        answer.expect("the store works")
    }
}

/// The code of a refusal.
pub fn code(refusal: &RefreshError) -> &'static str {
    match refusal {
        RefreshError::Invalid => "invalid_token",
        RefreshError::Expired => "token_expired",
        RefreshError::SessionExpired => "session_expired",
        RefreshError::UserNotFound => "user_not_found",
        RefreshError::Ended(reason) => reason.code(),
        RefreshError::Superseded | RefreshError::Reused => "token_reused",
        other => panic!("{other:?}"),
    }
}
