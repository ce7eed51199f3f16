import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Problem } from "./problem";

const guarded = ["/internal", "/events", "/actors", "/dapr", "/job"];

/**
 * Calls that only the own sidecar may make (internal API, events, actors, Dapr's discovery) must carry the app API token (header
 * `dapr-api-token`), else anyone who reaches the port could forge events. What counts is the route that was found, not how the path was
 * spelled.
 */
export function requireSidecarToken(app: FastifyInstance, token: string | undefined): void {
  if (token === undefined) return;
  const expected = Buffer.from(token);
  app.addHook("onRequest", async (request) => {
    const path = request.routeOptions.url ?? request.url;
    if (!guarded.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return;
    const given = Buffer.from(String(request.headers["dapr-api-token"] ?? ""));
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Problem(401, "This path is for the service's own sidecar.");
  });
}
