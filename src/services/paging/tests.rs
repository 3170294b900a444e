//! Every style of paging against a simple model.
