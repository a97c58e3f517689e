//! `d360 contacts`.
use crate::{
    Result,
    args::{ApiName, ContactsVerb, Global},
    client,
    failure::{Exit, Failure},
    output::Output,
    table::Table,
};
use d360::{onprem::contacts::CheckContacts, transport::Endpoint as _};

pub(crate) fn run(global: &Global, verb: &ContactsVerb, output: Output) -> Result {
    let ContactsVerb::Check(args) = verb;
    if !matches!(global.api, None | Some(ApiName::Onprem)) {
        return Err(Failure::usage(
            "numbers can be checked only on On-Premise (--api onprem); Cloud has no such call",
        ));
    }
    let mut check = CheckContacts::new(args.numbers.iter().map(|number| number.as_str().into()));
    if args.no_wait {
        check = check.no_wait();
    }
    if args.force_check {
        check = check.force_check(true);
    }
    check.check().into_result(global.strict)?;
    let checked = client::onprem(global, true)?.call(check)?;
    if output.is_json() {
        output.document(&checked);
    } else {
        let mut table = Table::new(&["NUMBER", "STATUS", "WHATSAPP ID"]);
        for contact in &checked.contacts {
            if output.is_table() {
                table.row(vec![
                    contact.input.as_ref().map(|input| input.as_str().to_owned()),
                    contact.status.as_ref().map(|status| status.as_str().to_owned()),
                    contact.wa_id.as_ref().map(|id| id.as_str().to_owned()),
                ]);
                continue;
            }
            let id = contact
                .wa_id
                .as_ref()
                .map(|id| format!(" (WhatsApp ID {})", id.as_str()))
                .unwrap_or_default();
            let status = contact.status.as_ref().map_or("unknown", |status| status.as_str());
            let input = contact.input.as_ref().map_or("?", |input| input.as_str());
            output.line(format!("{status} {input}{id}"));
        }
        output.table(&table);
    }
    Ok(Exit::Done)
}
