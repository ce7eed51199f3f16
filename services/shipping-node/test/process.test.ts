import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

const program = join(__dirname, "..", "src", "main.js");

interface Run {
  readonly process: ChildProcess;
  readonly url: string;
  output(): string;
  ended(): Promise<number | null>;
}

/** The service as a process of its own, once it listens. */
async function start(port: number, env: Record<string, string>): Promise<Run> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env["PATH"]!, APP_PORT: `${port}`, ASPNETCORE_ENVIRONMENT: "Development", DAPR_HTTP_PORT: "1", Logging__Format: "json", ...env },
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const close = once(child, "close");
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 1200 && child.exitCode === null; tries++) {
    if (await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false)) break;
    await delay(50);
  }
  return { process: child, url, output: () => output, ended: async () => (await close)[0] as number | null };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

// At the same time, because the first has to wait.
describe("the process", { concurrency: true }, () => {
  test("asked to end, it says so, serves on for the drain delay, and is gone", async () => {
    const run = await start(await freePort(), { Shop__DrainDelay: "00:00:08" });
    run.process.kill("SIGTERM");
    while ((await fetch(`${run.url}/healthz`)).ok) await delay(20);
    assert.equal((await fetch(`${run.url}/healthz`)).status, 503);
    assert.equal((await fetch(`${run.url}/api/shipping/rates?country=US&weight=1`)).status, 200);
    assert.equal(await run.ended(), 0);
  });

  test("it ends with its standard input, when it is told to", async () => {
    const run = await start(await freePort(), { EXIT_WITH_STDIN: "true" });
    run.process.stdin!.end();
    assert.equal(await run.ended(), 0);
  });

  test("outside development it does not start without the sidecar's token", async () => {
    const run = await start(await freePort(), { ASPNETCORE_ENVIRONMENT: "Production" });
    assert.equal(await run.ended(), 1);
    assert.match(run.output(), /APP_API_TOKEN is required outside development/);
  });

  test("logs are one JSON object a line, with the trace, and without what a request carries", async () => {
    const run = await start(await freePort(), { Logging__Level: "Debug" });
    const trace = "0af7651916cd43dd8448eb211c80319c";
    await fetch(`${run.url}/api/shipping/rates?country=US&weight=secret`, { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } });
    run.process.kill("SIGTERM");
    await run.ended();
    const lines = run.output().trim().split("\n").map((line) => JSON.parse(line) as Record<string, string>);
    const line = lines.find((entry) => entry["@tr"] === trace)!;
    assert.match(line["@m"]!, /^GET \/api\/shipping\/rates 400 in [0-9.]+ ms$/);
    assert.deepEqual([line["@l"], line["Service"]], ["Debug", "shipping"]);
    assert.ok(!run.output().includes("secret"));
  });

  test("traces go where they are asked for", async () => {
    const bodies: string[] = [];
    const collector = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
      request.on("end", () => {
        bodies.push(`${request.url} ${body}`);
        response.end();
      });
    }).listen(0, "127.0.0.1");
    await once(collector, "listening");
    const { port } = collector.address() as AddressInfo;
    try {
      const run = await start(await freePort(), {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
      });
      const problem = (await (await fetch(`${run.url}/api/nothing`)).json()) as { traceId: string };
      assert.match(problem.traceId, /^[0-9a-f]{32}$/);
      run.process.kill("SIGTERM");
      assert.equal(await run.ended(), 0);
      const traces = bodies.filter((body) => body.startsWith("/v1/traces"));
      assert.ok(traces.some((body) => body.includes(Buffer.from(problem.traceId, "hex").toString("latin1"))), "The trace did not arrive.");
      assert.ok(traces.some((body) => body.includes("shipping")));
    } finally {
      collector.closeAllConnections();
      collector.close();
    }
  });
});

test("a collector that is away keeps nobody from ending well", async () => {
  for (const protocol of ["http/protobuf", "grpc"]) {
    const run = await start(await freePort(), { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    await fetch(`${run.url}/api/nothing`);
    run.process.kill("SIGTERM");
    assert.equal(await run.ended(), 0, run.output());
  }
});
