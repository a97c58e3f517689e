//! WhatsApp contacts to vCard 3.0.
use d360_model::{Address, Contact, WaId};
use std::borrow::Cow;

/// The maximum length of a line in octets, without its end (RFC 2425, section 5.8.1).
const LINE: usize = 75;

/// Writes contacts as vCard 3.0, with CR LF line ends.
///
/// A WhatsApp ID becomes `TEL;waid=`, as in WhatsApp's own files. A type that vCard does not know becomes a label
/// (`item1.X-ABLabel`), as in files of Apple and WhatsApp. A country code becomes `X-ABADR`.
#[must_use]
pub fn write(contacts: &[Contact]) -> String {
    let mut out = Writer::default();
    contacts.iter().for_each(|contact| out.card(contact));
    out.text
}

#[derive(Default)]
struct Writer {
    text: String,
    group: usize,
}

impl Writer {
    fn card(&mut self, contact: &Contact) {
        self.group = 0;
        self.line("BEGIN:VCARD");
        self.line("VERSION:3.0");
        let name = &contact.name;
        let parts = [&name.last_name, &name.first_name, &name.middle_name, &name.prefix, &name.suffix];
        self.line(&format!("N:{}", components(&parts)));
        self.line(&format!("FN:{}", escape(&name.formatted_name)));
        if let Some(org) = &contact.org {
            if org.company.is_some() || org.department.is_some() {
                self.line(&format!("ORG:{}", components(&[&org.company, &org.department])));
            }
            if let Some(title) = &org.title {
                self.line(&format!("TITLE:{}", escape(title)));
            }
        }
        if let Some(day) = contact.birthday {
            self.line(&format!("BDAY:{day}"));
        }
        for phone in &contact.phones {
            let wa_id = phone.wa_id.as_ref().map(WaId::as_str);
            let Some(number) = phone
                .phone
                .as_ref()
                .map(|phone| Cow::from(phone.as_str()))
                .or(wa_id.map(|id| format!("+{id}").into()))
            else {
                continue;
            };
            let wa_id = wa_id.map(|id| format!(";waid={}", parameter(id))).unwrap_or_default();
            let kind = phone.kind.as_ref().map(|kind| kind.as_str());
            self.property("TEL", kind, &wa_id, &escape(&number), None);
        }
        for email in &contact.emails {
            let kind = email.kind.as_ref().map(|kind| kind.as_str());
            self.property("EMAIL", kind, "", &escape(email.email.as_deref().unwrap_or_default()), None);
        }
        contact.addresses.iter().for_each(|address| self.address(address));
        for url in &contact.urls {
            let kind = url.kind.as_ref().map(|kind| kind.as_str());
            self.property("URL", kind, "", &escape(url.url.as_deref().unwrap_or_default()), None);
        }
        self.line("END:VCARD");
    }

    fn address(&mut self, address: &Address) {
        let nothing = None;
        let Address { street, city, state, zip, country, .. } = address;
        let value = components(&[&nothing, &nothing, street, city, state, zip, country]);
        let kind = address.kind.as_ref().map(|kind| kind.as_str());
        self.property("ADR", kind, "", &value, address.country_code.as_deref());
    }

    /// Writes a property with its type: a parameter if vCard knows it, otherwise a label of its group.
    fn property(&mut self, name: &str, kind: Option<&str>, params: &str, value: &str, country: Option<&str>) {
        let known = kind.filter(|kind| matches!(*kind, "HOME" | "WORK" | "CELL" | "MAIN" | "IPHONE"));
        let label = kind.filter(|_| known.is_none());
        let type_param = known.map(|kind| format!(";TYPE={kind}")).unwrap_or_default();
        let group = if label.is_some() || country.is_some() {
            self.group += 1;
            format!("item{}.", self.group)
        } else {
            String::new()
        };
        self.line(&format!("{group}{name}{type_param}{params}:{value}"));
        if let Some(label) = label {
            self.line(&format!("{group}X-ABLabel:{}", escape(label)));
        }
        if let Some(country) = country {
            self.line(&format!("{group}X-ABADR:{}", escape(&country.to_lowercase())));
        }
    }

    /// Writes a line, folded between characters.
    fn line(&mut self, line: &str) {
        let mut room = LINE;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.text.push_str("\r\n ");
                room = LINE - 1;
            }
            self.text.push(c);
            room -= c.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

fn components(parts: &[&Option<String>]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| escape(part.as_deref().unwrap_or_default())).collect();
    parts.join(";")
}

/// Escapes special characters of a value and removes control characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    for c in text.chars() {
        match c {
            '\\' | ',' | ';' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Removes from a parameter what would end it or look like an escape, because parameters have no escapes.
fn parameter(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !";:,\"\\".contains(*c)).collect()
}
