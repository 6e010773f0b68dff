//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.

crate::tax::finding::checks! {}
