// The AI SDK (package `ai`) over chat and over responses: text, streams, tools, objects, vectors.
// Run by tests/clients/test_ai_sdk.py, which gives the address, the key and the model names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const { NEXHINA_BASE_URL: baseURL, NEXHINA_KEY: apiKey, CHAT, EMBEDDING } = process.env;
const openai = createOpenAI({ baseURL, apiKey });
const compatible = createOpenAICompatible({
  name: "nexhina", baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true,
});
const models = {
  "openai, responses": openai(CHAT),
  "openai, chat": openai.chat(CHAT),
  "openai-compatible": compatible(CHAT),
};
const Book = z.object({ title: z.string(), pages: z.number().int() });
const question = "What is the weather in Paris?";
const rest = { maxRetries: 0 };

for (const [name, model] of Object.entries(models)) {
  const arm = (seen) => ({
    get_weather: tool({
      description: "Tells the weather of a city",
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => {
        seen.push(city);
        return { city, sky: "cloudy" };
      },
    }),
  });

  test(`${name}: text and usage, whole and streamed alike`, async () => {
    const whole = await generateText({ model, prompt: "Name three rivers.", ...rest });
    assert.ok(whole.text);
    assert.equal(whole.finishReason, "stop");
    assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);
    const stream = streamText({ model, prompt: "Name three rivers.", ...rest });
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    assert.ok(pieces.length > 2);
    assert.equal(pieces.join(""), whole.text);
    assert.equal((await stream.usage).totalTokens, whole.usage.totalTokens);
  });

  test(`${name}: a tool is run and its result used`, async () => {
    const seen = [];
    const done = await generateText({
      model, prompt: question, tools: arm(seen), stopWhen: stepCountIs(4), ...rest,
    });
    assert.deepEqual(seen, ["Paris"]);
    assert.equal(done.steps.length, 2);
    assert.match(done.text, /cloudy/);
  });

  test(`${name}: a streamed tool call comes together`, async () => {
    const seen = [];
    const stream = streamText({
      model, prompt: question, tools: arm(seen), stopWhen: stepCountIs(4), ...rest,
    });
    const kinds = [];
    for await (const part of stream.fullStream) kinds.push(part.type);
    assert.deepEqual(seen, ["Paris"]);
    assert.ok(kinds.includes("tool-input-delta") && kinds.includes("tool-result"), kinds.join());
    assert.ok(!kinds.includes("error"));
    assert.match(await stream.text, /cloudy/);
  });

  test(`${name}: an object that fits its schema`, async () => {
    const { output } = await generateText({
      model, prompt: "Invent a book.", output: Output.object({ schema: Book }), ...rest,
    });
    assert.deepEqual(Book.parse(output), output);
  });
}

for (const model of [openai.embedding(EMBEDDING), compatible.embeddingModel(EMBEDDING)]) {
  test(`${model.provider}: texts become vectors`, async () => {
    const { embeddings, usage } = await embedMany({
      model, values: ["the sea is blue", "天空是蓝色的"], ...rest,
    });
    assert.deepEqual(embeddings.map((vector) => vector.length), [1536, 1536]);
    assert.ok(usage.tokens > 0);
  });
}
