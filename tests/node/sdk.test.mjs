// The official OpenAI SDK for Node.js runs every operation against a started Nexhina.
// Run by tests/contract/test_sdk_node.py, which gives the address, the key and the model names.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const { NEXHINA_BASE_URL, NEXHINA_KEY, CHAT, EMBEDDING, IMAGE } = process.env;
const connect = (apiKey) =>
  new OpenAI({ baseURL: NEXHINA_BASE_URL, apiKey, maxRetries: 0, timeout: 30_000 });
const client = connect(NEXHINA_KEY);
const messages = [{ role: "user", content: "Why does the sea look blue?" }];
const say = (more = {}) => client.chat.completions.create({ model: CHAT, messages, seed: 7, ...more });
const textOf = (answer) => answer.choices[0].message.content;

test("a chat answers with text and usage that adds up", async () => {
  const answer = await say();
  assert.equal(answer.model, CHAT);
  assert.ok(textOf(answer));
  assert.equal(answer.choices[0].finish_reason, "stop");
  const { prompt_tokens, completion_tokens, total_tokens } = answer.usage;
  assert.ok(prompt_tokens > 0 && completion_tokens > 0);
  assert.equal(total_tokens, prompt_tokens + completion_tokens);
});

test("a stream says the same in several pieces and ends with its usage", async () => {
  const whole = await say();
  const pieces = [];
  let last;
  for await (const chunk of await say({ stream: true, stream_options: { include_usage: true } })) {
    if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
    last = chunk;
  }
  assert.ok(pieces.length > 2);
  assert.equal(pieces.join(""), textOf(whole));
  assert.deepEqual(last.choices, []);
  assert.deepEqual(last.usage, whole.usage);
});

test("the stream helper puts the answer together", async () => {
  const runner = client.chat.completions.stream({ model: CHAT, messages, seed: 7 });
  const final = await runner.finalChatCompletion();
  assert.equal(textOf(final), textOf(await say()));
});

test("a stream that is left early leaves the client usable", async () => {
  for await (const chunk of await say({ stream: true })) {
    assert.ok(chunk.id);
    break;
  }
  assert.ok(textOf(await say()));
});

test("max_tokens, stop, n and seed are honoured", async () => {
  const cut = await say({ max_tokens: 3 });
  assert.equal(cut.choices[0].finish_reason, "length");
  assert.equal(cut.usage.completion_tokens, 3);
  const text = textOf(await say());
  assert.equal(textOf(await say()), text);
  const word = text.split(/\s+/)[2];
  assert.equal(textOf(await say({ stop: [word] })), text.slice(0, text.indexOf(word)));
  assert.equal((await say({ n: 2 })).choices.length, 2);
});

test("request ids are echoed and headers readable", async () => {
  const { response, request_id } = await client.chat.completions
    .create({ model: CHAT, messages }, { headers: { "X-Request-Id": "node-1" } })
    .withResponse();
  assert.equal(request_id, "node-1");
  assert.ok(response.headers.get("x-nexhina-id"));
});

test("models are listed and described", async () => {
  const found = [];
  for await (const model of client.models.list()) found.push(model.id);
  for (const name of [CHAT, EMBEDDING, IMAGE]) assert.ok(found.includes(name), name);
  assert.equal((await client.models.retrieve(CHAT)).id, CHAT);
  await assert.rejects(client.models.retrieve("no-such-model"), OpenAI.NotFoundError);
});

test("vectors come packed by default and as numbers when asked", async () => {
  const input = ["the sea is blue", "天空是蓝色的"];
  const packed = await client.embeddings.create({ model: EMBEDDING, input });
  const plain = await client.embeddings.create({ model: EMBEDDING, input, encoding_format: "float" });
  assert.equal(packed.data.length, 2);
  packed.data.forEach((item, i) => {
    const other = plain.data[i].embedding;
    assert.equal(item.embedding.length, other.length);
    assert.ok(item.embedding.every((x, j) => Math.abs(x - other[j]) < 1e-6));
  });
  const short = await client.embeddings.create({ model: EMBEDDING, input: "short", dimensions: 64 });
  assert.equal(short.data[0].embedding.length, 64);
});

const pngSize = (bytes) => {
  assert.equal(bytes.subarray(1, 4).toString("latin1"), "PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
};

test("an image can be fetched from its link at the asked size", async () => {
  const answer = await client.images.generate({
    model: IMAGE, prompt: "A lighthouse", size: "1024x1024", response_format: "url",
  });
  const reply = await fetch(answer.data[0].url);
  assert.equal(reply.headers.get("content-type"), "image/png");
  assert.deepEqual(pngSize(Buffer.from(await reply.arrayBuffer())), [1024, 1024]);
});

test("images can come inside the answer", async () => {
  const answer = await client.images.generate({
    model: IMAGE, prompt: "A lighthouse", size: "256x256", response_format: "b64_json", n: 2,
  });
  const pictures = answer.data.map((item) => Buffer.from(item.b64_json, "base64"));
  assert.deepEqual(pictures.map(pngSize), [[256, 256], [256, 256]]);
  assert.ok(!pictures[0].equals(pictures[1]));
});

test("errors are the SDK's classes", async () => {
  const stranger = connect("sk-wrong");
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  await assert.rejects(say({ model: "no-such-model" }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    return true;
  });
  await assert.rejects(
    client.post("/chat/completions", { body: { model: CHAT } }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "messages",
  );
});
