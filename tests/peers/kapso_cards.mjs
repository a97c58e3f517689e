// Sends cards with @kapso/whatsapp-cloud-api, 64 in flight: BASE_URL COUNT. Prints messages per second.
import { WhatsAppClient } from "@kapso/whatsapp-cloud-api";

const [base, count] = [process.argv[2], Number(process.argv[3])];
const client = new WhatsAppClient({ accessToken: "k", baseUrl: base });
const contacts = [{
  name: { formattedName: "Barbara J. Johnson", firstName: "Barbara", lastName: "Johnson" },
  phones: [{ phone: "+16505559999", type: "WORK" }],
  emails: [{ email: "barbara@example.com", type: "WORK" }],
  urls: [{ url: "https://www.example.com", type: "WORK" }],
  org: { company: "Lucky Shrub", department: "Legal", title: "Lead Counsel" },
}];

async function send(count) {
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const answer = await client.messages.sendContacts({ phoneNumberId: "1", to: "+16505551234", contacts });
      if (!answer.messages[0].id) throw new Error("no id");
    }
  };
  await Promise.all(Array.from({ length: 64 }, one));
}

await send(count / 10);
const since = performance.now();
await send(count);
console.log(count / ((performance.now() - since) / 1000));
process.exit(0);
