import type { FastifyInstance } from "fastify";
import { Problem } from "./problem";
import { withoutBody } from "./without-body";

/** The largest request body that is read: 1 MiB, as the gateway's limit. */
export const maxBodyBytes = 1024 * 1024;

const json = /^application\/([\w.-]+\+)?json\b/i;
const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/**
 * JSON is all that is read, and that is UTF-8 (RFC 8259, section 8.1). To be called before anything else looks at requests: what no one
 * could read is refused whoever sends it, and where nobody listens nothing is read.
 */
export function useJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(json, { parseAs: "string" }, app.getDefaultJsonParser("ignore", "ignore"));
  app.addContentTypeParser("*", (_request, _body, done) => done(new Problem(415), undefined));
  app.addHook("onRequest", async (request) => {
    const { "content-length": length, "content-type": type = "" } = request.headers;
    // Of a slow sender not all is waited for: what is still to come then is no next request.
    if (Number(length) > maxBodyBytes) throw new Problem(413, undefined, undefined, { connection: "close" });
    if (json.test(type) && (charset.exec(type)?.[1] ?? "utf-8").toLowerCase() !== "utf-8") throw new Problem(415);
    if (request.is404) await withoutBody(request);
  });
}
