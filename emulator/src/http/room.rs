//! What a listener leads to: a service, the blob storage, the control interface. A room takes the requests that are
//! meant for it, and says how it words what a fault rule wants answered.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::answer::Answer;
use super::asked::Asked;
use super::body::{BodyError, RequestBody};
use crate::fault::Effect;

/// An answer that is being made.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, BodyError>> + Send + 'a>>;

/// Something that answers requests.
pub(crate) trait Room: Send + Sync + fmt::Debug {
    /// The name on the record of requests, and in the conditions of fault rules.
    fn name(&self) -> &'static str;

    /// Whether the request is meant for it.
    fn takes(&self, asked: &Asked) -> bool;

    /// Whether its requests are recorded and meet the fault rules.
    fn is_observed(&self) -> bool {
        true
    }

    /// Answers a request.
    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a>;

    /// A failure with this status, in its manner.
    fn failure(&self, asked: &Asked, status: u16, code: Option<&str>, message: &str) -> Answer;

    /// What an effect that only it knows answers in place of processing; `None` where it does not know the effect,
    /// which then does nothing.
    fn effect(&self, asked: &Asked, effect: &Effect) -> Option<Answer> {
        let _ = (asked, effect);
        None
    }

    /// The answer as an effect that only it knows changes it.
    fn altered(&self, answer: Answer, effect: &Effect) -> Answer {
        let _ = effect;
        answer
    }

    /// The value of a request's header as it is recorded.
    fn recorded<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        let _ = name;
        Cow::Borrowed(value)
    }
}
