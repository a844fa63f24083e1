//! Who looks at a page: whoever the guard let in.

pub(crate) use crate::access::guard::Viewer;
