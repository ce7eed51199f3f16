"use strict";

const assert = require("node:assert/strict");
const { ActorId, ActorProxyBuilder } = require("@dapr/dapr");
const { both, eventually, fresh, http, refusal, server, silence } = require("./cases");
const world = require("./world");

const actor = (dapr, id) => new ActorProxyBuilder(world.JsCounter, dapr).build(new ActorId(id));
const mine = (id = fresh()) => ({ id, counter: actor(world.http, id), heard: (what) => world.heardBy(`${what} of ${id}`) });

both("actors: a method answers", async (dapr) => {
  assert.equal(await actor(dapr, fresh()).get(), 0);
});

// The SDK's gRPC client does not say that its arguments are JSON, and its server does not take them for it.
http("actors: a method takes arguments", async (dapr) => {
  const counter = actor(dapr, fresh());
  assert.equal(await counter.add(2), 2);
  assert.equal(await counter.add(3, true), 8);
});

server("actors: state is stored at the end of a turn", async () => {
  const { id, counter } = mine();
  await counter.add(5);
  const stored = await fetch(`http://127.0.0.1:${process.env.JS_HTTP_PORT}/v1.0/actors/JsCounter/${id}/state/sum`);
  assert.equal(await stored.text(), "5");
});

server("actors: removed state is gone", async () => {
  const { id, counter } = mine();
  await counter.add(5);
  await counter.forget();
  const stored = await fetch(`http://127.0.0.1:${process.env.JS_HTTP_PORT}/v1.0/actors/JsCounter/${id}/state/sum`);
  assert.equal(stored.status, 204);
  assert.equal(await counter.get(), 0);
});

server("actors: two ids are two actors", async () => {
  const [one, other] = [mine(), mine()];
  await one.counter.add(1);
  assert.equal(await other.counter.get(), 0);
});

server("actors: an actor is activated once", async () => {
  const { id, counter } = mine();
  await counter.add(1);
  await counter.add(1);
  assert.equal(world.heardBy("activation", (activated) => activated === id).length, 1);
});

server("actors: turns do not overlap", async () => {
  const { counter } = mine();
  await Promise.all(Array.from({ length: 20 }, () => counter.add(1)));
  assert.equal(await counter.get(), 20);
});

server("actors: what a method throws is an error to the caller", async () => {
  assert.ok(await refusal(mine().counter.fail()));
});

server("actors: a method that is not there is an error to the caller", async () => {
  assert.ok(await refusal(mine().counter.nonsense()));
});

server("actors: an unknown type is an error", async () => {
  class Unknown {}
  assert.ok(await refusal(new ActorProxyBuilder(Unknown, world.http).build(new ActorId("1")).get()));
});

server("actors: a reminder comes, with its data, again and again, until it is taken back", async () => {
  const { counter, heard } = mine();
  await counter.remind("wake", 200, 500, "red");
  await eventually(() => heard("reminder").length >= 2, "two reminders");
  await counter.forgetReminder("wake");
  await silence(() => heard("reminder").length, 1200, "the reminders");
  assert.equal(heard("reminder")[0].data, "red");
});

server("actors: a timer comes, with its data, again and again, until it is stopped", async () => {
  const { counter, heard } = mine();
  await counter.time("tick", 100, 300, "blue");
  await eventually(() => heard("timer").length >= 2, "two ticks");
  await counter.stopTimer("tick");
  await silence(() => heard("timer").length, 800, "the timers");
  assert.equal(heard("timer")[0].data, "blue");
});

server("actors: the sidecar knows the type and counts the active", async () => {
  await mine().counter.add(1);
  const { actors } = await world.grpc.metadata.get();
  assert.ok(actors.find(({ type }) => type === "JsCounter").count >= 1);
});
