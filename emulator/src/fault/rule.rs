//! A fault rule as users write it: in JSON (`camelCase`) or with the builder. Plain data.

use serde::{Deserialize, Serialize};

use super::condition::Condition;

/// What a fault does to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// Answers with this status instead of processing, with an error in the service's own form.
    Status {
        /// The HTTP status.
        status: u16,
        /// The error code, of blobs and Redis.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The text of the error.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Seconds for the header `Retry-After`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// Answers with plain text instead of JSON or XML, as a gateway in front of the service does.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        plain: bool,
    },
    /// Waits, then goes on as usual.
    Delay {
        /// How long, in milliseconds.
        ms: u64,
        /// Measures the wait on the virtual clock instead of the real one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        virtual_time: bool,
    },
    /// Goes silent and keeps the connection open.
    Stall,
    /// Resets the connection (TCP RST).
    Reset,
    /// Processes the request, then resets the connection instead of answering.
    LostAnswer,
    /// Closes the connection after so many bytes of the answer body.
    Truncate {
        /// Bytes of the body that still arrive.
        keep: u64,
    },
    /// Inverts the byte at this place of the answer body.
    FlipByte {
        /// The place, counted from 0.
        offset: u64,
    },
    /// Inverts the byte at this place of the request body before it is processed, as a broken link or proxy does.
    FlipSentByte {
        /// The place, counted from 0.
        offset: u64,
    },
    /// Processes a request to the blob store as though it carried no checksum of its body (`x-ms-content-crc64`,
    /// `Content-MD5`). The answer then has the sum that Azure computes unasked.
    IgnoreChecksums {
        /// Takes the sum out of the answer, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        silent: bool,
    },
    /// Answers as Azure does for an expired link: 403 `AuthenticationFailed`. Does nothing to other services.
    ExpiredLink,
    /// Answers with the HTML of a login page.
    LoginPage {
        /// The HTTP status, 200 or 401.
        #[serde(default = "ok")]
        status: u16,
    },
    /// Answers 200 with `success:false` and these errors, without processing. Does nothing to other services than DXP.
    Failure {
        /// The texts in `errors`.
        errors: Vec<String>,
    },
    /// Processes as usual and answers with `errors:null`. Does nothing to other services than DXP.
    NullErrors,
    /// Judges the request as though the service's clock were off by so many milliseconds.
    ClockSkew {
        /// The distance; negative means the service's clock is behind.
        ms: i64,
    },
    /// Processes the request twice, as a retrying proxy does, and answers with the second result. Put Block and Put
    /// Blob are processed once: their second processing changes nothing.
    Duplicate,
}

fn ok() -> u16 {
    200
}

impl Effect {
    /// Answers with this status and the usual text for it.
    pub fn status(status: u16) -> Self {
        Self::Status { status, code: None, message: None, retry_after: None, plain: false }
    }

    /// Answers with this status, error code and text.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Status {
            status,
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            retry_after: None,
            plain: false,
        }
    }

    /// Answers with this status and `Retry-After`.
    pub fn retry_after(status: u16, seconds: u64) -> Self {
        Self::Status { status, code: None, message: None, retry_after: Some(seconds), plain: false }
    }

    /// Waits so many real milliseconds, then goes on.
    pub fn delay(ms: u64) -> Self {
        Self::Delay { ms, virtual_time: false }
    }
}

/// A fault: when, what, how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Shown on the requests that met the rule; `rule-N` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which requests the rule is about.
    #[serde(default)]
    pub when: Condition,
    /// What happens to them.
    pub effect: Effect,
    /// How many times at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

impl Rule {
    /// A rule that gives every request this effect.
    pub fn new(effect: Effect) -> Self {
        Self { name: None, when: Condition::default(), effect, times: None }
    }

    /// Names the rule.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only requests to this service: `dxp`, `blob`, `guidewire` or `redis`.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        self.when.service = Some(service.to_owned());
        self
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.when.method = Some(method.to_owned());
        self
    }

    /// Only requests whose raw path holds this text or, with `*` or `?`, fits this pattern as a whole.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.when.path = Some(path.to_owned());
        self
    }

    /// Only requests whose raw query holds this text; the query is read with a `&` at its end.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.when.query = Some(query.to_owned());
        self
    }

    /// Only the n-th fitting request, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.when.nth = Some(nth);
        self
    }

    /// Only every n-th fitting request.
    #[must_use]
    pub fn every(mut self, every: u64) -> Self {
        self.when.every = Some(every);
        self
    }

    /// Only the Put Block with this index, counted from 0.
    #[must_use]
    pub fn block_index(mut self, index: u64) -> Self {
        self.when.block_index = Some(index);
        self
    }

    /// The effect comes once so many bytes of the request body were received.
    #[must_use]
    pub fn after_received(mut self, bytes: u64) -> Self {
        self.when.after_received = Some(bytes);
        self
    }

    /// The effect comes once so many bytes of the answer body were sent.
    #[must_use]
    pub fn after_sent(mut self, bytes: u64) -> Self {
        self.when.after_sent = Some(bytes);
        self
    }

    /// At most so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builder_and_the_json_say_the_same() {
        let built = Rule::new(Effect::retry_after(503, 2)).method("PUT").query("comp=block&").block_index(3).times(2);
        let read: Rule = serde_json::from_str(
            r#"{"when":{"method":"PUT","query":"comp=block&","blockIndex":3},
                "effect":{"kind":"status","status":503,"retryAfter":2},"times":2}"#,
        )
        .unwrap();
        assert_eq!(built, read);
        let again: Rule = serde_json::from_str(&serde_json::to_string(&built).unwrap()).unwrap();
        assert_eq!(built, again);
    }

    #[test]
    fn misspelt_names_are_refused() {
        for text in [
            r#"{"effect":{"kind":"stall"},"when":{"methud":"GET"}}"#,
            r#"{"effect":{"kind":"explode"}}"#,
            r#"{"effect":{"kind":"truncate"}}"#,
        ] {
            assert!(serde_json::from_str::<Rule>(text).is_err(), "{text}");
        }
    }
}
