"use strict";

const assert = require("node:assert/strict");
const { setTimeout: delay } = require("node:timers/promises");
const { both, eventually, fresh, refusal, server } = require("./cases");
const { grpc, heardBy, http } = require("./world");

const heard = (by, holds, count = 1) => eventually(
  () => {
    const found = heardBy(by, holds);
    return found.length >= count && found;
  },
  () => `${count} of ${by}, which heard ${JSON.stringify(heardBy(by).map(({ data }) => data))}`,
);

both("publish: an object reaches the subscriber", async (dapr) => {
  const mark = fresh();
  assert.equal(await refusal(dapr.pubsub.publish("pubsub", "js-notes", { mark, list: [1, 2] })), undefined);
  const [{ data }] = await heard("notes", (note) => note.mark === mark);
  assert.deepEqual(data, { mark, list: [1, 2] });
});

both("publish: text reaches the subscriber", async (dapr) => {
  const mark = fresh();
  await dapr.pubsub.publish("pubsub", "js-notes", mark);
  await heard("notes", (note) => note === mark);
});

both("publish: a CloudEvent of one's own is not wrapped again", async (dapr) => {
  const mark = fresh();
  await dapr.pubsub.publish("pubsub", "js-notes", {
    specversion: "1.0", id: mark, source: "suite", type: "note", datacontenttype: "application/json", data: { mark },
  });
  const [{ data }] = await heard("notes", (note) => note.mark === mark);
  assert.deepEqual(data, { mark });
});

both("publish: metadata sets the event's type, by which it is routed", async (dapr) => {
  const mark = fresh();
  await dapr.pubsub.publish("pubsub", "js-routed", { mark }, { metadata: { "cloudevent.type": "special" } });
  await dapr.pubsub.publish("pubsub", "js-routed", { mark }, { metadata: { "cloudevent.type": "other" } });
  await heard("special", (note) => note.mark === mark);
  await heard("ordinary", (note) => note.mark === mark);
  assert.equal(heardBy("special", (note) => note.mark === mark).length, 1);
});

both("publish: many go in one call", async (dapr) => {
  const mark = fresh();
  const { failedMessages } = await dapr.pubsub.publishBulk("pubsub", "js-notes", [1, 2, 3].map((n) => ({ mark, n })));
  assert.deepEqual(failedMessages, []);
  const found = await heard("notes", (note) => note.mark === mark, 3);
  assert.deepEqual(found.map(({ data }) => data.n).sort(), [1, 2, 3]);
});

both("publish: many of one's own ids and content types go in one call", async (dapr) => {
  const mark = fresh();
  const { failedMessages } = await dapr.pubsub.publishBulk("pubsub", "js-notes", [
    { entryID: "1", event: { mark }, contentType: "application/json" },
    { entryID: "2", event: `${mark}-text`, contentType: "text/plain" },
  ]);
  assert.deepEqual(failedMessages, []);
  await heard("notes", (note) => note.mark === mark);
  await heard("notes", (note) => note === `${mark}-text`);
});

both("publish: an unknown pubsub is an error", async (dapr) => {
  assert.ok(await refusal(dapr.pubsub.publish("nowhere", "js-notes", { n: 1 })));
});

both("publish: all of a bulk to an unknown pubsub have failed", async (dapr) => {
  assert.equal((await dapr.pubsub.publishBulk("nowhere", "js-notes", [{ n: 1 }, { n: 2 }])).failedMessages.length, 2);
});

server("subscribe: RETRY brings the event again until it is taken", async () => {
  const mark = fresh();
  await http.pubsub.publish("pubsub", "js-retried", { mark });
  await heard("retried", (note) => note.mark === mark, 3);
  await delay(200);
  assert.equal(heardBy("retried", (note) => note.mark === mark).length, 3);
});

server("subscribe: DROP ends it", async () => {
  const mark = fresh();
  await http.pubsub.publish("pubsub", "js-dropped", { mark });
  await heard("dropped", (note) => note.mark === mark);
  await delay(300);
  assert.equal(heardBy("dropped", (note) => note.mark === mark).length, 1);
});

server("subscribe: what is never taken ends as a dead letter", async () => {
  const mark = fresh();
  await http.pubsub.publish("pubsub", "js-doomed", { mark });
  await heard("dead", (note) => note.mark === mark);
  assert.equal(heardBy("doomed", (note) => note.mark === mark).length, 4);
});

server("subscribe: many come in one delivery", async () => {
  const mark = fresh();
  await grpc.pubsub.publishBulk("pubsub", "js-many", [1, 2, 3, 4].map((n) => ({ mark, n })));
  const found = await heard("many", (note) => note.mark === mark, 4);
  assert.deepEqual(found.map(({ data }) => data.n).sort(), [1, 2, 3, 4]);
});

server("subscribe: raw events come as they were published", async () => {
  const mark = fresh();
  await http.pubsub.publish("pubsub", "js-raw", { mark }, { metadata: { rawPayload: "true" } });
  const [{ data }] = await heard("raw", (note) => note.mark === mark);
  assert.deepEqual(data, { mark });
});
