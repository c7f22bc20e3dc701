//! The token in use: what authorizes requests until it is renewed or refused. Who gets one is up to the service.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::secret::Secret;

/// The token of an account, if there is one.
#[derive(Default)]
pub struct CurrentToken(Mutex<Option<Token>>);

/// A token, until it is renewed.
pub struct Token {
    /// The header's value.
    pub(crate) authorization: Secret,
    /// From then on another one is used, by the monotonic clock.
    pub(crate) renewed_at: Duration,
}

impl Token {
    /// A token that was asked for at a time of the monotonic clock and lives so long from then on. It is renewed `reserve`
    /// before its end; a short one at half its life, because it would otherwise serve one request only.
    #[must_use]
    pub fn new(scheme: &str, token: &str, asked: Duration, lifetime: Duration, reserve: Duration) -> Self {
        Self {
            authorization: Secret::new(format!("{scheme} {token}").into_bytes()),
            renewed_at: asked.saturating_add(lifetime).saturating_sub(reserve.min(lifetime / 2)),
        }
    }

    /// Whether a text can stand in a header.
    #[must_use]
    pub fn is_usable(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

impl CurrentToken {
    fn lock(&self) -> MutexGuard<'_, Option<Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The header's value, while the token is good.
    #[must_use]
    pub fn at(&self, now: Duration) -> Option<Secret> {
        self.lock().as_ref().filter(|token| now < token.renewed_at).map(|token| token.authorization.clone())
    }

    /// Takes another token into use, and gives the header's value.
    pub fn replace(&self, token: Token) -> Secret {
        let authorization = token.authorization.clone();
        *self.lock() = Some(token);
        authorization
    }

    /// Gives up a token that the service has refused. One that another request has got in the meantime is kept.
    pub fn give_up(&self, refused: &Secret) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|token| token.authorization.expose() == refused.expose()) {
            *current = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_is_renewed_before_its_end_and_a_short_one_at_half_its_life() {
        let current = CurrentToken::default();
        assert!(current.at(seconds(0)).is_none());
        for (lifetime, last) in [(3600, 3580), (100, 150)] {
            current.replace(Token::new("Bearer", "abc", seconds(100), seconds(lifetime), seconds(120)));
            assert_eq!(current.at(seconds(last - 1)).unwrap().expose(), b"Bearer abc");
            assert!(current.at(seconds(last)).is_none(), "{lifetime}");
        }
        let endless = current.replace(Token::new("Bearer", "abc", seconds(100), Duration::MAX, seconds(120)));
        assert_eq!(current.at(seconds(1 << 40)).unwrap().expose(), endless.expose());
    }

    #[test]
    fn only_the_token_that_was_refused_is_given_up() {
        let current = CurrentToken::default();
        let token = |text| Token::new("Bearer", text, seconds(0), seconds(3600), seconds(120));
        let old = current.replace(token("old"));
        let new = current.replace(token("new"));
        current.give_up(&old);
        assert!(current.at(seconds(1)).is_some());
        current.give_up(&new);
        assert!(current.at(seconds(1)).is_none());
    }
}
