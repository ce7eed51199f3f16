"use strict";

const assert = require("node:assert/strict");
const { StateConcurrencyEnum, StateConsistencyEnum } = require("@dapr/dapr");
const { both, eventually, fresh, refusal } = require("./cases");

const store = "store";
const firstWrite = { concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE, consistency: StateConsistencyEnum.CONSISTENCY_STRONG };

const versionOf = async (dapr, key) => (await dapr.state.getBulk(store, [key]))[0].etag;

both("state: a key that is not there is empty", async (dapr) => {
  assert.equal(await dapr.state.get(store, fresh()), "");
});

both("state: an object comes back as it was saved", async (dapr) => {
  const key = fresh();
  const value = { name: "Änn", age: 7, tags: ["a", null, { b: true }] };
  assert.equal(await refusal(dapr.state.save(store, [{ key, value }])), undefined);
  assert.deepEqual(await dapr.state.get(store, key), value);
});

both("state: text comes back as text", async (dapr) => {
  const key = fresh();
  await dapr.state.save(store, [{ key, value: "plain words" }]);
  assert.equal(await dapr.state.get(store, key), "plain words");
});

both("state: numbers and lists come back", async (dapr) => {
  const [number, list] = [fresh(), fresh()];
  await dapr.state.save(store, [{ key: number, value: 42 }, { key: list, value: [1, 2] }]);
  assert.equal(await dapr.state.get(store, number), 42);
  assert.deepEqual(await dapr.state.get(store, list), [1, 2]);
});

both("state: a key may have blanks", async (dapr) => {
  const key = `${fresh()} a b`;
  await dapr.state.save(store, [{ key, value: { ok: true } }]);
  const [item] = await dapr.state.getBulk(store, [key]);
  assert.deepEqual(item.data, { ok: true });
});

both("state: several come in bulk, with their versions", async (dapr) => {
  const [one, other, none] = [fresh(), fresh(), fresh()];
  await dapr.state.save(store, [{ key: one, value: { n: 1 } }, { key: other, value: { n: 2 } }]);
  const items = new Map((await dapr.state.getBulk(store, [one, other, none], { parallelism: 2 })).map((item) => [item.key, item]));
  assert.deepEqual([items.get(one).data, items.get(other).data], [{ n: 1 }, { n: 2 }]);
  assert.ok(items.get(one).etag.length > 0);
  assert.ok(!items.get(none).data);
});

both("state: what is deleted is gone", async (dapr) => {
  const key = fresh();
  await dapr.state.save(store, [{ key, value: { n: 1 } }]);
  assert.equal(await refusal(dapr.state.delete(store, key)), undefined);
  assert.equal(await dapr.state.get(store, key), "");
});

both("state: the version that was read may be written over", async (dapr) => {
  const key = fresh();
  await dapr.state.save(store, [{ key, value: { n: 1 } }]);
  assert.equal(await refusal(dapr.state.save(store, [{ key, value: { n: 2 }, etag: await versionOf(dapr, key), options: firstWrite }])), undefined);
  assert.deepEqual(await dapr.state.get(store, key), { n: 2 });
});

both("state: a stale version is refused", async (dapr) => {
  const key = fresh();
  await dapr.state.save(store, [{ key, value: { n: 1 } }]);
  const stale = await versionOf(dapr, key);
  await dapr.state.save(store, [{ key, value: { n: 2 } }]);
  assert.ok(await refusal(dapr.state.save(store, [{ key, value: { n: 3 }, etag: stale, options: firstWrite }])));
  assert.deepEqual(await dapr.state.get(store, key), { n: 2 });
});

both("state: a first write does not overwrite", async (dapr) => {
  const key = fresh();
  assert.equal(await refusal(dapr.state.save(store, [{ key, value: { n: 1 }, options: firstWrite }])), undefined);
  assert.ok(await refusal(dapr.state.save(store, [{ key, value: { n: 2 }, options: firstWrite }])));
  assert.deepEqual(await dapr.state.get(store, key), { n: 1 });
});

both("state: a stale version is not deleted", async (dapr) => {
  const key = fresh();
  await dapr.state.save(store, [{ key, value: { n: 1 } }]);
  const stale = await versionOf(dapr, key);
  await dapr.state.save(store, [{ key, value: { n: 2 } }]);
  assert.ok(await refusal(dapr.state.delete(store, key, { ...firstWrite, etag: stale })));
  assert.deepEqual(await dapr.state.get(store, key), { n: 2 });
});

both("state: a transaction does all of it", async (dapr) => {
  const [saved, deleted] = [fresh(), fresh()];
  await dapr.state.save(store, [{ key: deleted, value: { n: 1 } }]);
  await dapr.state.transaction(store, [
    { operation: "upsert", request: { key: saved, value: "words" } },
    { operation: "delete", request: { key: deleted } },
  ]);
  assert.equal(await dapr.state.get(store, saved), "words");
  assert.equal(await dapr.state.get(store, deleted), "");
});

both("state: a transaction with a stale version does nothing of it", async (dapr) => {
  const [fine, contended] = [fresh(), fresh()];
  await dapr.state.save(store, [{ key: contended, value: "1" }]);
  const stale = await versionOf(dapr, contended);
  await dapr.state.save(store, [{ key: contended, value: "2" }]);
  const refused = await refusal(dapr.state.transaction(store, [
    { operation: "upsert", request: { key: fine, value: "1" } },
    { operation: "upsert", request: { key: contended, value: "3", etag: stale, options: firstWrite } },
  ]));
  assert.ok(refused);
  assert.equal(await dapr.state.get(store, fine), "");
});

both("state: what has a time to live goes", async (dapr) => {
  const key = fresh();
  await dapr.state.save(store, [{ key, value: { n: 1 } }], { metadata: { ttlInSeconds: "1" } });
  assert.deepEqual(await dapr.state.get(store, key), { n: 1 });
  await eventually(async () => (await dapr.state.get(store, key)) === "", "the end of the time to live");
});

both("state: an unknown store is an error", async (dapr) => {
  assert.match(String(await refusal(dapr.state.get("nowhere", "key"))), /nowhere/);
});

both("state: a store that cannot be queried says so", async (dapr) => {
  assert.ok(await refusal(dapr.state.query(store, { filter: {}, sort: [], page: { limit: 1 } })));
});
