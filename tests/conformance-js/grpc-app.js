"use strict";

const assert = require("node:assert/strict");
const { setTimeout: delay } = require("node:timers/promises");
const { HttpMethod } = require("@dapr/dapr");
const { eventually, fresh, server } = require("./cases");
const { grpc, grpcOfGrpcApp, heardBy, http } = require("./world");

const heard = (by, holds, count = 1) => eventually(() => heardBy(by, holds).length >= count, `${count} of ${by}`);

server("gRPC app: invocation over HTTP reaches it", async () => {
  const answer = await http.invoker.invoke("js-grpc", "echo", HttpMethod.POST, { n: 1 });
  assert.deepEqual([answer.method, JSON.parse(answer.body)], ["post", { n: 1 }]);
});

server("gRPC app: invocation over gRPC reaches it", async () => {
  const answer = await grpc.invoker.invoke("js-grpc", "echo", HttpMethod.GET);
  assert.equal(answer.method, "get");
});

server("gRPC app: events reach it", async () => {
  const mark = fresh();
  await grpcOfGrpcApp.pubsub.publish("pubsub", "js-grpc-notes", { mark });
  await heard("grpc notes", (note) => note.mark === mark);
});

server("gRPC app: RETRY brings the event again until it is taken", async () => {
  const mark = fresh();
  await grpcOfGrpcApp.pubsub.publish("pubsub", "js-grpc-retried", { mark });
  await heard("grpc retried", (note) => note.mark === mark, 3);
});

server("gRPC app: DROP ends it", async () => {
  const mark = fresh();
  await grpcOfGrpcApp.pubsub.publish("pubsub", "js-grpc-dropped", { mark });
  await heard("grpc dropped", (note) => note.mark === mark);
  await delay(300);
  assert.equal(heardBy("grpc dropped", (note) => note.mark === mark).length, 1);
});

server("gRPC app: many come in one delivery", async () => {
  const mark = fresh();
  await grpcOfGrpcApp.pubsub.publishBulk("pubsub", "js-grpc-many", [1, 2, 3].map((n) => ({ mark, n })));
  await heard("grpc many", (note) => note.mark === mark, 3);
});

server("gRPC app: input bindings reach it", async () => {
  await heard("grpc tick", () => true);
});
