//! How a request says for whom it is sent.

use crate::base::error::Result;
use crate::base::scope::Scope;
use crate::base::secret::Secret;
use crate::base::time::BoxFuture;
use crate::transport::http::Method;

/// A request as it will be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The method.
    pub method: Method,
    /// The request target exactly as sent, query included.
    pub path_and_query: &'a str,
    /// The body's bytes as sent; empty for none.
    pub body: &'a [u8],
}

/// Authorizes the requests of one account. Asked for each attempt anew: a signature holds the time, and a token ends.
pub trait Authorize: Send + Sync {
    /// The value of the `Authorization` header of this request. May ask the service for it.
    fn authorization<'a>(&'a self, request: Outgoing<'a>, scope: &'a Scope) -> BoxFuture<'a, Result<Secret>>;

    /// The service has refused this value (401). Whether another one may be had: a token may have ended early, and is then
    /// not used again, while a signature or a password stays what it is.
    fn refused(&self, authorization: &Secret) -> bool {
        let _ = authorization;
        false
    }
}
