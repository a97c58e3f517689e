// Shared by both Node programs: the control API of the sandbox, table rows, and a receiver of webhooks.
import { createServer } from "node:http";

export const USER = "16505551234", PHONE_ID = "106540352242922", WABA_ID = "102290129340398", SECRET = "app-secret";
export const TYPES = [
  "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "interactive", "button", "order", "system",
  "unsupported", "request_welcome",
];

export class Rows {
  called = new Set();

  constructor(base) {
    this.base = base;
    // Requests to Meta's hosts go to the sandbox, which serves the same paths.
    this.fetch = (url, options) => fetch(String(url).replace(/^https:\/\/(graph\.facebook\.com|lookaside\.fbsbx\.com)/, base), options);
    this.control = async (route, body) => {
      const answer = await fetch(`${base}/_sandbox/${route}`, { method: "POST", body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${route}: ${await answer.text()}`);
      return answer.json();
    };
  }

  tell(what, result, why = "") {
    console.log(JSON.stringify({ what, result, why: why.replaceAll("\n", " ") }));
  }
  /**
   * A call that must succeed. `theirs` is a text of a known error of the peer, and its reason. Any other
    * error is ours.
   */
  async call(what, run, check = () => true, theirs) {
    this.called.add(what.split(":")[0]);
    try {
      const answer = await run();
      if (!check(answer)) throw new Error(`unexpected answer: ${JSON.stringify(answer)}`);
      this.tell(what, "ok");
      return answer;
    } catch (error) {
      const own = theirs && `${error}`.includes(theirs[0]);
      this.tell(what, own ? "theirs" : "FAILED", own ? theirs[1] : `${error}`);
    }
  }
  webhook(what, run, theirs) {
    return this.call(`webhook: ${what}`, run, undefined, theirs);
  }
  /** A call that the sandbox must refuse, with an error that the peer recognizes. */
  async refused(what, named, run) {
    try {
      this.tell(what, "FAILED", `was not refused: ${JSON.stringify(await run())}`);
    } catch (error) {
      this.tell(what, named(error) ? "ok" : "FAILED", named(error) ? "" : `${error}`);
    }
  }
  /** The methods of these objects that were not called. */
  others(objects, except = []) {
    for (const [name, object] of Object.entries(objects)) {
      for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(object))) {
        const full = name ? `${name}.${method}` : method;
        if (method !== "constructor" && !method.startsWith("_") && typeof object[method] === "function" && !this.called.has(full) && !except.includes(full)) {
          this.tell(full, "unserved");
        }
      }
    }
    for (const name of except) this.tell(name, "unserved");
  }
}

/** A server that the sandbox posts to. */
export async function receive(control) {
  const posted = [], waiting = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    const hook = { body: Buffer.concat(chunks).toString(), signature: request.headers["x-hub-signature-256"] };
    waiting.length ? waiting.shift()(hook) : posted.push(hook);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  await control("webhooks", { url: `http://127.0.0.1:${server.address().port}/`, app_secret: SECRET });
  const next = () => new Promise((resolve, reject) => {
    if (posted.length) return resolve(posted.shift());
    waiting.push(resolve);
    setTimeout(() => reject(new Error("no webhook came")), 20_000).unref();
  });
  return {
    next,
    /** From now on, messages to 16505550000 fail. */
    async failing() {
      await control("not_on_whatsapp", { users: ["16505550000"] });
      await control("inbound", { from: "16505550000" });
      await next();
    },
  };
}
