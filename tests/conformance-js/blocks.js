"use strict";

const assert = require("node:assert/strict");
const { LockStatus } = require("@dapr/dapr/types/lock/UnlockResponse");
const { both, eventually, fresh, grpc, refusal, server, silence } = require("./cases");
const { heardBy } = require("./world");

const withoutRedis = process.env.JS_REDIS ? false : "redis-server is not there, which daprd needs for this";
const skipped = (context) => withoutRedis && (context.skip(withoutRedis), true);

both("bindings: a call goes out, and its answer comes back", async (dapr) => {
  const mark = fresh();
  const answer = await dapr.binding.send("web", "post", { mark }, { path: `/${mark}` });
  const echo = answer.data === undefined ? answer : JSON.parse(Buffer.from(answer.data).toString());
  assert.equal(echo.method, "POST");
  assert.deepEqual(JSON.parse(echo.body), { mark });
});

both("bindings: an unknown one is an error", async (dapr) => {
  assert.match(String(await refusal(dapr.binding.send("nowhere", "post", {}))), /nowhere/);
});

server("bindings: input comes to the app", async () => {
  await eventually(() => heardBy("tick").length > 0, "a tick");
});

both("secrets: one is got", async (dapr) => {
  assert.deepEqual({ ...(await dapr.secret.get("files", "plain")) }, { plain: "42" });
});

both("secrets: a nested one has colons", async (dapr) => {
  assert.deepEqual({ ...(await dapr.secret.get("files", "cave:door")) }, { "cave:door": "open sesame" });
});

both("secrets: all are got", async (dapr) => {
  assert.deepEqual(Object.keys(await dapr.secret.getBulk("files")).sort(), ["cave:door", "plain"]);
});

both("secrets: an unknown store is an error", async (dapr) => {
  assert.match(String(await refusal(dapr.secret.get("nowhere", "plain"))), /nowhere/);
});

both("secrets: an unknown secret is an error", async (dapr) => {
  assert.ok(await refusal(dapr.secret.get("files", "nothing")));
});

both("locks: who comes second waits", async (dapr, context) => {
  if (skipped(context)) return;
  const resource = fresh();
  assert.equal((await dapr.lock.lock("locks", resource, "ann", 60)).success, true);
  assert.ok(!(await dapr.lock.lock("locks", resource, "bob", 60)).success);
});

both("locks: only the owner unlocks", async (dapr, context) => {
  if (skipped(context)) return;
  const resource = fresh();
  await dapr.lock.lock("locks", resource, "ann", 60);
  assert.equal((await dapr.lock.unlock("locks", resource, "bob")).status, LockStatus.LockBelongsToOthers);
  assert.equal((await dapr.lock.unlock("locks", resource, "ann")).status, LockStatus.Success);
  assert.equal((await dapr.lock.unlock("locks", resource, "ann")).status, LockStatus.LockDoesNotExist);
});

both("locks: one ends by itself", async (dapr, context) => {
  if (skipped(context)) return;
  const resource = fresh();
  await dapr.lock.lock("locks", resource, "ann", 1);
  await eventually(async () => (await dapr.lock.lock("locks", resource, "bob", 60)).success, "the end of the lock");
});

both("metadata: it says who it is and what it has", async (dapr) => {
  const { id, components } = await dapr.metadata.get();
  assert.equal(id, "js");
  const store = components.find(({ name }) => name === "store");
  assert.deepEqual([store.type, store.version], ["state.sqlite", "v1"]);
  assert.ok(store.capabilities.includes("TRANSACTIONAL"));
});

both("metadata: what is set is there", async (dapr) => {
  const key = fresh();
  assert.equal(await dapr.metadata.set(key, "value"), true);
  assert.equal((await dapr.metadata.get()).extended[key], "value");
});

both("health: it is well", async (dapr) => {
  assert.equal(await dapr.health.isHealthy(), true);
});

grpc("configuration: items are got by name", async (dapr, context) => {
  if (skipped(context)) return;
  const { items } = await dapr.configuration.get("config", ["js-colour", "js-nothing"]);
  assert.deepEqual([items["js-colour"].value, items["js-colour"].version], ["red", "3"]);
  assert.equal(items["js-nothing"], undefined);
});

grpc("configuration: without names all come", async (dapr, context) => {
  if (skipped(context)) return;
  assert.ok("js-colour" in (await dapr.configuration.get("config", [])).items);
});

grpc("configuration: changes come to who subscribed", async (dapr, context) => {
  if (skipped(context)) return;
  const seen = [];
  const stream = await dapr.configuration.subscribeWithKeys("config", ["js-changing"], async ({ items }) => {
    seen.push(items["js-changing"].value);
  });
  await eventually(() => new Set(seen).size >= 3, "three changes");
  await stream.stop();
  await silence(() => seen.length, 1500, "the changes");
});
