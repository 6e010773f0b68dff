//! Vouchers, forms and schedules as documents.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::app::{App, taxpayer as must_have};
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::sheet::voucher;
use crate::clock::Clock;
use crate::filing::{Declaration, Refusal, Taxpayer, Voucher};
use crate::pb;
use crate::render::{self, Document, RenderError};
use crate::store::Tx;
use crate::types::{DeclarationId, Invalid, SourceId, TaxpayerKey, VoucherNumber};

/// Documents drawn at one time; others wait. Drawing keeps a processor busy.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// What is drawn, with all it takes, so that nothing is read while drawing.
enum Subject {
    Voucher(Box<Voucher>),
    Form(Box<(Taxpayer, Declaration)>),
    Schedule(Box<(Taxpayer, Declaration)>, BTreeMap<SourceId, String>),
}

impl Subject {
    fn lay_out(&self, sandbox: bool) -> Result<Document, RenderError> {
        match self {
            Self::Voucher(voucher) => render::voucher(voucher),
            Self::Form(of) => render::form(&of.0, &of.1, sandbox),
            Self::Schedule(of, sources) => render::schedule(&of.0, &of.1, sources, sandbox),
        }
    }

    fn file_name(&self) -> String {
        match self {
            Self::Voucher(voucher) => format!("voucher-{}", voucher.body.voucher_number),
            Self::Form(of) => format!("form-{}", of.1.id),
            Self::Schedule(of, _) => format!("relief-schedule-{}", of.1.id),
        }
    }
}

/// Why something cannot be drawn, in the words of the door.
fn refused(error: RenderError) -> Failure {
    match error {
        RenderError::GlyphMissing(letters) => Refusal::GlyphMissing(letters).into(),
        RenderError::TooLong => Refusal::DocumentTooLong(render::PAGES_MAX).into(),
        RenderError::Overflow => Refusal::TooLarge.into(),
        RenderError::NoSuchPage(count) => page_violation(count),
        RenderError::Drawing(text) => Failure::Internal(text),
    }
}

fn page_violation(count: usize) -> Failure {
    let mut violations = Vec::new();
    Fields::new(&mut violations).refuse(
        "page",
        Invalid::new(
            "COUNT_RANGE",
            format!("应在 1 与 {count} 之间"),
            format!("must lie between 1 and {count}"),
        ),
    );
    violations.into()
}

/// What a request asks for.
struct Asked {
    key: TaxpayerKey,
    document: pb::DocumentKind,
    number: Option<VoucherNumber>,
    declaration: Option<DeclarationId>,
    png: bool,
    page: usize,
}

fn asked(wire: &pb::RenderVoucherRequest) -> Result<Asked, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let parse = VoucherNumber::parse;
    let number = fields.optional("voucher_number", &wire.voucher_number, parse);
    let parse = DeclarationId::parse;
    let declaration = fields.optional("declaration_id", &wire.declaration_id, parse);
    let document = fields.choice("document", wire.document, Some::<pb::DocumentKind>);
    let format = fields.choice("format", wire.format, Some::<pb::DocumentFormat>);
    let page = usize::try_from(wire.page)
        .map_err(|_| Invalid::new("NEGATIVE", "不能为负数", "must not be negative"));
    let page = fields.keep("page", page);
    let form = matches!(
        document,
        Some(pb::DocumentKind::Form | pb::DocumentKind::ReliefSchedule)
    );
    if number == Some(None) && !(form && declaration != Some(None)) {
        fields.missing("voucher_number");
    }
    match (key, number, declaration, document, format, page) {
        (Some(key), Some(number), Some(declaration), Some(document), Some(format), Some(page))
            if violations.is_empty() =>
        {
            Ok(Asked {
                key,
                document,
                number,
                declaration,
                png: format == pb::DocumentFormat::Png,
                page: page.max(1),
            })
        }
        _ => Err(violations.into()),
    }
}

/// Draws a document; nothing is changed.
pub async fn render(
    app: &App,
    _: &Call,
    wire: pb::RenderVoucherRequest,
) -> Result<Answer<pb::RenderVoucherResponse>, Failure> {
    let ask = asked(&wire)?;
    let mut tx = app.store.read().await?;
    let subject = subject(&mut tx, &ask).await?;
    drop(tx);
    let sandbox = matches!(app.clock, Clock::Sandbox(_));
    let permit = DRAWING.acquire().await;
    let permit = permit.map_err(|error| Failure::Internal(error.to_string()))?;
    let drawn = tokio::task::spawn_blocking(move || draw(&subject, &ask, sandbox));
    let answer = drawn.await;
    drop(permit);
    Ok(Answer::new(
        answer.map_err(|error| Failure::Internal(error.to_string()))??,
    ))
}

fn draw(
    subject: &Subject,
    ask: &Asked,
    sandbox: bool,
) -> Result<pb::RenderVoucherResponse, Failure> {
    let document = subject.lay_out(sandbox).map_err(refused)?;
    let name = subject.file_name();
    let count = document.pages.len();
    let (content, media_type, file_name) = if ask.png {
        let content = render::png(&document, ask.page).map_err(refused)?;
        let name = format!("{name}-{}.png", ask.page);
        (content, "image/png", name)
    } else {
        if ask.page > count {
            return Err(page_violation(count));
        }
        let content = render::pdf(&document).map_err(refused)?;
        (content, "application/pdf", format!("{name}.pdf"))
    };
    Ok(pb::RenderVoucherResponse {
        content_sha256: hex::encode(Sha256::digest(&content)),
        content,
        media_type: media_type.to_owned(),
        file_name,
        page_count: i32::try_from(count).unwrap_or(i32::MAX),
    })
}

/// Reads what is to be drawn.
async fn subject(tx: &mut Tx, ask: &Asked) -> Result<Subject, Failure> {
    let taxpayer = must_have(tx, ask.key).await?;
    let sheet = match &ask.number {
        Some(number) => Some(voucher(tx, ask.key, number).await?),
        None => None,
    };
    let of_sheet = sheet.as_ref().map(|sheet| sheet.body.declaration_id);
    let form = matches!(
        ask.document,
        pb::DocumentKind::Form | pb::DocumentKind::ReliefSchedule
    );
    let id = ask.declaration.or(of_sheet).filter(|_| form);
    let Some(id) = id else {
        let sheet = sheet.ok_or_else(|| Failure::Internal("nothing to draw".to_owned()))?;
        return Ok(Subject::Voucher(Box::new(sheet)));
    };
    let filed = declaration(tx, ask.key, id).await?;
    if ask.document == pb::DocumentKind::Form {
        return Ok(Subject::Form(Box::new((taxpayer, filed))));
    }
    let mut names = BTreeMap::new();
    let relieved = |line: &&crate::filing::Line| !line.charge.reliefs.is_empty();
    for line in filed.content.lines.iter().filter(relieved) {
        if let Entry::Vacant(place) = names.entry(line.source_id) {
            let source = tx
                .source_version(ask.key, line.source_id, line.source_version)
                .await?;
            place.insert(source.map(|one| one.name).unwrap_or_default());
        }
    }
    Ok(Subject::Schedule(Box::new((taxpayer, filed)), names))
}
