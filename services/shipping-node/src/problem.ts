import { STATUS_CODES } from "node:http";
import { finished } from "node:stream/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { OutageError, PeerUnavailableError } from "./errors";
import { withoutBody } from "./without-body";

const details: Readonly<Record<number, string>> = {
  400: "The request is malformed.",
  401: "A valid bearer token is required.",
  403: "This is not allowed with your role.",
  404: "There is nothing here.",
  405: "This method is not allowed here.",
  413: "The request body is too large.",
  415: "The content type is not supported; send application/json.",
};

/** How long a body that is too large is read away, milliseconds: as Kestrel does. */
const readAwayMs = 5_000;

type Errors = Readonly<Record<string, readonly string[]>>;

/** An error answer: `application/problem+json` (RFC 9457) with a trace id. Thrown by handlers. */
export class Problem extends Error {
  /**
   * @param detail One sentence for a person, with nothing secret in it.
   * @param errors Field → messages, for validation.
   */
  constructor(
    readonly status: number,
    readonly detail = details[status] ?? "The request failed.",
    readonly errors?: Errors,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  static badRequest = (): Problem => new Problem(400);

  static invalid = (errors: Errors): Problem => new Problem(400, "One or more fields are invalid.", errors);

  static notFound = (detail: string): Problem => new Problem(404, detail);

  static conflict = (detail: string): Problem => new Problem(409, detail);

  static unavailable = (detail: string): Problem => new Problem(503, detail, undefined, { "retry-after": "1" });

  async send(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await reply
      .code(this.status)
      .headers({ ...this.headers, "content-type": "application/problem+json" })
      // Bytes, since the framework would add a charset to text.
      .send(
        Buffer.from(
          JSON.stringify({
            type: `https://www.rfc-editor.org/rfc/rfc9110#section-15.${Math.floor(this.status / 100) + 1}`,
            title: STATUS_CODES[this.status],
            status: this.status,
            detail: this.detail,
            traceId: request.id,
            errors: this.errors,
          }),
        ),
      );
  }
}

/** Every error leaves the service as a problem: what a handler throws, what a body cannot be read from, and paths that lead nowhere. */
export function useProblems(app: FastifyInstance): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.status === 413) await readAway(request);
    await problem.send(request, reply);
  });
  app.setNotFoundHandler((request, reply) => new Problem(404).send(request, reply));
}

/** A connection that is closed while the caller still sends is reset, and the answer lost with it. */
async function readAway({ raw }: FastifyRequest): Promise<void> {
  raw.resume();
  await finished(raw, { signal: AbortSignal.timeout(readAwayMs) }).catch(() => undefined);
}

function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof PeerUnavailableError) {
    request.log.warn(error.message);
    return Problem.unavailable(`The ${error.peer} service is unavailable; try again.`);
  }
  if (error instanceof OutageError) {
    request.log.warn({ "@x": error }, "The sidecar or a peer did not answer");
    return Problem.unavailable("Something this service depends on is unavailable; try again.");
  }
  // The framework's own errors have a status; its words are for programmers.
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) return new Problem(status);
  request.log.error({ "@x": error }, "Unhandled error");
  return new Problem(500, "Something went wrong on our side.");
}

const methods: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** To be called first, and what it answers last: other methods on a path that there is are 405. */
export function watchMethods(app: FastifyInstance): () => void {
  const known = new Map<string, Set<string>>();
  let done = false;
  app.addHook("onRoute", ({ url, method }) => {
    if (done) return;
    known.set(url, new Set([...(known.get(url) ?? []), ...[method].flat()]));
  });
  return () => {
    done = true;
    for (const [url, allowed] of known) {
      const headers = { allow: [...allowed].join(", ") };
      app.route({
        url,
        method: methods.filter((method) => !allowed.has(method)),
        onRequest: withoutBody,
        handler: (request, reply) => new Problem(405, undefined, undefined, headers).send(request, reply),
      });
    }
  };
}
