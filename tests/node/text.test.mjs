// The official OpenAI SDK for Node.js on responses, completions, moderations, and its helpers: streams
// put together, answers parsed with zod, tools run. Run by tests/contract/test_sdk_node.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import {
  zodFunction,
  zodResponseFormat,
  zodResponsesFunction,
  zodTextFormat,
} from "openai/helpers/zod";
import { z } from "zod";

const { NEXHINA_BASE_URL, NEXHINA_KEY, CHAT, MODERATION, PLACE } = process.env;
const client = new OpenAI({
  baseURL: NEXHINA_BASE_URL, apiKey: NEXHINA_KEY, maxRetries: 0, timeout: 30_000,
});
const Book = z.object({ title: z.string(), pages: z.number().int(), tags: z.array(z.string()) });
const Weather = z.object({ city: z.string() });
const description = "Tells the weather of a city";
const question = "What is the weather in Paris?";
const messages = [{ role: "user", content: question }];
const respond = (more = {}) =>
  client.responses.create({ model: CHAT, input: "Name three rivers.", ...more });

// --- responses ------------------------------------------------------------------------------------

test("a response has text and usage that adds up", async () => {
  const made = await respond({ instructions: "Answer in one sentence." });
  assert.equal(made.status, "completed");
  assert.equal(made.model, CHAT);
  assert.ok(made.output_text);
  const { input_tokens, output_tokens, total_tokens } = made.usage;
  assert.ok(input_tokens > 0 && output_tokens > 0);
  assert.equal(total_tokens, input_tokens + output_tokens);
});

test("a streamed response says the same in numbered events", async () => {
  const whole = await respond();
  const events = [];
  for await (const event of await respond({ stream: true })) events.push(event);
  events.forEach((event, i) => assert.equal(event.sequence_number, i));
  assert.equal(events[0].type, "response.created");
  assert.equal(events.at(-1).type, "response.completed");
  const deltas = events.filter((event) => event.type === "response.output_text.delta");
  assert.ok(deltas.length > 1);
  assert.equal(deltas.map((event) => event.delta).join(""), whole.output_text);
});

test("the response stream helper tells its listeners and puts the answer together", async () => {
  const heard = [];
  const stream = client.responses
    .stream({ model: CHAT, input: "Name three rivers." })
    .on("response.output_text.delta", (event) => heard.push(event.delta));
  const final = await stream.finalResponse();
  assert.equal(final.status, "completed");
  assert.equal(heard.join(""), final.output_text);
});

test("a response is parsed with zod, whole and streamed", async () => {
  const asked = {
    model: CHAT, input: "Invent a book.", text: { format: zodTextFormat(Book, "book") },
  };
  const whole = await client.responses.parse(asked);
  assert.deepEqual(Book.parse(whole.output_parsed), whole.output_parsed);
  const streamed = await client.responses.stream(asked).finalResponse();
  assert.deepEqual(streamed.output_parsed, whole.output_parsed);
});

test("a response calls a zod tool and uses its result", async () => {
  const tools = [zodResponsesFunction({ name: "get_weather", description, parameters: Weather })];
  const first = await client.responses.parse({ model: CHAT, input: question, tools });
  const call = first.output.find((item) => item.type === "function_call");
  assert.equal(call.name, "get_weather");
  assert.deepEqual(call.parsed_arguments, { city: "Paris" });
  const result = { type: "function_call_output", call_id: call.call_id, output: '{"sky":"cloudy"}' };
  const chained = await respond({ previous_response_id: first.id, input: [result], tools });
  assert.equal(chained.previous_response_id, first.id);
  assert.match(chained.output_text, /cloudy/);
  const { parsed_arguments: _, ...sent } = call;
  const input = [{ role: "user", content: question }, sent, result];
  assert.match((await respond({ input, tools, store: false })).output_text, /cloudy/);
});

test("a streamed response brings a tool call in pieces", async () => {
  const tools = [zodResponsesFunction({ name: "get_weather", description, parameters: Weather })];
  const pieces = [];
  const stream = client.responses
    .stream({ model: CHAT, input: question, tools })
    .on("response.function_call_arguments.delta", (event) => pieces.push(event.delta));
  const final = await stream.finalResponse();
  const call = final.output.find((item) => item.type === "function_call");
  assert.equal(pieces.join(""), call.arguments);
  assert.deepEqual(call.parsed_arguments, { city: "Paris" });
});

test("a response can be read again, with its input, and deleted", async () => {
  const made = await respond({ input: "Remember the number 41." });
  assert.equal((await client.responses.retrieve(made.id)).output_text, made.output_text);
  const items = [];
  for await (const item of client.responses.inputItems.list(made.id)) items.push(item);
  assert.equal(items.length, 1);
  assert.equal(items[0].type, "message");
  await client.responses.delete(made.id);
  await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
  const unstored = await respond({ store: false });
  await assert.rejects(client.responses.retrieve(unstored.id), OpenAI.NotFoundError);
});

test("a stored response is streamed again, from its start or from later on", async () => {
  const made = await respond();
  const events = [];
  for await (const event of await client.responses.retrieve(made.id, { stream: true })) {
    events.push(event);
  }
  events.forEach((event, i) => assert.equal(event.sequence_number, i));
  const later = [];
  const rest = { stream: true, starting_after: 2 };
  for await (const event of await client.responses.retrieve(made.id, rest)) later.push(event);
  assert.deepEqual(later, events.slice(3));
  const again = await client.responses.stream({ response_id: made.id }).finalResponse();
  assert.equal(again.output_text, made.output_text);
});

test("input items are paged to their end", async () => {
  const texts = [0, 1, 2, 3, 4].map((number) => `Number ${number}.`);
  const made = await respond({ input: texts.map((content) => ({ role: "user", content })) });
  const items = [];
  const pages = client.responses.inputItems.list(made.id, { limit: 2, order: "asc" });
  for await (const item of pages) items.push(item.content[0].text);
  assert.deepEqual(items, texts);
});

test("input tokens are counted, and a conversation is made shorter", async () => {
  const counted = await client.responses.inputTokens.count({ model: CHAT, input: question });
  assert.equal(counted.object, "response.input_tokens");
  assert.ok(counted.input_tokens > 0);
  const shorter = await client.responses.compact({ model: CHAT, input: question });
  assert.equal(shorter.output[0].type, "compaction");
});

test("a finished response cannot be cancelled, and an unknown one is not found", async () => {
  const made = await respond();
  await assert.rejects(client.responses.cancel(made.id), OpenAI.BadRequestError);
  await assert.rejects(respond({ previous_response_id: "resp_none" }), OpenAI.NotFoundError);
});

test("a response that was cut is incomplete", async () => {
  const made = await respond({ input: "Tell me a long story.", max_output_tokens: 16 });
  assert.equal(made.status, "incomplete");
  assert.equal(made.incomplete_details.reason, "max_output_tokens");
});

// --- chat helpers ---------------------------------------------------------------------------------

test("a chat is parsed with zod, whole and streamed", async () => {
  const asked = {
    model: CHAT,
    messages: [{ role: "user", content: "Invent a book." }],
    response_format: zodResponseFormat(Book, "book"),
  };
  const whole = await client.chat.completions.parse(asked);
  const { parsed } = whole.choices[0].message;
  assert.deepEqual(Book.parse(parsed), parsed);
  const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
  assert.deepEqual(streamed.choices[0].message.parsed, parsed);
});

test("the chat stream helper tells its listeners of text", async () => {
  const heard = [];
  const stream = client.chat.completions
    .stream({ model: CHAT, messages, stream_options: { include_usage: true } })
    .on("content", (delta) => heard.push(delta));
  const text = await stream.finalContent();
  assert.ok(heard.length > 2);
  assert.equal(heard.join(""), text);
  assert.ok((await stream.totalUsage()).total_tokens > 0);
});

for (const stream of [false, true]) {
  test(`runTools runs a zod function and answers with its result${stream ? ", streamed" : ""}`, async () => {
    const seen = [];
    const tool = zodFunction({
      name: "get_weather",
      description,
      parameters: Weather,
      function: ({ city }) => {
        seen.push(city);
        return { city, sky: "cloudy" };
      },
    });
    const runner = client.chat.completions.runTools({ model: CHAT, messages, tools: [tool], stream });
    assert.match(await runner.finalContent(), /cloudy/);
    assert.deepEqual(seen, ["Paris"]);
  });
}

// --- completions, moderations ---------------------------------------------------------------------

test("completions answer whole and streamed alike", async () => {
  const asked = { model: CHAT, prompt: "Once upon a time", max_tokens: 40, seed: 3 };
  const whole = await client.completions.create(asked);
  assert.ok(whole.usage.completion_tokens > 0);
  const pieces = [];
  for await (const piece of await client.completions.create({ ...asked, stream: true })) {
    if (piece.choices.length) pieces.push(piece.choices[0].text);
  }
  assert.ok(pieces.length > 1);
  assert.equal(pieces.join(""), whole.choices[0].text);
});

test("a moderation flags a threat and passes a greeting", async () => {
  const { results } = await client.moderations.create({
    model: MODERATION, input: ["I will kill you tonight.", "Good morning, how are you?"],
  });
  assert.deepEqual(results.map((one) => one.flagged), [true, false]);
  assert.ok(results[0].categories.violence);
  assert.ok(results[0].category_scores.violence > results[1].category_scores.violence);
});

test("responses are passed on where the upstream speaks them", async () => {
  const { response } = await respond().withResponse();
  const lane = response.headers.get("x-nexhina-lane");
  assert.equal(["verbatim", "splice"].includes(lane), PLACE === "native", lane);
});

// --- the list -------------------------------------------------------------------------------------

test("each method of the SDK is called in these files or has a reason", () => {
  const called = [
    "responses.cancel", "responses.create", "responses.delete", "responses.parse",
    "responses.retrieve", "responses.stream", "responses.inputItems.list",
    "responses.inputTokens.count", "chat.completions.create", "chat.completions.parse",
    "chat.completions.runTools", "chat.completions.stream", "completions.create",
    "embeddings.create", "images.generate", "models.list", "models.retrieve", "moderations.create",
    "responses.compact", "images.createVariation", "images.edit", "audio.speech.create",
    "audio.transcriptions.create", "audio.translations.create", "videos.create", "videos.delete",
    "videos.downloadContent", "videos.list", "videos.remix", "videos.retrieve",
  ];
  const reasons = {
    "chat.completions.delete": "chats are not stored",
    "chat.completions.list": "chats are not stored",
    "chat.completions.retrieve": "chats are not stored",
    "chat.completions.update": "chats are not stored",
    "chat.completions.messages.list": "chats are not stored",
    "videos.createCharacter": "characters are not kept",
    "videos.getCharacter": "characters are not kept",
    "videos.edit": "films are made anew by a remix",
    "videos.extend": "films are made anew by a remix",
    "models.delete": "models are the operator's, not the caller's",
  };
  const resources = [
    "responses", "responses.inputItems", "responses.inputTokens", "chat.completions",
    "chat.completions.messages", "completions", "embeddings", "images", "models", "moderations",
    "audio.speech", "audio.transcriptions", "audio.translations", "videos",
  ];
  const there = resources.flatMap((path) => {
    const resource = path.split(".").reduce((part, name) => part[name], client);
    return Object.getOwnPropertyNames(Object.getPrototypeOf(resource))
      .filter((name) => name !== "constructor" && !name.startsWith("_"))
      .map((name) => `${path}.${name}`);
  });
  assert.deepEqual(there.sort(), [...called, ...Object.keys(reasons)].sort());
});
