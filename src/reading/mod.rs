//! Texts that people write by hand, read strictly: what is wrong in them, where, and what was probably meant.
//!
//! | File | Its story |
//! |---|---|
//! | `complaint` | a mistake in a file, and how it is shown |
//! | `nearest` | the name that was probably meant |
//! | `value` | values as they are written, and what was found in words |

mod complaint;
mod nearest;
mod value;

pub use complaint::{Complaint, Report, Span};
pub use nearest::nearest;
pub use value::{describe, number, whole};
