// How a case is written. The .NET side reads the names off the sources: a case begins a line, and its name is a plain string.
"use strict";

const { test } = require("node:test");
const { setTimeout: delay } = require("node:timers/promises");
const world = require("./world");

const onDaprd = Boolean(process.env.DAPRD);

/** One case for each protocol that the SDK's client speaks. */
exports.both = (name, run) => {
  exports.http(name, run);
  exports.grpc(name, run);
};

exports.http = (name, run) => test(`${name} over HTTP`, (context) => run(world.http, context));

exports.grpc = (name, run) => test(`${name} over gRPC`, (context) => run(world.grpc, context));

/** One case of the SDK's server. */
exports.server = (name, run) => test(name, run);

exports.onDaprd = onDaprd;

/** A name that nobody else has. */
exports.fresh = () => `js-${Math.random().toString(36).slice(2)}`;

/**
 * Waits for an effect of something asynchronous; answers what `ask` does once that is truthy.
 * @param what What is waited for, or a function that tells.
 */
exports.eventually = async (ask, what, seconds = 60) => {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > limit) throw new Error(`Waited ${seconds} s for ${typeof what === "function" ? what() : what}.`);
    await delay(20);
  }
};

/** Waits until what is counted has not changed for so long; what was on its way may still come. */
exports.silence = (count, milliseconds, what) =>
  exports.eventually(async () => {
    const before = count();
    await delay(milliseconds);
    return count() === before;
  }, `${what} to end`);

/** What went wrong, however the SDK tells it: it throws, or answers an error; undefined when nothing did. */
exports.refusal = async (call) => {
  try {
    return (await call)?.error;
  } catch (error) {
    return error ?? new Error("It threw nothing.");
  }
};
