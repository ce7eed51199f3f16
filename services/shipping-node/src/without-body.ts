import type { FastifyRequest } from "fastify";

/** For the `onRequest` of a route that takes no body: whatever comes is read away, and nobody looks at what it is. */
export async function withoutBody({ raw }: FastifyRequest): Promise<void> {
  for (const header of ["content-type", "content-length", "transfer-encoding"]) delete raw.headers[header];
  raw.resume();
}
